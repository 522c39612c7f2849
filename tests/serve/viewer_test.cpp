#include "serve/viewer.h"

#include "formats/base/gzip.h"

#include <gmock/gmock.h>

#include <array>
#include <cstddef>
#include <deque>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace offgrid {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string text_at(std::string_view path) {
    const auto part = web_part(path);
    return part ? std::string{as_text(part->plain())} : std::string{};
}

std::set<std::string> all_matches(const std::string& text, const std::string& pattern) {
    const std::regex expression{pattern};
    std::set<std::string> matches;
    for (std::sregex_iterator found{text.begin(), text.end(), expression};
         found != std::sregex_iterator{}; ++found) {
        matches.insert((*found)[1].str());
    }
    return matches;
}

/// Every file that a page loads or may load, followed from file to file; of what others answer only
/// the name.
std::set<std::string> parts_behind(const std::string& page) {
    std::set<std::string> known{page};
    for (std::deque<std::string> open{page}; !open.empty(); open.pop_front()) {
        const auto text = text_at(open.front());
        for (const auto& name : all_matches(
                 text, R"re((?:src=|href=|from|import|import\(|fetch\()"(?:\./)?([\w.-]+)")re")) {
            if (known.insert("/" + name).second) {
                open.push_back("/" + name);
            }
        }
    }
    return known;
}

TEST(Viewer, is_a_page_with_its_parts_inside_the_program) {
    const auto page = viewer_part("/");
    ASSERT_TRUE(page);
    EXPECT_THAT(std::string{as_text(page->content())}, StartsWith("<!DOCTYPE html>"));
    EXPECT_EQ(viewer_part("/viewer.js")->header("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(viewer_part("/../main.cpp"), std::nullopt);
    EXPECT_EQ(viewer_part("/index.html.gz"), std::nullopt);
}

TEST(Viewer, has_every_part_that_its_page_names) {
    auto parts = parts_behind("/index.html");
    parts.erase("/layers.json");  // the router's
    for (const auto& path : parts) {
        EXPECT_NE(viewer_part(path), std::nullopt) << path;
    }
    // Style and icon, the script and what it loads when that is needed.
    EXPECT_THAT(parts, testing::IsSupersetOf({"/viewer.css", "/icon.svg", "/viewer.js",
                                              "/epsg.json", "/licenses.txt"}));
    EXPECT_GE(parts.size(), 10U);
    EXPECT_NE(viewer_part("/favicon.ico"), std::nullopt);
}

TEST(Viewer, has_the_page_of_updates_for_the_administration_port_only) {
    for (const auto& path : parts_behind("/updates.html")) {
        EXPECT_NE(web_part(path), std::nullopt) << path;
    }
    EXPECT_EQ(viewer_part("/updates.html"), std::nullopt);
    EXPECT_EQ(viewer_part("/updates.js"), std::nullopt);
}

TEST(Viewer, names_no_other_host) {
    // Names of SVG and of reference systems: compared, never asked.
    const std::set<std::string> identifiers{"http://www.w3.org/2000/svg",
                                            "http://www.opengis.net/def/crs/EPSG/0/3857",
                                            "http://www.opengis.net/def/crs/EPSG/0/4326",
                                            "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                                            "http://www.opengis.net/gml/srs/epsg.xml#3857",
                                            "http://www.opengis.net/gml/srs/epsg.xml#4326"};
    auto parts = parts_behind("/index.html");
    parts.merge(parts_behind("/updates.html"));
    parts.erase("/licenses.txt");  // plain text, with the addresses of authors
    for (const auto& path : parts) {
        for (const auto& address :
             all_matches(text_at(path), R"(((?:[a-z]+:)?//[a-zA-Z0-9][^\s"'`)<>\\]*))")) {
            const bool is_pattern = address.starts_with("//i.test(");  // the end of an expression
            EXPECT_TRUE(is_pattern || identifiers.contains(address)) << path << ": " << address;
        }
    }
}

TEST(Viewer, lets_nothing_run_but_its_own_scripts_and_styles) {
    const auto policy = std::string{viewer_part("/")->header("Content-Security-Policy")};
    EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
    EXPECT_THAT(policy, HasSubstr("script-src 'self';"));
    EXPECT_THAT(policy, HasSubstr("style-src 'self';"));
    EXPECT_THAT(policy, testing::Not(HasSubstr("unsafe")));
}

TEST(Viewer, is_sent_compressed_to_who_takes_that) {
    const auto plain = viewer_part("/viewer.js");
    const auto compressed = viewer_part("/viewer.js", "deflate, gzip;q=0.8, br");

    EXPECT_EQ(plain->header("Content-Encoding"), "");
    EXPECT_EQ(compressed->header("Content-Encoding"), "gzip");
    EXPECT_EQ(compressed->header("Vary"), "Accept-Encoding");
    EXPECT_EQ(as_text(unzipped(compressed->content(), std::size_t{1} << 20).value()),
              as_text(plain->content()));
    EXPECT_LT(compressed->content().size(), plain->content().size() / 2);
}

TEST(Viewer, is_sent_as_gzip_to_clients_that_ask_for_it) {
    for (const auto* const header : {"gzip", "br, gzip", "gzip;q=0.5", "deflate , gzip ;q=1.0"}) {
        EXPECT_TRUE(asks_for_gzip(header)) << header;
    }
    for (const auto* const header :
         {"", "br", "gzip;q=0", "gzip; q=0.000", "identity", "gzipped", ",;,"}) {
        EXPECT_FALSE(asks_for_gzip(header)) << header;
    }
}

TEST(Viewer, is_small) {
    auto parts = parts_behind("/index.html");
    parts.merge(parts_behind("/updates.html"));
    std::size_t bytes = 0;
    for (const auto& path : parts) {
        const auto part = web_part(path);
        bytes += part ? part->gzip.size() : 0;
    }
    EXPECT_LT(bytes, std::size_t{512} << 10);
}

}  // namespace
}  // namespace offgrid
