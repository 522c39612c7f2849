// Coverage and verification of what Debian's MapCache, a program of other people, puts into the
// wrong files: a metatile goes as a whole where its first tile goes (MapCache #364).

#include "formats/sqlite/sqlite.h"
#include "tests/support/mapcache.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

class InspectPeer : public testing::Test {
protected:
    static constexpr int max_zoom = 4;

    void SetUp() override {
        config_ =
            write_mapcache_config(folder_.path(), fmt::format(R"(
  <cache name="ztop" type="sqlite3"><dbfile>{0}/ztop/{{top_x}}-{{top_y}}.db</dbfile><top>2</top></cache>
  <cache name="blocks" type="sqlite3"><dbfile>{0}/blocks/{{z}}/{{div_x}}-{{div_y}}.db</dbfile>
    <xcount>4</xcount><ycount>4</ycount></cache>
  <tileset name="ztop"><source>map</source><cache>ztop</cache><format>PNG</format>
    <grid maxzoom="{1}">GoogleMapsCompatible</grid><metatile>8 8</metatile></tileset>
  <tileset name="blocks"><source>map</source><cache>blocks</cache><format>PNG</format>
    <grid maxzoom="{1}">GoogleMapsCompatible</grid><metatile>8 8</metatile></tileset>)",
                                                              folder_.path().string(), max_zoom));
    }

    void seed(const std::string& tileset) const {
        const auto done =
            test::run({"mapcache_seed", "-c", config_.string(), "-t", tileset, "-g",
                       "GoogleMapsCompatible", "-z", fmt::format("0,{}", max_zoom), "-q"});
        ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
    }

    /// The rows of all files of a cache that do not fulfil a condition in SQL; `{column}` and
    /// `{row}` in it are the numbers in the name of the file.
    std::int64_t count_misplaced(const std::string& cache, const std::string& is_placed) const {
        std::int64_t count = 0;
        for (const auto& name : names_below(folder_ / cache)) {
            if (name.ends_with('/')) {
                continue;
            }
            const auto stem = fs::path{name}.stem().string();
            const auto dash = stem.find('-');
            const auto where =
                fmt::format(fmt::runtime(is_placed), fmt::arg("column", stem.substr(0, dash)),
                            fmt::arg("row", stem.substr(dash + 1)));
            sqlite::Db db{folder_ / cache / name, sqlite::OpenMode::shared};
            auto select = db.prepare("SELECT count(*) FROM tiles WHERE NOT (" + where + ")");
            EXPECT_TRUE(select.step());
            count += select.integer(0);
        }
        return count;
    }

    nlohmann::json inspect(const std::string& verb, const std::string& tileset,
                           int expected_code) const {
        const auto result =
            test::run({program("offgrid-pack"), verb, config_.string() + "#" + tileset, "--json"});
        EXPECT_EQ(result.exit_code, expected_code) << result.out << result.err;
        return nlohmann::json::parse(result.out);
    }

    /// What both verbs say of a cache where so many tiles are misplaced.
    void expect_misplaced(const std::string& tileset, std::int64_t misplaced) const {
        const auto coverage = inspect("coverage", tileset, 3);
        EXPECT_EQ(coverage["misplaced"], misplaced);
        EXPECT_EQ(coverage["expected"], 1 + 4 + 16 + 64 + 256);
        EXPECT_EQ(coverage["tiles"], 1 + 4 + 16 + 64 + 256 - misplaced);
        EXPECT_EQ(coverage["zooms"][3]["expected"], 64) << "mapcache_detail says 96 or 144";
        const auto verify = inspect("verify", tileset, 3);
        EXPECT_EQ(verify["problems"], misplaced);
        EXPECT_EQ(verify["tiles"], 1 + 4 + 16 + 64 + 256);
    }

    TempFolder folder_;
    fs::path config_;
};

TEST_F(InspectPeer, finds_each_tile_that_a_metatile_took_into_the_wrong_z_top_file) {
    seed("ztop");
    const auto misplaced =
        count_misplaced("ztop",
                        "CASE WHEN z < 2 THEN x << (2 - z) ELSE x >> (z - 2) END = {column} AND "
                        "CASE WHEN z < 2 THEN y << (2 - z) ELSE y >> (z - 2) END = {row}");
    ASSERT_GT(misplaced, 0);

    expect_misplaced("ztop", misplaced);
}

TEST_F(InspectPeer, finds_each_tile_that_a_metatile_took_into_the_wrong_block) {
    seed("blocks");
    const auto misplaced = count_misplaced("blocks", "x / 4 = {column} AND y / 4 = {row}");
    ASSERT_GT(misplaced, 0);

    expect_misplaced("blocks", misplaced);
}

}  // namespace
}  // namespace offgrid::test
