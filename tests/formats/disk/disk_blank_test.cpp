#include "formats/image/encode.h"
#include "tests/formats/disk/disk_test.h"
#include "tests/support/errors.h"

#include <array>
#include <filesystem>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::DiskTest;
using test::names_below;
using test::slice_of;
using test::TempFolder;
using test::throws;
using test::write_file;
using testing::ElementsAre;

using DiskBlankTest = DiskTest;
using Rgba = std::array<std::uint8_t, 4>;

Bytes filled_png(const Rgba& colour) {
    Image image{256, 256};
    for (std::size_t i = 0; i < image.rgba.size(); ++i) {
        image.rgba[i] = colour[i % 4];
    }
    return Encoder{Encoding::png, 75}.encode(image);
}

Bytes picture_png() {
    Image image{256, 256};
    for (std::size_t i = 0; i < image.rgba.size(); ++i) {
        image.rgba[i] = static_cast<std::uint8_t>(i % 4 == 3 ? 255 : i / 1024);
    }
    return Encoder{Encoding::png, 75}.encode(image);
}

TEST_F(DiskBlankTest, a_blank_tile_is_a_link_to_the_file_of_its_colour) {
    const std::pair<DiskLayout, const char*> cases[] = {
        {DiskLayout::tilecache, "../../../../../../blanks/1E140AFF.png"},
        {DiskLayout::arcgis, "../../blanks/1E140AFF.png"},
        {DiskLayout::worldwind, "../../t/GoogleMapsCompatible/blanks/1E140AFF.png"}};
    for (const auto& [layout, target] : cases) {
        const auto options = linking(layout);
        put(options, {0, 0, 0}, filled_png({10, 20, 30, 255}));
        EXPECT_EQ(fs::read_symlink(first_tile(options)), target);
        EXPECT_EQ(DiskReader(options, slice_of()).get({0, 0, 0})->content,
                  filled_png({10, 20, 30, 255}));
    }
    EXPECT_THAT(names_below(folder_ / "t/GoogleMapsCompatible/blanks"),
                ElementsAre("1E140AFF.png"));
    EXPECT_THAT(locker_.asked, ElementsAre(folder_ / "t/GoogleMapsCompatible/blanks/1E140AFF.png"))
        << "only while it is missing";
}

TEST_F(DiskBlankTest, blank_colours_are_premultiplied) {
    put(linking(), {0, 0, 0}, filled_png({200, 100, 50, 128}));
    EXPECT_EQ(fs::read_symlink(first_tile(linking())).filename(), "19326480.png");
}

/// MapCache compares letters, and writes an absolute link here.
TEST_F(DiskBlankTest, links_stay_relative_where_a_dimension_starts_like_the_folder_of_blanks) {
    for (const auto* value : {"blue", "b", "blanks"}) {
        const auto slice = slice_of({{"colour", value}});
        put(linking(), {0, 0, 0}, filled_png({10, 20, 30, 255}), slice);
        const auto path = first_tile(linking(), slice);
        EXPECT_TRUE(fs::read_symlink(path).is_relative()) << fs::read_symlink(path);
        EXPECT_EQ(fs::canonical(path),
                  fs::canonical(folder_ / "t/GoogleMapsCompatible/blanks/1E140AFF.png"));
    }
}

TEST_F(DiskBlankTest, links_lead_to_their_file_in_a_copy_of_the_folder) {
    put(linking(), {3, 5, 5}, filled_png({10, 20, 30, 255}), slice_of({{"time", "blue"}}));
    const TempFolder elsewhere;
    fs::copy(folder_.path(), elsewhere / "copy",
             fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    fs::remove_all(folder_ / "t");
    EXPECT_TRUE(
        DiskReader({.base = elsewhere / "copy"}, slice_of({{"time", "blue"}})).get({3, 5, 5}));
}

TEST_F(DiskBlankTest, a_tile_replaces_the_link_and_not_what_it_leads_to) {
    const auto blank = filled_png({10, 20, 30, 255});
    put(linking(), {1, 0, 0}, blank);
    put(linking(), {1, 1, 0}, blank);
    put(linking(), {1, 0, 0}, picture_png());
    const DiskReader reader{linking(), slice_of()};
    EXPECT_EQ(reader.get({1, 0, 0})->content, picture_png());
    EXPECT_EQ(reader.get({1, 1, 0})->content, blank);

    put(linking(), {1, 0, 0}, blank);
    EXPECT_TRUE(fs::is_symlink(DiskPaths(linking(), slice_of()).path_of({1, 0, 0})));
    DiskWriter{linking(), slice_of(), locker_}.erase({1, 0, 0});
    EXPECT_EQ(reader.get({1, 0, 0}), std::nullopt);
    EXPECT_EQ(reader.get({1, 1, 0})->content, blank);
}

TEST_F(DiskBlankTest, writes_the_file_of_a_colour_again_when_it_is_lost_or_empty) {
    const auto blank = filled_png({10, 20, 30, 255});
    const auto file = folder_ / "t/GoogleMapsCompatible/blanks/1E140AFF.png";
    put(linking(), {1, 0, 0}, blank);
    fs::remove(file);
    put(linking(), {1, 1, 0}, blank);
    EXPECT_EQ(DiskReader(linking(), slice_of()).get({1, 0, 0})->content, blank);
    write_file(file, "");
    put(linking(), {1, 1, 1}, blank);
    EXPECT_EQ(DiskReader(linking(), slice_of()).get({1, 0, 0})->content, blank);
}

TEST_F(DiskBlankTest, stores_what_is_not_blank_or_no_image_as_a_file) {
    put(linking(), {1, 0, 0}, picture_png());
    put(linking(), {1, 1, 0}, as_bytes("{\"no\": \"image\"}"));
    auto by_template = linking(DiskLayout::by_template);
    by_template.path_template = (folder_ / "{z}-{x}-{y}").string();
    put(by_template, {1, 0, 0}, filled_png({10, 20, 30, 255}));
    EXPECT_FALSE(fs::is_symlink(DiskPaths(linking(), slice_of()).path_of({1, 0, 0})));
    EXPECT_FALSE(fs::is_symlink(DiskPaths(linking(), slice_of()).path_of({1, 1, 0})));
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(folder_ / "1-0-1")));
    EXPECT_FALSE(fs::exists(folder_ / "t/GoogleMapsCompatible/blanks"));
}

TEST_F(DiskBlankTest, refuses_a_damaged_image_where_it_looks_for_blank_ones) {
    auto damaged = filled_png({10, 20, 30, 255});
    damaged.resize(damaged.size() / 2);
    EXPECT_THAT([&] { put(linking(), {0, 0, 0}, damaged); }, throws(Errc::corrupt, testing::_));
}

TEST_F(DiskBlankTest, leaves_transparent_tiles_out_and_removes_what_was_there) {
    for (const auto layout : {DiskLayout::tilecache, DiskLayout::by_template}) {
        auto options = linking(layout);
        options.path_template = (folder_ / "{z}-{x}-{y}").string();
        options.leaves_out_blank = true;
        const DiskReader reader{options, slice_of()};
        put(options, {0, 0, 0}, picture_png());
        put(options, {0, 0, 0}, filled_png({0, 0, 0, 0}));
        EXPECT_FALSE(reader.exists({0, 0, 0}));
        put(options, {0, 0, 0}, filled_png({10, 20, 30, 255}));
        EXPECT_TRUE(reader.exists({0, 0, 0})) << "blank, but it shows";
    }
    EXPECT_FALSE(fs::exists(folder_ / "t/GoogleMapsCompatible/blanks/00000000.png"));
}

}  // namespace
}  // namespace offgrid
