#include "formats/config/grid_location.h"

#include "formats/tile/tile_matrix_set_json.h"
#include "tests/support/errors.h"
#include "tests/support/grids.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <string>

namespace offgrid::config {
namespace {

using test::swiss_grid;
using test::throws;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* config = R"(<mapcache>
  <grid name="small">
    <srs>EPSG:3857</srs><extent>0 0 1024 1024</extent><size>512 512</size>
    <resolutions>2 1</resolutions><origin>top-left</origin>
  </grid>
  <grid name="flat">
    <srs>+proj=eqc</srs><extent>0 0 1024 1024</extent><size>256 256</size><resolutions>2 1</resolutions>
  </grid>
  <grid name="finest-first">
    <srs>EPSG:3857</srs><extent>0 0 1024 1024</extent><size>256 256</size><resolutions>1 2</resolutions>
  </grid>
  <source name="s" type="dummy"/>
</mapcache>)";

struct FindGrid : testing::Test {
    FindGrid() { test::write_file(folder / "m.xml", config); }

    std::string at(const std::string& name) const { return (folder / name).string(); }

    /// The grid as a document, under the name of another.
    std::string written(const std::string& name, const Grid& grid, const std::string& id) const {
        auto json = to_tile_matrix_set(grid);
        json["id"] = id;
        test::write_file(folder / name, json.dump());
        return at(name);
    }

    static std::function<void()> finding(const std::string& text) {
        return [text] { find_grid(text); };
    }

    test::TempFolder folder;
};

TEST_F(FindGrid, knows_built_in_names) {
    for (const auto* const grid : Grid::built_in()) {
        EXPECT_EQ(find_grid(grid->name()).get(), grid);
    }
    EXPECT_THAT(finding("mars"), throws(Errc::not_found,
                                        "no grid 'mars'; there are: GoogleMapsCompatible, WGS84, "
                                        "GoogleMapsCompatible_512, WGS84_512"));
}

TEST_F(FindGrid, reads_a_tile_matrix_set) {
    EXPECT_EQ(*find_grid(written("swiss.json", *swiss_grid(), "Swiss")), *swiss_grid());

    auto nameless = to_tile_matrix_set(*swiss_grid());
    nameless.erase("id");
    test::write_file(folder / "alps.json", nameless.dump());
    EXPECT_EQ(find_grid(at("alps.json"))->name(), "alps");

    test::write_file(folder / "broken.json", "{");
    EXPECT_THAT(finding(at("broken.json")),
                throws(Errc::corrupt, AllOf(HasSubstr("broken.json"), HasSubstr("parse error"))));
    EXPECT_THAT(finding(at("none.json")), throws(Errc::not_found, HasSubstr("none.json")));
}

TEST_F(FindGrid, reads_a_grid_of_a_configuration) {
    const auto grid = find_grid(at("m.xml#small"));
    EXPECT_EQ(grid->tile_size(), 512);
    EXPECT_EQ(grid->matrix_width(1), 2);
    EXPECT_EQ(grid->origin(), Grid::Origin::top_left);
    EXPECT_EQ(find_grid(at("m.xml#g"))->levels(), 22) << "MapCache's own";
    EXPECT_THAT(finding(at("m.xml#large")),
                throws(Errc::not_found, HasSubstr("no grid 'large'; there are: WGS84, "
                                                  "GoogleMapsCompatible, g, small")));
    EXPECT_THAT(finding(at("m.xml#flat")),
                throws(Errc::invalid_argument, HasSubstr("'+proj=eqc'")));
    EXPECT_THAT(finding(at("m.xml#finest-first")),
                throws(Errc::invalid_argument, HasSubstr("is not finer")));
    EXPECT_THAT(finding(at("m.xml#")), throws(Errc::not_found, HasSubstr("no grid ''")));
}

TEST_F(FindGrid, takes_the_built_in_grid_where_another_says_the_same_of_fewer_levels) {
    EXPECT_EQ(find_grid(at("m.xml#WGS84")).get(), &Grid::wgs84());
    EXPECT_EQ(find_grid(at("m.xml#GoogleMapsCompatible")).get(), &Grid::google_maps_compatible());
    EXPECT_THAT(finding(written("a.json", *swiss_grid(), "WGS84")),
                throws(Errc::invalid_argument, HasSubstr("'WGS84' is not the built-in one")));
}

}  // namespace
}  // namespace offgrid::config
