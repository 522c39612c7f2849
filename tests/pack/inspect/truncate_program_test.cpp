#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

/// A store of GeoWebCache with a layer in two formats, each with the tiles of three zooms.
class TruncateProgram : public testing::Test {
protected:
    TruncateProgram() {
        write_mbtiles(folder_ / "all.mbtiles", draw("z0: w z1: a b / c d z2@0,0: n w"));
        write_file(folder_ / "geowebcache.xml", R"(<gwcConfiguration>
  <blobStores><MbtilesBlobStore default="true"><id>s</id><rootDirectory>root</rootDirectory>
    <eagerDelete>true</eagerDelete></MbtilesBlobStore></blobStores>
  <layers><wmsLayer><name>topp:states</name>
    <mimeFormats><string>image/png</string><string>image/png8</string></mimeFormats>
    <gridSubsets><gridSubset><gridSetName>EPSG:900913</gridSetName></gridSubset></gridSubsets>
    </wmsLayer></layers></gwcConfiguration>)");
        for (const auto* name : {"@EPSG:900913@png", "@EPSG:900913@png8"}) {
            const auto result =
                run({"transfer", "all.mbtiles", std::string{states_} + name, "--quiet"});
            EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
        }
    }

    RunResult run(std::vector<std::string> words) const {
        words.insert(words.begin(), program("offgrid-pack"));
        RunOptions options;
        options.cwd = folder_.path();
        options.environment = {{"XDG_STATE_HOME", (folder_ / "state").string()}};
        return test::run(words, options);
    }

    bool has(const std::string& file) const { return std::filesystem::exists(folder_ / file); }

    static constexpr const char* states_ = "geowebcache.xml#topp:states";
    static constexpr const char* png_ = "root/topp_states/EPSG_900913image_pngnull/";
    TempFolder folder_;
};

TEST_F(TruncateProgram, removes_the_tiles_of_some_zooms) {
    const auto result = run({"truncate", std::string{states_} + "@EPSG:900913@png", "--zoom", "1"});
    EXPECT_EQ(result.out, "removed: 1 files, 0 tiles in other files\n") << result.err;
    EXPECT_FALSE(has(std::string{png_} + "1_0_0.sqlite"));
    EXPECT_TRUE(has(std::string{png_} + "2_0_0.sqlite"));
}

TEST_F(TruncateProgram, removes_a_layer_with_its_files) {
    const auto result = run({"truncate", states_});
    EXPECT_EQ(result.out, "removed: 6 files, 0 tiles in other files\n") << result.err;
    EXPECT_FALSE(has("root/topp_states"));
}

TEST_F(TruncateProgram, renames_a_layer) {
    EXPECT_EQ(run({"truncate", states_, "--rename", "us:states"}).exit_code, 0);
    EXPECT_TRUE(has("root/us_states/EPSG_900913image_pngnull/1_0_0.sqlite"));
    EXPECT_FALSE(has("root/topp_states"));
}

TEST_F(TruncateProgram, says_what_is_wrong_with_its_words) {
    for (const auto& [words, message] :
         std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"geowebcache.xml"}, "name a layer"},
             {{"geowebcache.xml#x"}, "no layer 'x'"},
             {{"all.mbtiles"}, "all.mbtiles"},
             {{states_, "--rename", "x", "--zoom", "1"}, "no other option"},
             {{std::string{states_} + "@EPSG:900913", "--rename", "x"}, "as a whole"},
             {{states_, "--dim", "STYLES=x"}, "has no parameter"}}) {
        auto command = words;
        command.insert(command.begin(), "truncate");
        const auto result = run(command);
        EXPECT_NE(result.exit_code, 0) << message;
        EXPECT_THAT(result.err, HasSubstr(message));
    }
    EXPECT_TRUE(has(std::string{png_} + "1_0_0.sqlite"));
}

}  // namespace
}  // namespace offgrid::test
