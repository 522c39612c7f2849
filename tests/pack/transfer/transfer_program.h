#pragma once

#include "formats/sqlite/mbtiles_store.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid::test {

inline constexpr const char* mapcache_xml = R"(<mapcache>
  <cache name="ztop" type="sqlite3">
    <dbfile>FOLDER/ztop/z{top}-{top_x}-{top_y}.sqlite3</dbfile><top>2</top></cache>
  <cache name="degrees" type="sqlite3"><dbfile>FOLDER/degrees.sqlite3</dbfile></cache>
  <cache name="dims" type="sqlite3"><dbfile>FOLDER/dims.sqlite3</dbfile></cache>
  <cache name="both" type="sqlite3"><dbfile>FOLDER/both.sqlite3</dbfile></cache>
  <cache name="linked" type="mbtiles"><dbfile>FOLDER/source.mbtiles</dbfile></cache>
  <tileset name="a"><cache>both</cache><grid>GoogleMapsCompatible</grid></tileset>
  <tileset name="b"><cache>both</cache><grid>GoogleMapsCompatible</grid></tileset>
  <tileset name="linked"><cache>linked</cache><grid>GoogleMapsCompatible</grid></tileset>
  <tileset name="jpeg"><cache>dims</cache><grid>GoogleMapsCompatible</grid><format>JPEG</format></tileset>
  <tileset name="dims"><cache>dims</cache><grid>GoogleMapsCompatible</grid><dimensions>
    <dimension type="values" name="v" default="v1"><value>v1</value><value>v2</value></dimension></dimensions></tileset>
  <tileset name="t"><cache>ztop</cache><grid>GoogleMapsCompatible</grid><format>PNG</format></tileset>
  <tileset name="fixed"><read-only>true</read-only><cache>ztop</cache><grid>GoogleMapsCompatible</grid></tileset>
  <tileset name="degrees"><cache>degrees</cache><grid>WGS84</grid></tileset>
</mapcache>)";

/// A folder with a source, a mapcache.xml and journals of its own, in which the program is run.
class TransferProgram : public testing::Test {
protected:
    TransferProgram() {
        write_mbtiles(folder / "source.mbtiles", draw(R"(z0: w
                                                         z1: a b / c d
                                                         z2: e f g h / i . k l / m n o p / . r s t)"));
        std::string xml = mapcache_xml;
        for (auto at = xml.find("FOLDER"); at != std::string::npos; at = xml.find("FOLDER")) {
            xml.replace(at, 6, folder.path().string());
        }
        write_file(folder / "mapcache.xml", xml);
    }

    std::vector<std::string> command(std::vector<std::string> words) const {
        words.insert(words.begin(), {program("offgrid-pack"), "transfer"});
        return words;
    }

    RunOptions options() const {
        RunOptions options;
        options.cwd = folder.path();
        options.environment = {{"XDG_STATE_HOME", (folder / "state").string()}};
        return options;
    }

    RunResult transfer(const std::vector<std::string>& words) const {
        return test::run(command(words), options());
    }

    Pyramid tiles_in(const std::string& name, int max_zoom = 2) const {
        const auto pool = sqlite::make_mbtiles_pool(2);
        const auto& grid = Grid::google_maps_compatible();
        const sqlite::MbtilesReader reader{folder / name, grid, *pool};
        Pyramid pyramid;
        for (int z = 0; z <= max_zoom; ++z) {
            reader.scan(grid.whole(z), [&](const TileKey& key, BytesView content) {
                pyramid[key] = word_in(Tile{{content.begin(), content.end()}, {}});
            });
        }
        return pyramid;
    }

    TempFolder folder;
};

}  // namespace offgrid::test
