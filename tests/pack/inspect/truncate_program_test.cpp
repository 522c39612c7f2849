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
    <parameterFilters><stringParameterFilter><key>STYLES</key><defaultValue/>
      <values><string>dark</string></values></stringParameterFilter></parameterFilters>
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

    /// The tiles of the PNG tileset in another style too.
    void put_dark_tiles() const {
        const auto result = run({"transfer", "all.mbtiles", std::string{states_} + tileset_,
                                 "--dim", "STYLES=dark", "--quiet"});
        EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
        EXPECT_TRUE(has(std::string{dark_} + "2_0_0.sqlite"));
    }

    bool has(const std::string& file) const { return std::filesystem::exists(folder_ / file); }

    static constexpr const char* states_ = "geowebcache.xml#topp:states";
    static constexpr const char* tileset_ = "@EPSG:900913@png";
    static constexpr const char* dark_ =
        "root/topp_states/EPSG_900913image_png3543fa36efffa761d6f450701bee6697ffc81b18/";
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

TEST_F(TruncateProgram, removes_a_grid_set_in_either_spelling_whatever_the_parameters) {
    for (const auto& words : {std::vector<std::string>{std::string{states_} + "@EPSG:900913"},
                              {states_, "--grid", "EPSG:900913"}}) {
        put_dark_tiles();
        auto command = words;
        command.insert(command.begin(), "truncate");
        EXPECT_THAT(run(command).out, HasSubstr(" files, 0 tiles in other files"));
        EXPECT_FALSE(has("root/topp_states"));
    }
}

TEST_F(TruncateProgram, removes_the_tiles_of_a_box_in_every_style) {
    put_dark_tiles();
    const auto result = run(
        {"truncate", std::string{states_} + tileset_, "--zoom", "1,2", "--bbox", "-170,10,-10,80"});
    EXPECT_EQ(result.out, "removed: 2 files, 2 tiles in other files\n") << result.err;
    EXPECT_FALSE(has(std::string{png_} + "2_0_0.sqlite"));
    EXPECT_FALSE(has(std::string{dark_} + "2_0_0.sqlite"));
    EXPECT_TRUE(has(std::string{dark_} + "1_0_0.sqlite")) << "it has tiles outside of the box";
}

TEST_F(TruncateProgram, removes_the_tiles_of_one_style_when_it_is_named) {
    put_dark_tiles();
    const auto result = run({"truncate", std::string{states_} + tileset_, "--dim", "STYLES=dark"});
    EXPECT_EQ(result.out, "removed: 3 files, 0 tiles in other files\n") << result.err;
    EXPECT_TRUE(has(std::string{png_} + "1_0_0.sqlite"));
}

TEST_F(TruncateProgram, removes_the_tiles_of_styles_that_are_not_accepted_any_more) {
    put_dark_tiles();
    EXPECT_EQ(run({"truncate", states_, "--orphans"}).out,
              "removed: 0 files, 0 tiles in other files\n");
    auto config = read_text(folder_ / "geowebcache.xml");
    config.replace(config.find("dark"), 4, "pale");
    write_file(folder_ / "geowebcache.xml", config);
    const auto refused = run({"truncate", std::string{states_} + tileset_, "--orphans"});
    EXPECT_THAT(refused.err, HasSubstr("of a layer as a whole"));
    EXPECT_TRUE(has(std::string{dark_} + "1_0_0.sqlite"));
    EXPECT_EQ(run({"truncate", states_, "--orphans"}).out,
              "removed: 3 files, 0 tiles in other files\n");
    EXPECT_TRUE(has(std::string{png_} + "1_0_0.sqlite"));
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
             {{states_, "--dim", "TIME=x"}, "has no parameter"}}) {
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
