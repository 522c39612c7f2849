#include "formats/sqlite/sqlite.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace offgrid::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A folder with stores, in which `coverage` and `verify` are run.
class InspectProgram : public testing::Test {
protected:
    InspectProgram() {
        write_mbtiles(folder_ / "all.mbtiles", draw("z0: w z1: a b / c d"));
        write_package(folder_ / "package", "osm", "z0: w z1: a b / c d");
        write_file(folder_ / "text.mbtiles", "hello");
        write_file(folder_ / "broken.xml", "<mapcache");
        write_file(folder_ / "mapcache.xml", R"(<mapcache>
  <cache name="file" type="sqlite3"><dbfile>file.sqlite3</dbfile></cache>
  <cache name="far" type="rest"><url>http://127.0.0.1:9/{z}/{x}/{y}.{ext}</url></cache>
  <tileset name="open"><cache>file</cache><grid>GoogleMapsCompatible</grid></tileset>
  <tileset name="limited"><cache>file</cache>
    <grid minzoom="0" maxzoom="3">GoogleMapsCompatible</grid></tileset>
  <tileset name="far"><cache>far</cache><grid>GoogleMapsCompatible</grid></tileset>
</mapcache>)");
        run_ok({"transfer", "all.mbtiles", "mapcache.xml#open", "--quiet"});
        run_ok({"transfer", "all.mbtiles", "mapcache.xml#limited", "--quiet"});
    }

    RunResult run(std::vector<std::string> words) const {
        words.insert(words.begin(), program("offgrid-pack"));
        RunOptions options;
        options.cwd = folder_.path();
        options.environment = {{"XDG_STATE_HOME", (folder_ / "state").string()}};
        return test::run(words, options);
    }

    void run_ok(const std::vector<std::string>& words) const {
        const auto result = run(words);
        ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
    }

    TempFolder folder_;
};

TEST_F(InspectProgram, expects_the_zooms_that_a_configuration_declares) {
    const auto limited =
        nlohmann::json::parse(run({"coverage", "mapcache.xml#limited", "--json"}).out);
    EXPECT_EQ(limited["expected"], 1 + 4 + 16 + 64);
    EXPECT_EQ(limited["tiles"], 5);

    const auto open = nlohmann::json::parse(run({"coverage", "mapcache.xml#open", "--json"}).out);
    EXPECT_EQ(open["expected"], 5);
    EXPECT_EQ(open["empty_zooms"][0], 2);
}

TEST_F(InspectProgram, shows_the_files_of_a_package) {
    std::filesystem::remove(folder_ / "package/z01-0-0.sqlite3");

    const auto result = run({"coverage", "package", "--files"});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("missing: z01-0-0.sqlite3"));
    EXPECT_THAT(result.out, HasSubstr("\nz01-1-1.sqlite3\n"));
}

TEST_F(InspectProgram, looks_into_a_pmtiles_file) {
    run_ok({"transfer", "all.mbtiles", "all.pmtiles", "--quiet"});
    const auto counted = nlohmann::json::parse(run({"coverage", "all.pmtiles", "--json"}).out);
    EXPECT_EQ(counted["tiles"], 5);
    EXPECT_EQ(counted["expected"], 5);
    EXPECT_THAT(run({"verify", "all.pmtiles"}).out, HasSubstr("5 tiles in 0 files: sound"));

    auto bytes = read_text(folder_ / "all.pmtiles");
    bytes[127] = 'X';  // the root directory
    write_file(folder_ / "all.pmtiles", bytes);
    const auto result = run({"verify", "all.pmtiles"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_THAT(result.out, HasSubstr("all.pmtiles: a directory: is no whole gzip stream"));
}

TEST_F(InspectProgram, ends_with_2_for_what_is_wrong_on_the_command_line) {
    for (const auto* verb : {"coverage", "verify"}) {
        for (const auto& words :
             std::vector<std::vector<std::string>>{{"absent.mbtiles"},
                                                   {"absent"},
                                                   {"mapcache.xml#absent"},
                                                   {"broken.xml"},
                                                   {"mapcache.xml#open", "--grid", "absent"},
                                                   {"mapcache.xml#open", "--dim", "a=b"},
                                                   {"package", "--grid", "WGS84"},
                                                   {"all.mbtiles", "--dim", "a=b"}}) {
            auto command = words;
            command.insert(command.begin(), verb);
            const auto result = run(command);
            EXPECT_EQ(result.exit_code, 2) << fmt::format("{}", words.front()) << result.err;
            EXPECT_EQ(result.out, "") << words.front();
        }
    }
}

TEST_F(InspectProgram, ends_with_1_and_the_reason_when_it_cannot_look) {
    const auto result = run({"verify", "mapcache.xml#far", "--json"});

    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(nlohmann::json::parse(result.out)["error"], HasSubstr("cannot list its tiles"));
    EXPECT_THAT(result.err, HasSubstr("cannot list its tiles"));
    EXPECT_THAT(run({"verify", "mapcache.xml#far"}).out, Not(HasSubstr("sound")));
    EXPECT_EQ(run({"coverage", "mapcache.xml#far"}).exit_code, 1);
}

TEST_F(InspectProgram, ends_with_3_when_it_finds_something) {
    {
        sqlite::Db db{folder_ / "all.mbtiles", sqlite::OpenMode::update};
        db.execute("UPDATE map SET zoom_level=0, tile_column=7 WHERE zoom_level=0");
    }
    EXPECT_EQ(run({"verify", "all.mbtiles"}).exit_code, 3);
    EXPECT_EQ(run({"coverage", "all.mbtiles", "--zoom", "0-1"}).exit_code, 3);

    const auto text = run({"verify", "text.mbtiles"});
    EXPECT_EQ(text.exit_code, 3);
    EXPECT_EQ(text.out.find("text.mbtiles"), text.out.rfind("text.mbtiles")) << text.out;
}

TEST_F(InspectProgram, verifies_in_the_grid_that_is_named) {
    write_mbtiles(folder_ / "degrees.mbtiles", draw("z0: west east"), Grid::wgs84());

    EXPECT_EQ(run({"verify", "degrees.mbtiles", "--grid", "WGS84"}).exit_code, 0);
    EXPECT_THAT(run({"verify", "degrees.mbtiles"}).out, HasSubstr("lies outside the grid"));
}

}  // namespace
}  // namespace offgrid::test
