#include "serve/viewer.h"

#include <gmock/gmock.h>

#include <regex>
#include <string>

namespace offgrid {
namespace {

std::string text_at(std::string_view path) {
    const auto part = viewer_part(path);
    return part ? std::string{as_text(part->content())} : std::string{};
}

TEST(Viewer, is_a_page_with_its_parts_inside_the_program) {
    EXPECT_THAT(text_at("/"), testing::StartsWith("<!DOCTYPE html>"));
    EXPECT_THAT(text_at("/"), testing::EndsWith("</html>\n"));
    EXPECT_THAT(text_at("/ol.js"), testing::StartsWith("var ol="));
    EXPECT_EQ(viewer_part("/ol.js")->header("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(viewer_part("/../main.cpp"), std::nullopt);
}

TEST(Viewer, has_every_part_that_its_page_names) {
    const auto page = text_at("/");
    const std::regex reference{R"((?:src|href)="([^"]*)\")"};
    int references = 0;
    for (std::sregex_iterator found{page.begin(), page.end(), reference};
         found != std::sregex_iterator{}; ++found) {
        EXPECT_NE(viewer_part("/" + (*found)[1].str()), std::nullopt) << (*found)[1];
        ++references;
    }
    EXPECT_EQ(references, 5);
    EXPECT_NE(viewer_part("/favicon.ico"), std::nullopt);
}

TEST(Viewer, names_no_other_host) {
    for (const auto* path : {"/", "/viewer.js", "/viewer.css", "/ol.css"}) {
        auto text = text_at(path);
        text = std::regex_replace(text, std::regex{R"(http://www\.w3\.org/2000/svg)"},
                                  "");  // a name, not an address
        EXPECT_FALSE(std::regex_search(text, std::regex{R"(["'(]\s*(https?:)?//[a-zA-Z0-9])"}))
            << path;
    }
    EXPECT_THAT(std::string{viewer_part("/")->header("Content-Security-Policy")},
                testing::HasSubstr("default-src 'none'"));
}

}  // namespace
}  // namespace offgrid
