#include "formats/tile/srs.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace offgrid {
namespace {

constexpr std::size_t max_part = 32;

/// Consecutive codes of EPSG, both ends included. The tables are of EPSG v10.076: between two codes
/// of a range lie none of another kind.
struct Codes {
    int first = 0;
    int last = 0;
};

// clang-format would give each pair a line of its own.
// clang-format off
/// Latitude and longitude.
constexpr std::array<Codes, 117> geographic{{
    {3819,3824}, {3888,3889}, {3906,3906}, {4001,4025}, {4027,4036}, {4040,4047}, {4052,4055},
    {4074,4081}, {4120,4216}, {4218,4388}, {4463,4466}, {4469,4470}, {4472,4472}, {4475,4483},
    {4490,4490}, {4555,4558}, {4600,4646}, {4657,4765}, {4801,4811}, {4813,4821}, {4823,4824},
    {4883,5013}, {5132,5132}, {5228,5233}, {5245,5246}, {5251,5252}, {5263,5264}, {5323,5324},
    {5340,5342}, {5353,5354}, {5359,5360}, {5364,5365}, {5370,5381}, {5392,5393}, {5451,5451},
    {5464,5464}, {5467,5467}, {5488,5489}, {5524,5527}, {5545,5546}, {5560,5561}, {5592,5593},
    {5681,5681}, {5830,5830}, {5885,5886}, {6134,6135}, {6207,6207}, {6310,6311}, {6318,6325},
    {6364,6365}, {6667,6668}, {6705,6706}, {6782,6783}, {6881,6883}, {6892,6894}, {6979,6983},
    {6986,6990}, {7034,7042}, {7072,7073}, {7084,7088}, {7133,7139}, {7372,7373}, {7657,7686},
    {7797,7798}, {7816,7816}, {7843,7844}, {7880,7881}, {7885,7886}, {7900,7931}, {8042,8043},
    {8085,8086}, {8231,8255}, {8351,8351}, {8399,8431}, {8449,8449}, {8542,8545}, {8684,8685},
    {8694,8818}, {8860,8902}, {8906,8907}, {8916,8949}, {8972,9019}, {9053,9140}, {9147,9148},
    {9152,9153}, {9183,9184}, {9248,9248}, {9251,9251}, {9253,9253}, {9267,9267}, {9293,9294},
    {9299,9299}, {9308,9309}, {9332,9333}, {9364,9364}, {9372,9372}, {9379,9384}, {9403,9403},
    {9453,9453}, {9469,9470}, {9474,9475}, {9546,9547}, {9695,9696}, {9701,9702}, {9739,9739},
    {9754,9758}, {9763,9763}, {9776,9784}, {9866,9866}, {9871,9871}, {9893,9893}, {9939,9939},
    {9964,9964}, {9969,9969}, {9974,9974}, {9989,9990}, {20033,20041}
}};

/// Projected, northing first, called N or Y.
constexpr std::array<Codes, 47> northing_as_n_or_y{{
    {2036,2036}, {2085,2086}, {2105,2132}, {2193,2193}, {2200,2200}, {2218,2218}, {2221,2221},
    {2296,2307}, {2326,2326}, {2953,2953}, {3006,3018}, {3034,3035}, {3038,3051}, {3114,3118},
    {3126,3138}, {3144,3145}, {3173,3173}, {3366,3366}, {3388,3388}, {3407,3407}, {3414,3414},
    {3764,3764}, {3788,3793}, {3795,3796}, {3851,3852}, {3873,3885}, {4037,4038}, {4839,4880},
    {5048,5048}, {5105,5130}, {5367,5367}, {5479,5481}, {5518,5519}, {5588,5588}, {5632,5639},
    {5651,5653}, {6244,6275}, {6362,6362}, {6372,6372}, {6707,6709}, {6875,6876}, {8433,8433},
    {9039,9040}, {9221,9222}, {9377,9377}, {22240,22240}, {27205,27232}
}};

/// Projected, northing first, called X.
constexpr std::array<Codes, 80> northing_as_x{{
    {2044,2045}, {2081,2083}, {2091,2093}, {2096,2098}, {2166,2180}, {2199,2199}, {2206,2212},
    {2319,2325}, {2327,2549}, {2551,2735}, {2738,2758}, {2935,2941}, {3019,3030}, {3058,3059},
    {3068,3068}, {3120,3120}, {3139,3140}, {3146,3147}, {3150,3152}, {3300,3301}, {3328,3335},
    {3346,3346}, {3350,3352}, {3386,3387}, {3389,3390}, {3396,3399}, {3416,3416}, {3833,3850},
    {3854,3854}, {3907,3911}, {4026,4026}, {4417,4417}, {4434,4434}, {4491,4554}, {4568,4589},
    {4652,4656}, {4766,4800}, {4812,4812}, {4822,4822}, {5167,5188}, {5253,5259}, {5269,5275},
    {5343,5349}, {5520,5520}, {5562,5583}, {6381,6387}, {6669,6687}, {6870,6870}, {6962,6962},
    {7799,7801}, {7825,7831}, {8441,8441}, {9249,9250}, {9252,9252}, {9254,9254}, {9271,9285},
    {9498,9498}, {9821,9821}, {9831,9841}, {9851,9865}, {9895,9895}, {20004,20032}, {20064,20092},
    {20904,20932}, {21004,21032}, {21207,21264}, {21307,21483}, {21896,21899}, {22171,22197},
    {25884,25884}, {27391,27398}, {27492,27492}, {28402,28492}, {29701,29702}, {30161,30179},
    {30800,30800}, {31251,31259}, {31275,31290}, {31466,31469}, {31700,31700}
}};

// clang-format on

template <std::size_t count>
bool holds(const std::array<Codes, count>& ranges, int code) {
    const auto after = std::ranges::upper_bound(ranges, code, {}, &Codes::first);
    return after != ranges.begin() && code <= std::prev(after)->last;
}

std::optional<int> epsg_code(std::string_view srs) {
    constexpr std::string_view authority = "EPSG:";
    return srs.starts_with(authority) ? parse_number<int>(srs.substr(authority.size()))
                                      : std::nullopt;
}

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= max_part && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    });
}

/// `authority` and `code` as one text, where they are words.
std::optional<std::string> joined(std::string_view authority, std::string_view code) {
    if (!is_word(authority) || !is_word(code)) {
        return std::nullopt;
    }
    const bool is_crs84 = (authority == "OGC" && (code == "CRS84" || code == "84")) ||
                          (authority == "CRS" && code == "84");
    return is_crs84 ? "OGC:CRS84" : fmt::format("{}:{}", authority, code);
}

/// `AUTHORITY{separator}VERSION{separator}CODE`; the version may be empty and does not matter.
std::optional<std::string> versioned(std::string_view text, char separator) {
    const auto first = text.find(separator);
    if (first == std::string_view::npos) {
        return std::nullopt;
    }
    const auto second = text.find(separator, first + 1);
    return second == std::string_view::npos
               ? std::nullopt
               : joined(text.substr(0, first), text.substr(second + 1));
}

}  // namespace

std::optional<std::string> parse_srs(std::string_view text) {
    for (const std::string_view root :
         {"http://www.opengis.net/def/crs/", "https://www.opengis.net/def/crs/"}) {
        if (text.starts_with(root)) {
            return versioned(text.substr(root.size()), '/');
        }
    }
    for (const std::string_view root : {"urn:ogc:def:crs:", "urn:x-ogc:def:crs:"}) {
        if (text.starts_with(root)) {
            return versioned(text.substr(root.size()), ':');
        }
    }
    if (text.starts_with('[') && text.ends_with(']') && text.size() > 2) {
        text = text.substr(1, text.size() - 2);
    }
    const auto colon = text.find(':');
    return colon == std::string_view::npos ? std::nullopt
                                           : joined(text.substr(0, colon), text.substr(colon + 1));
}

std::string uri_of_srs(std::string_view srs) {
    if (srs == "OGC:CRS84") {
        return "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
    }
    const auto colon = std::min(srs.find(':'), srs.size());
    const auto authority = srs.substr(0, colon);
    const auto code = srs.substr(std::min(colon + 1, srs.size()));
    if (!is_word(authority) || !is_word(code)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("SRS '{}' is not AUTHORITY:CODE, such as EPSG:3857", srs)};
    }
    return fmt::format("http://www.opengis.net/def/crs/{}/0/{}", authority, code);
}

bool is_geographic(std::string_view srs) {
    const auto code = epsg_code(srs);
    return code ? holds(geographic, *code) : srs == "OGC:CRS84";
}

std::optional<NorthernAxis> northern_first_axis(std::string_view srs) {
    const auto code = epsg_code(srs);
    if (!code) {
        return std::nullopt;
    }
    if (holds(geographic, *code)) {
        return NorthernAxis::latitude;
    }
    if (holds(northing_as_n_or_y, *code)) {
        return NorthernAxis::n_or_y;
    }
    return holds(northing_as_x, *code) ? std::optional{NorthernAxis::x} : std::nullopt;
}

}  // namespace offgrid
