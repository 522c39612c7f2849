#include "formats/store/template_files.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid {
namespace {

using test::TempFolder;
using test::throws;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct TemplateFilesTest : testing::Test {
    TemplateFiles files(const std::string& text, PathTemplateOptions options = {}) {
        return {PathTemplate{path(text), std::move(options)}, Grid::google_maps_compatible(),
                values};
    }

    std::string path(const std::string& name) const { return (folder / name).string(); }

    void there_is(const std::string& name) { write_file(folder / name, ""); }

    TempFolder folder;
    PathValues values{.tileset = "osm", .dimensions = {{"time", "2020/5"}, {"style", "dark"}}};
};

TEST_F(TemplateFilesTest, finds_the_files_that_the_template_makes_and_no_others) {
    for (const auto* name : {"3/8-0.db", "3/0-16.db", "3/0-16.db-journal", "3/5-0.txt", "x/0-0.db",
                             "3/deep/0-0.db", "top.db"}) {
        there_is(name);
    }
    EXPECT_THAT(files("{z}/{x}-{y}.db", {.xcount = 8, .ycount = 16}).list(),
                ElementsAre(path("3/0-16.db"), path("3/8-0.db")));
}

TEST_F(TemplateFilesTest, finds_only_those_whose_texts_are_the_slice) {
    for (const auto* name :
         {"osm/GoogleMapsCompatible/#dark#2020#5/4.db", "osm/WGS84/#dark#2020#5/4.db",
          "osm/GoogleMapsCompatible/#dark#1999#1/4.db",
          "sat/GoogleMapsCompatible/#dark#2020#5/4.db"}) {
        there_is(name);
    }
    EXPECT_THAT(files("{tileset}/{grid}/{dim}/{z}.db").list(),
                ElementsAre(path("osm/GoogleMapsCompatible/#dark#2020#5/4.db")));
}

TEST_F(TemplateFilesTest, follows_a_dimension_that_names_folders) {
    there_is("2020/5/4.db");
    there_is("2020/6/4.db");
    EXPECT_THAT(files("{dim:time}/{z}.db", {.dimension_text = DimensionText::paths}).list(),
                ElementsAre(path("2020/5/4.db")));
}

TEST_F(TemplateFilesTest, finds_files_behind_several_slashes_after_a_key) {
    there_is("3/7.db");
    const auto names = files("{z}//{x}.db", {.xcount = 1});
    EXPECT_THAT(names.list(), ElementsAre(path("3/7.db")));
    EXPECT_THAT(names.list({3, 7, 0, 8, 8}), ElementsAre(path("3/7.db")));
}

TEST_F(TemplateFilesTest, takes_a_key_without_a_value_as_mapcache_writes_it) {
    values.dimensions.clear();
    there_is("{dim}/4.db");
    there_is("other/4.db");
    EXPECT_THAT(files("{dim}/{z}.db").list(), ElementsAre(path("{dim}/4.db")));
}

TEST_F(TemplateFilesTest, finds_one_file_where_the_name_has_no_keys) {
    EXPECT_THAT(files("a.db").list(), IsEmpty());
    there_is("a.db");
    there_is("b.db");
    EXPECT_THAT(files("a.db").list(), ElementsAre(path("a.db")));
}

TEST_F(TemplateFilesTest, lists_those_that_cover_a_tile_of_a_range) {
    for (const auto* name : {"1-0-0.db", "1-1-1.db", "7-9-9.db"}) {
        there_is(name);
    }
    const auto tops = files("{top}-{top_x}-{top_y}.db", {.top = 1});
    EXPECT_THAT(tops.list({3, 0, 4, 1, 8}), ElementsAre(path("1-0-0.db"))) << "the south-west";
    EXPECT_THAT(tops.list({3, 3, 3, 5, 5}), ElementsAre(path("1-0-0.db"), path("1-1-1.db")));
    EXPECT_THAT(tops.list({3, 4, 4, 4, 4}), IsEmpty());
}

TEST_F(TemplateFilesTest, numbers_that_no_tile_has_cover_nothing) {
    for (const auto* name : {"9223372036854775807-0.db", "0-4294967297.db", "0-0.db"}) {
        there_is(name);
    }
    const auto blocks = files("{div_x}-{div_y}.db", {.xcount = 2147483647, .ycount = 2147483647});
    EXPECT_THAT(blocks.list({3, 0, 0, 8, 8}), ElementsAre(path("0-0.db")));
}

TEST_F(TemplateFilesTest, a_quadkey_has_only_its_digits) {
    there_is("0123.db");
    there_is("0124.db");
    EXPECT_THAT(files("{quadkey}.db").list(), ElementsAre(path("0123.db")));
}

TEST_F(TemplateFilesTest, a_folder_that_is_not_there_holds_no_files) {
    EXPECT_THAT(files("none/{z}/{x}.db", {.xcount = 1}).list(), IsEmpty());
}

TEST_F(TemplateFilesTest, a_folder_that_cannot_be_read_is_an_error) {
    there_is("file");
    EXPECT_THAT([&] { files("file/{z}.db").list(); },
                throws(Errc::not_found, HasSubstr("cannot list the folder")));
}

TEST_F(TemplateFilesTest, a_link_that_points_to_its_own_folder_ends) {
    std::filesystem::create_directories(folder / "1");
    std::filesystem::create_directory_symlink(folder / "1", folder / "1/2");
    there_is("1/3.db");
    EXPECT_THAT(files("{z}/{x}.db", {.xcount = 1}).list(), ElementsAre(path("1/3.db")));
}

}  // namespace
}  // namespace offgrid
