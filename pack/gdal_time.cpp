#include "pack/gdal_time.h"

#include "formats/base/parse_number.h"

#include <array>
#include <chrono>
#include <filesystem>
#include <limits>
#include <system_error>

namespace offgrid::gdal {
namespace {

struct Item {
    const char* domain;
    const char* name;
};

/// Metadata that say when a picture was taken, and then when its file was made.
constexpr std::array<Item, 13> items{{
    {"IMAGERY", "ACQUISITIONDATETIME"},  // what GDAL makes of the metadata of many vendors
    {"", "ACQUISITION_DATETIME"},
    {"", "ACQUISITION_DATE"},
    {"", "ACQUISITIONDATETIME"},
    {"", "DATATAKE_1_DATATAKE_SENSING_START"},  // Sentinel-2
    {"", "PRODUCT_START_TIME"},
    {"", "ACQUISITION_START_TIME"},  // Sentinel-1
    {"", "DATE_ACQUIRED"},           // Landsat
    {"", "SENSING_TIME"},
    {"", "NITF_IDATIM"},
    {"", "EXIF_DateTimeOriginal"},
    {"", "EXIF_DateTime"},
    {"", "TIFFTAG_DATETIME"},
}};

/// Reads numbers of a fixed width, with a separator before them or without.
class DigitReader {
public:
    explicit DigitReader(std::string_view text) : text_{text} {}

    std::optional<int> next(std::size_t digits, std::string_view separators) {
        if (!text_.empty() && separators.find(text_.front()) != std::string_view::npos) {
            text_.remove_prefix(1);
        }
        const auto part = text_.substr(0, digits);
        if (part.size() < digits || part.find_first_not_of("0123456789") != part.npos) {
            return std::nullopt;
        }
        text_.remove_prefix(digits);
        return parse_number<int>(part);
    }

private:
    std::string_view text_;
};

std::optional<std::int64_t> changed(const std::string& name) {
    std::error_code failure;
    const auto time = std::filesystem::last_write_time(name, failure);
    if (failure) {
        return std::nullopt;
    }
    const auto since_1970 = std::chrono::file_clock::to_sys(time).time_since_epoch();
    return std::chrono::floor<std::chrono::seconds>(since_1970).count();
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
    DigitReader digits{text};
    const auto year = digits.next(4, "");
    const auto month = digits.next(2, ":-/");
    const auto day = digits.next(2, ":-/");
    if (!year || !month || !day) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *year == 0) {
        return std::nullopt;
    }
    const int hours = digits.next(2, " T").value_or(0);
    const int minutes = digits.next(2, ":").value_or(0);
    const int seconds = digits.next(2, ":").value_or(0);
    const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
    return std::int64_t{days} * 86'400 + hours * 3600 + minutes * 60 + seconds;
}

std::int64_t time_of(GDALDataset& dataset, const std::string& name) {
    const Messages messages;
    for (const auto& [domain, item] : items) {
        if (const char* const text = dataset.GetMetadataItem(item, domain); text != nullptr) {
            if (const auto time = parse_time(text)) {
                return *time;
            }
        }
    }
    return changed(name).value_or(std::numeric_limits<std::int64_t>::min());
}

}  // namespace offgrid::gdal
