// Debian's MapCache, a program of other people, reads our packages through the mapcache.xml that
// pack writes.

#include "tests/e2e/sample_package.h"
#include "tests/support/http_client.h"
#include "tests/support/mapcache.h"
#include "tests/support/process.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::ask_mapcache;
using test::HttpClient;
using test::Process;
using test::program;
using test::run;
using test::SamplePackage;
using testing::HasSubstr;

/// TMS counts rows from the south.
std::string tms_path(const TileKey& key) {
    return fmt::format("/tms/1.0.0/blue-marble@GoogleMapsCompatible/{}/{}/{}.jpg", key.z, key.x,
                       Grid::google_maps_compatible().flip(key.z, key.y));
}

class MapcachePeer : public testing::Test {
protected:
    std::string ask_offgrid(const TileKey& key) {
        const auto answer = client_.get(
            fmt::format("{}/tiles/blue-marble/{}/{}/{}.jpg", url_, key.z, key.x, key.y));
        EXPECT_EQ(answer.status, 200) << key.z << '/' << key.x << '/' << key.y;
        return answer.body;
    }

    void expect_same_answer(const TileKey& key) {
        const auto theirs = ask_mapcache(package_.path() / "mapcache.xml", tms_path(key));
        EXPECT_THAT(theirs.headers, HasSubstr("Content-Type: image/jpeg")) << tms_path(key);
        EXPECT_EQ(theirs.body, ask_offgrid(key)) << tms_path(key);
    }

    int top_zoom() const { return package_.manifest().pyramids.back().options.top; }
    int max_zoom() const { return package_.manifest().max_zoom; }

    SamplePackage package_;
    Process server_{
        {program("offgrid"), "serve", package_.path().string(), "--listen", "127.0.0.1:0"}};
    std::string url_ = test::url_in(server_.wait_for_line("http://"));
    HttpClient client_;
};

TEST_F(MapcachePeer, returns_the_same_bytes_below_the_top_zoom) {
    ASSERT_GT(top_zoom(), 1);
    expect_same_answer({0, 0, 0});
    expect_same_answer({1, 0, 0});
    expect_same_answer({1, 1, 1});
}

TEST_F(MapcachePeer, returns_the_same_bytes_at_the_top_zoom) {
    const auto last = (std::int64_t{1} << top_zoom()) - 1;
    expect_same_answer({top_zoom(), 0, 0});
    expect_same_answer({top_zoom(), 1, 0});
    expect_same_answer({top_zoom(), last, 1});
    expect_same_answer({top_zoom(), 0, last});
}

TEST_F(MapcachePeer, returns_the_same_bytes_above_the_top_zoom) {
    ASSERT_GT(max_zoom(), top_zoom());
    const auto last = (std::int64_t{1} << max_zoom()) - 1;
    expect_same_answer({top_zoom() + 1, 3, 2});
    expect_same_answer({max_zoom(), 0, last});
    expect_same_answer({max_zoom(), 9, 6});
    expect_same_answer({max_zoom(), last, 0});
}

TEST_F(MapcachePeer, transfers_every_tile_of_the_package) {
    // mapcache_seed copies what it finds through our mapcache.xml, byte for byte, into files that
    // we can count.
    const test::TempFolder folder;
    auto config = test::read_text(package_.path() / "mapcache.xml");
    const auto end = config.rfind("</mapcache>");
    ASSERT_NE(end, std::string::npos) << config;
    config.insert(end, fmt::format(R"(
  <cache name="copies" type="disk" layout="template">
    <template>{}/{{z}}/{{x}}/{{inv_y}}.jpg</template>
  </cache>
  <tileset name="copy"><cache>copies</cache><grid>GoogleMapsCompatible</grid><format>JPEG</format></tileset>
)",
                                   folder.path().string()));
    test::write_file(package_.path() / "transfer.xml", config);

    const auto done =
        run({"mapcache_seed", "-c", "transfer.xml", "-t", "blue-marble", "-x", "copy", "-m",
             "transfer", "-g", "GoogleMapsCompatible", "-z", fmt::format("0,{}", max_zoom()), "-q"},
            {.input = {}, .cwd = package_.path(), .environment = {}});
    ASSERT_EQ(done.exit_code, 0) << done.out << done.err;

    std::int64_t copies = 0;
    for (const auto& name : test::names_below(folder.path())) {
        if (name.ends_with(".jpg")) {
            const auto served = client_.get(url_ + "/tiles/blue-marble/" + name);
            EXPECT_EQ(served.body, test::read_text(folder / name)) << name;
            ++copies;
        }
    }
    std::int64_t packed = 0;
    for (const auto& file : package_.manifest().files) {
        packed += file.tiles;
    }
    EXPECT_EQ(copies, packed);
}

}  // namespace
}  // namespace offgrid
