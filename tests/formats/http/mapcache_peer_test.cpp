// Debian's MapCache writes what we read and serves what we write, through the same servers.

#include "formats/http/http_store.h"
#include "formats/image/blank.h"
#include "tests/formats/http/servers.h"
#include "tests/support/mapcache.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::png_slice;
using test::run;
using test::StubServer;
using test::TempFolder;
using testing::HasSubstr;

const std::vector<TileKey> keys{{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 0, 1}, {1, 1, 1}};

/// A real image, another one for each tile.
Bytes tile_of(const TileKey& key) {
    const auto shade = static_cast<std::uint8_t>(40 + 50 * key.x + 100 * key.y);
    return blank_png({{shade, static_cast<std::uint8_t>(10 * key.z), 7, 255}}, 256, 256);
}

std::int64_t south_row(const TileKey& key) {
    return Grid::google_maps_compatible().flip(key.z, key.y);
}

/// A configuration of MapCache with a tileset `files` in a folder of PNGs and a tileset `t` in the
/// cache under test.
class Mapcache {
public:
    /// `cache` is the content of the element.
    Mapcache(const std::string& type, const std::string& cache) {
        test::write_file(folder_ / "mapcache.xml",
                         fmt::format(R"(<mapcache>
  <cache name="files" type="disk" layout="template"><template>{0}/{{z}}-{{x}}-{{y}}.png</template></cache>
  <cache name="served" type="{1}">{2}</cache>
  <tileset name="files"><cache>files</cache><grid>GoogleMapsCompatible</grid><format>PNG</format></tileset>
  <tileset name="t"><cache>served</cache><grid>GoogleMapsCompatible</grid><format>PNG</format></tileset>
  <service type="tms" enabled="true"/>
  <errors>report</errors>
  <lock_dir>{0}</lock_dir>
</mapcache>)",
                                     folder_.path().string(), type, cache));
    }

    /// Let the seeder write every tile into the cache under test, as it is.
    void write_tiles() {
        for (const auto& key : keys) {
            const auto tile = tile_of(key);
            test::write_file(folder_ / fmt::format("{}-{}-{}.png", key.z, key.x, south_row(key)),
                             as_text(tile));
        }
        const auto done = run(
            {"mapcache_seed", "-c", (folder_ / "mapcache.xml").string(), "-t", "files", "-x", "t",
             "-m", "transfer", "-g", "GoogleMapsCompatible", "-z", "0,1", "-M", "1,1", "-q"},
            {.input = {}, .cwd = folder_.path(), .environment = {}});
        ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
    }

    /// What the CGI answers for the tile, without its headers.
    std::string serve(const TileKey& key) const {
        const auto answer = test::ask_mapcache(
            folder_ / "mapcache.xml", fmt::format("/tms/1.0.0/t@GoogleMapsCompatible/{}/{}/{}.png",
                                                  key.z, key.x, south_row(key)));
        return answer.body.empty() ? answer.headers : answer.body;
    }

private:
    TempFolder folder_;
};

void expect_read(const HttpOptions& options) {
    const HttpReader reader{options, png_slice()};
    for (const auto& key : keys) {
        const auto tile = reader.get(key);
        ASSERT_TRUE(tile) << key.z << '/' << key.x << '/' << key.y;
        EXPECT_EQ(tile->content, tile_of(key));
        EXPECT_TRUE(reader.exists(key));
    }
}

void expect_served(const HttpOptions& options, const Mapcache& mapcache) {
    HttpWriter writer{options, png_slice()};
    for (const auto& key : keys) {
        writer.put(key, tile_of(key));
    }
    for (const auto& key : keys) {
        EXPECT_EQ(mapcache.serve(key), as_text(tile_of(key)))
            << key.z << '/' << key.x << '/' << key.y;
    }
}

// --- rest, Apache with WebDAV

struct MapcacheRestPeer : testing::Test {
    test::ApacheDav server;
    std::string url = server.url() + "/{tileset}@{grid}/{z}/{x}-{inv_y}.{ext}";
    HttpOptions options{.name = "rest", .url = url};
    Mapcache mapcache{"rest", fmt::format("<url>{}</url>", url)};
};

TEST_F(MapcacheRestPeer, its_tiles_are_read) {
    // It creates no folders.
    const auto folder = server.folder() / "t@GoogleMapsCompatible";
    for (const auto* zoom : {"0", "1"}) {
        fs::create_directories(folder / zoom);
        fs::permissions(folder / zoom, fs::perms::all);
    }
    mapcache.write_tiles();
    expect_read(options);
}

TEST_F(MapcacheRestPeer, our_tiles_are_served) {
    expect_served(options, mapcache);
    EXPECT_EQ(test::read_text(server.folder() / "t@GoogleMapsCompatible/1/0-0.png"),
              as_text(tile_of({1, 0, 0})))
        << "the folders were created";
}

// --- s3, s3rver

struct MapcacheS3Peer : testing::Test {
    test::S3rver server;
    std::string url = server.url() + "/tiles/{tileset}/{z}/{x}/{y}.{ext}";
    HttpOptions options{
        .name = "s3",
        .url = url,
        .signature = S3Signature{
            .id = test::S3rver::key, .secret = test::S3rver::key, .region = "us-east-1"}};
    Mapcache mapcache{"s3", fmt::format("<url>{}</url><id>{}</id><secret>{}</secret>"
                                        "<region>us-east-1</region>"
                                        "<headers><Host>{}</Host></headers>",
                                        url, test::S3rver::key, test::S3rver::key,
                                        server.url().substr(std::string{"http://"}.size()))};
};

TEST_F(MapcacheS3Peer, its_tiles_are_read) {
    mapcache.write_tiles();
    expect_read(options);
}

TEST_F(MapcacheS3Peer, our_tiles_are_served) {
    expect_served(options, mapcache);
}

// --- azure, azurite

struct MapcacheAzurePeer : testing::Test {
    test::Azurite server;
    std::string url = fmt::format("{}/{}/tiles/{{tileset}}/{{z}}/{{x}}/{{y}}.{{ext}}", server.url(),
                                  test::Azurite::account);
    HttpOptions options{
        .name = "azure",
        .url = url,
        .signature = AzureSignature{
            .id = test::Azurite::account, .secret = test::Azurite::secret, .container = "tiles"}};
    Mapcache mapcache{"azure", fmt::format("<url>{}</url><id>{}</id><secret>{}</secret>"
                                           "<container>tiles</container>",
                                           url, test::Azurite::account, test::Azurite::secret)};
};

TEST_F(MapcacheAzurePeer, its_tiles_are_read) {
    mapcache.write_tiles();
    expect_read(options);
}

TEST_F(MapcacheAzurePeer, our_tiles_are_served) {
    expect_served(options, mapcache);
}

// --- google, s3rver, whose signature of version 2 is the same

struct MapcacheGooglePeer : testing::Test {
    test::S3rver server;
    std::string url = server.url() + "/tiles/{tileset}/{z}/{x}/{y}.{ext}";
    HttpOptions options{
        .name = "google",
        .url = url,
        .signature = GoogleSignature{.access = test::S3rver::key, .secret = test::S3rver::key}};
    Mapcache mapcache{"google", fmt::format("<url>{}</url><access>{}</access><secret>{}</secret>",
                                            url, test::S3rver::key, test::S3rver::key)};
};

TEST_F(MapcacheGooglePeer, its_tiles_are_read) {
    mapcache.write_tiles();
    expect_read(options);
}

TEST_F(MapcacheGooglePeer, our_tiles_are_served) {
    expect_served(options, mapcache);
}

// --- The stub that judges our signatures accepts MapCache's

struct MapcacheSignature : testing::TestWithParam<const char*> {};

TEST_P(MapcacheSignature, passes_the_check_that_ours_pass) {
    const std::string auth = GetParam();
    const StubServer server{auth};
    auto options = test::signed_options(auth);
    options.url = server.url() + "/tiles/{z}/{x}/{y}";
    const auto host = server.url().substr(std::string{"http://"}.size());
    const std::string key = "<id>test-id</id><secret>test-secret</secret>";
    Mapcache mapcache{
        auth.starts_with("google") ? "google" : auth,
        fmt::format(
            "<url>{}</url><headers><Host>{}</Host></headers>{}{}", options.url, host,
            auth == "google-v2" ? "<access>test-id</access><secret>test-secret</secret>" : key,
            auth == "s3" ? "<region>eu-test-1</region>" : "")};
    mapcache.write_tiles();
    expect_read(options);
}

INSTANTIATE_TEST_SUITE_P(Stub, MapcacheSignature, testing::Values("s3", "google-v2"),
                         [](const auto& tested) {
                             return std::string{tested.param} == "s3" ? "s3" : "google";
                         });

}  // namespace
}  // namespace offgrid
