#include "pack/inspect/verify_store.h"

#include "formats/image/encode.h"
#include "formats/sqlite/mbtiles_store.h"
#include "tests/pack/inspect/files_store.h"
#include "tests/support/memory_store.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

namespace offgrid {
namespace {

using test::draw;
using test::TempFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Grid& grid = Grid::google_maps_compatible();

VerifySummary verify_package_in(const std::filesystem::path& folder, const VerifyContext& context) {
    return verify_package_files(
        read_manifest(folder), [&](const PackageFile& file) { return folder / file.name; },
        context);
}

/// Collects what a verification finds as the lines that a user sees.
struct Findings {
    std::vector<std::string> lines;
    std::atomic<bool> is_stopped = false;

    VerifyContext context(Depth depth = Depth::signature) {
        return {.depth = depth,
                .report =
                    [this](const Problem& problem) {
                        lines.push_back(
                            fmt::format("{} {} {}", problem.where, problem.tile, problem.what));
                    },
                .is_stopped = is_stopped};
    }
};

Bytes image(int size, Encoding encoding) {
    Image pixels{size, size};
    for (std::size_t i = 0; i < pixels.rgba.size(); ++i) {
        pixels.rgba[i] = i % 4 == 3 ? 255 : static_cast<std::uint8_t>(i);
    }
    return Encoder{encoding, 75}.encode(pixels);
}

TEST(Verify, finds_nothing_in_a_sound_store) {
    const test::MemoryTiles tiles{draw("z0: w z1: a b / c d")};
    const test::MemoryReader reader{tiles, {.info = {.format = TileFormat::png, .max_zoom = 1}}};
    Findings findings;

    const auto summary = verify_store(
        "memory", reader, [](int z) { return grid.whole(z); }, findings.context());

    EXPECT_EQ(summary.tiles, 5);
    EXPECT_THAT(findings.lines, IsEmpty());
}

TEST(Verify, finds_tiles_that_are_not_what_the_store_claims) {
    const test::MemoryTiles tiles{{{{1, 0, 0}, {}},
                                   {{1, 0, 1}, image(256, Encoding::jpeg)},
                                   {{1, 1, 0}, {'h', 't', 'm', 'l'}},
                                   {{1, 1, 1}, image(256, Encoding::png)}}};
    const test::MemoryReader reader{tiles, {.info = {.format = TileFormat::png, .max_zoom = 1}}};
    Findings findings;

    verify_store(
        "memory", reader, [](int z) { return grid.whole(z); }, findings.context());

    EXPECT_THAT(findings.lines, ElementsAre("memory 1/0/0 is empty", "memory 1/0/1 is jpg, not png",
                                            "memory 1/1/0 is not png"));
}

TEST(Verify, takes_a_png_of_one_colour_for_what_stands_for_a_blank_tile_in_jpeg) {
    const Image transparent{256, 256};
    const test::MemoryTiles tiles{{{{0, 0, 0}, Encoder{Encoding::png, 75}.encode(transparent)}}};
    const test::MemoryReader reader{tiles, {.info = {.format = TileFormat::jpeg}}};
    Findings findings;

    verify_store(
        "memory", reader, [](int z) { return grid.whole(z); }, findings.context());

    EXPECT_THAT(findings.lines, IsEmpty());
}

TEST(Verify, decodes_every_tile_when_it_looks_deep) {
    auto cut = image(256, Encoding::jpeg);
    cut.resize(cut.size() / 3);
    const test::MemoryTiles tiles{{{{1, 0, 0}, cut},
                                   {{1, 0, 1}, image(128, Encoding::jpeg)},
                                   {{1, 1, 1}, image(256, Encoding::jpeg)}}};
    const test::MemoryReader reader{tiles, {.info = {.format = TileFormat::jpeg, .max_zoom = 1}}};
    const auto whole = [](int z) { return grid.whole(z); };
    Findings shallow;
    verify_store("memory", reader, whole, shallow.context());
    EXPECT_THAT(shallow.lines, IsEmpty());
    Findings deep;

    verify_store("memory", reader, whole, deep.context(Depth::pixels));

    EXPECT_THAT(deep.lines, ElementsAre(HasSubstr("1/0/0"),
                                        "memory 1/0/1 has 128 by 128 pixels, not 256 by 256"));
}

TEST(Verify, finds_misplaced_tiles_and_damaged_files_and_goes_on) {
    test::FilesStore store{PathTemplate{"z{top}-{top_x}-{top_y}.sqlite3", {.top = 1}},
                           {.format = TileFormat::png}};
    const auto file = store.put({1, 0, 1}, test::png_bytes("a"));
    store.put_into(file, {2, 3, 0}, test::png_bytes("misplaced"));
    store.put_into(file, {1, 9, 0}, test::png_bytes("outside"));
    const auto damaged = store.put({1, 1, 1}, test::png_bytes("b"));
    store.damage(damaged);
    const auto wrong = store.put({1, 1, 0}, {'x'});
    Findings findings;

    const auto summary = verify_store(
        "s", store, [](int z) { return grid.whole(z); }, findings.context());

    EXPECT_EQ(summary.files, 3);
    EXPECT_EQ(summary.problems, 4);
    EXPECT_THAT(findings.lines,
                testing::UnorderedElementsAre(
                    file + " 2/3/0 the name of the file does not cover it",
                    file + " 1/9/0 lies outside the grid", damaged + "  the file is damaged",
                    wrong + " 1/1/0 is not png"));
}

TEST(Verify, checks_the_rows_of_an_mbtiles_file) {
    const TempFolder folder;
    {
        sqlite::MbtilesWriter writer{folder / "a.mbtiles", grid, {{"format", "png"}}};
        writer.put({2, 1, 1}, test::png_bytes("sound"));
        writer.put({2, 0, 0}, Bytes{'?'});
        writer.commit();
    }
    {
        sqlite::Db db{folder / "a.mbtiles", sqlite::OpenMode::update};
        db.execute("INSERT INTO map SELECT 2, 4, 2, tile_id FROM map WHERE tile_column=1");
    }
    Findings findings;

    const auto summary = verify_mbtiles_file(folder / "a.mbtiles", grid, findings.context());

    EXPECT_EQ(summary.tiles, 3);
    EXPECT_THAT(findings.lines,
                testing::UnorderedElementsAre(HasSubstr("2/4/1 lies outside the grid"),
                                              HasSubstr("2/0/0 is not png")));
}

TEST(Verify, names_every_row_of_an_mbtiles_file_that_is_no_tile_and_goes_on) {
    const TempFolder folder;
    {
        sqlite::Db db{folder / "a.mbtiles", sqlite::OpenMode::build};
        db.execute(
            "CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data);"
            "CREATE UNIQUE INDEX i ON tiles (zoom_level, tile_column, tile_row);"
            "INSERT INTO tiles VALUES (2, 1, 3, NULL), (2, 1, 0, NULL), (2, 'x', 0, 'y'),"
            " (2, 3, 1, 'text')");
    }
    Findings findings;

    const auto summary = verify_mbtiles_file(folder / "a.mbtiles", grid, findings.context());

    EXPECT_EQ(summary.tiles, 4);
    EXPECT_THAT(findings.lines, testing::UnorderedElementsAre(HasSubstr("2/1/0 has no content"),
                                                              HasSubstr("2/1/3 has no content"),
                                                              HasSubstr("address is not a number"),
                                                              HasSubstr("2/3/2 is no image")))
        << "rows count from the north";
}

TEST(Verify, does_not_take_a_store_that_cannot_be_asked_for_a_damaged_one) {
    const test::MemoryTiles tiles{draw("z0: w")};
    const test::MemoryReader reader{tiles, {.on_scan = [](const TileKey&) {
                                        throw Error{Errc::busy, "try again"};
                                    }}};
    Findings findings;
    EXPECT_THROW(verify_store(
                     "m", reader, [](int z) { return grid.whole(z); }, findings.context()),
                 Error);
    EXPECT_THAT(findings.lines, IsEmpty());
}

TEST(Verify, reports_a_damaged_mbtiles_file_as_a_problem) {
    const TempFolder folder;
    test::write_mbtiles(folder / "a.mbtiles", {{{1, 0, 0}, std::string(50'000, 'x')}});
    auto content = test::read_text(folder / "a.mbtiles");
    content.resize(content.size() / 2);
    test::write_file(folder / "cut.mbtiles", content);
    test::write_file(folder / "text.mbtiles", "hello");
    Findings findings;

    verify_mbtiles_file(folder / "cut.mbtiles", grid, findings.context());
    verify_mbtiles_file(folder / "text.mbtiles", grid, findings.context());

    EXPECT_THAT(findings.lines, ElementsAre(HasSubstr("cut.mbtiles"), HasSubstr("text.mbtiles")));
}

TEST(Verify, names_each_file_of_a_package_that_is_wrong) {
    const TempFolder folder;
    test::write_package(folder / "p", "osm", R"(z0: w
                                               z1: a b / c d)");
    Findings sound;
    EXPECT_EQ(verify_package_in(folder / "p", sound.context()).tiles, 5);
    EXPECT_THAT(sound.lines, IsEmpty());
    std::filesystem::remove(folder / "p/z01-0-0.sqlite3");
    std::filesystem::copy_file(folder / "p/z01-1-1.sqlite3", folder / "p/z01-1-0.sqlite3",
                               std::filesystem::copy_options::overwrite_existing);
    Findings findings;

    const auto summary = verify_package_in(folder / "p", findings.context());

    EXPECT_EQ(summary.problems, 2);
    EXPECT_THAT(findings.lines,
                testing::UnorderedElementsAre(
                    AllOf(HasSubstr("z01-0-0.sqlite3"), HasSubstr("not in the package")),
                    AllOf(HasSubstr("z01-1-0.sqlite3"), HasSubstr("outside what the name"))));
}

TEST(Verify, ends_when_it_is_stopped) {
    const test::MemoryTiles tiles{draw("z0: w")};
    const test::MemoryReader reader{tiles};
    Findings findings;
    findings.is_stopped = true;
    EXPECT_THROW(verify_store(
                     "m", reader, [](int z) { return grid.whole(z); }, findings.context()),
                 Error);
}

}  // namespace
}  // namespace offgrid
