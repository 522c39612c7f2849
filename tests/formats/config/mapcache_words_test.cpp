#include "formats/config/mapcache_config.h"
#include "tests/formats/config/config_file.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::failure_of;
using test::load;
using test::options_of;
using testing::ElementsAre;

TEST(MapcacheWords, count_in_whatever_letters_mapcache_takes_them) {
    const auto config = load(R"(
        <grid name="l"><srs>x</srs><units>FT</units><size>256 256</size><extent>0 0 1 1</extent>
          <resolutions>1</resolutions><origin>Top-Left</origin></grid>
        <format name="j" type="JPEG"><photometric>rgb</photometric></format>
        <format name="r" type="raw"><extension>pbf</extension></format>
        <format name="m" type="Mixed"><transparent>PNG</transparent><opaque>j</opaque></format>
        <cache name="d" type="disk"><base>/d</base><symlink_blank>False</symlink_blank></cache>
        <cache name="w" type="rest"><url>http://h/{z}/{x}/{y}</url>
          <use_redirects>TRUE</use_redirects></cache>
        <tileset name="t"><cache>d</cache><grid>l</grid><format>j</format>
          <read-only>True</read-only></tileset>)");
    const auto& tileset = *config->tilesets().front();
    EXPECT_EQ(tileset.grids.front().grid->unit(), Grid::Unit::foot);
    EXPECT_EQ(tileset.grids.front().grid->origin(), Grid::Origin::top_left);
    EXPECT_EQ(tileset.format->photometric, Photometric::rgb);
    EXPECT_FALSE(options_of<DiskOptions>(*config, "d").symlinks_blank);
    EXPECT_TRUE(options_of<HttpOptions>(*config, "w").uses_redirects);
    EXPECT_FALSE(tileset.is_read_only) << "MapCache compares this one letter by letter";
}

TEST(MapcacheWords, locks_in_the_folder_that_the_file_names) {
    const test::TempFolder folder;
    for (const auto& text : {
             fmt::format("<locker type='disk'><directory>{}</directory></locker>",
                         folder.path().string()),
             fmt::format("<locker type='fallback'><locker type='memcache'/><locker type='disk'>"
                         "<directory>{}</directory></locker></locker>",
                         folder.path().string()),
             fmt::format("<locker type='fallback'><locker type='fallback'><locker type='disk'>"
                         "<directory>{}</directory></locker></locker></locker>",
                         folder.path().string()),
             fmt::format("<lock_dir>{}</lock_dir><lock_retry>500</lock_retry>",
                         folder.path().string()),
         }) {
        const auto lock = load(text)->make_locker()->lock("a/b");
        EXPECT_THAT(test::names_below(folder.path()), ElementsAre("_gc_locka#b.lck")) << text;
    }
}

TEST(MapcacheWords, stop_lockers_that_are_nested_without_end) {
    std::string text;
    for (int depth = 0; depth < 1000; ++depth) {
        text = "<locker type='fallback'>" + text + "</locker>";
    }
    EXPECT_EQ(failure_of(text), "m.xml:2: <locker>: is nested 9 deep: there may be 8");
}

TEST(MapcacheWords, bounds_of_a_tileset_are_those_that_it_names) {
    const auto config = load(
        "<cache name='c' type='disk'><base>/t</base></cache><tileset name='t'><metadata>"
        "<wgs84boundingbox>-10 40 10 50</wgs84boundingbox></metadata><cache>c</cache>"
        "<grid>g</grid></tileset>");
    const auto& tileset = *config->tilesets().front();
    EXPECT_EQ(tileset.slice(tileset.grids.front()).info.bounds, (Box{-10, 40, 10, 50}));
}

}  // namespace
}  // namespace offgrid
