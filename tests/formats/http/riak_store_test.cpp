#include "formats/http/riak_store.h"

#include "tests/formats/http/servers.h"
#include "tests/support/errors.h"
#include "tests/support/free_port.h"
#include "tests/support/store_contract.h"

namespace offgrid {
namespace {

using test::png_bytes;
using test::png_slice;
using test::StubServer;
using test::throws;
using testing::AllOf;
using testing::HasSubstr;

RiakOptions options_for(const StubServer& server) {
    return {.name = "r", .servers = {{"127.0.0.1", server.port()}}, .bucket = "tiles"};
}

struct RiakStore final : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        const auto writer = create();
        for (const auto& [key, word] : pyramid) {
            writer->put(key, png_bytes(word));
        }
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<RiakWriter>(options_for(server), png_slice());
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<RiakReader>(options_for(server), png_slice());
    }
    bool can_scan() const override { return false; }

    StubServer server{"riak"};
};

}  // namespace
}  // namespace offgrid

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Riak, StoreContract, RiakStore);
}  // namespace offgrid::test

namespace offgrid {
namespace {

TEST(RiakStoreTest, keys_are_those_of_mapcache) {
    const StubServer server{"riak"};
    const auto path_of = [&](RiakOptions options, TilesetSlice slice) {
        RiakWriter{options, std::move(slice)}.put({2, 1, 0}, png_bytes("w"));
        return server.requests().back().path;
    };
    auto slice = png_slice();
    EXPECT_EQ(path_of(options_for(server), slice),
              "/buckets/tiles/keys/t%2FGoogleMapsCompatible%2F2%2F3%2F1%2Fpng")
        << "y before x, from the south";
    slice.values.dimensions = {{"time", "a b\t/.."}};
    EXPECT_EQ(path_of(options_for(server), slice),
              "/buckets/tiles/keys/t%2FGoogleMapsCompatible%2Fa%23b%23%2F..%2F2%2F3%2F1%2Fpng");
    auto options = options_for(server);
    options.bucket = "{tileset} of {grid}";
    options.key = "{z}-{inv_y}";
    EXPECT_EQ(path_of(options, slice), "/buckets/t%20of%20GoogleMapsCompatible/keys/2-0");
}

TEST(RiakStoreTest, a_server_that_cannot_be_reached_is_passed_over) {
    const StubServer server{"riak"};
    auto options = options_for(server);
    options.servers.insert(options.servers.begin(), {"127.0.0.1", test::free_port()});
    RiakWriter{options, png_slice()}.put({0, 0, 0}, png_bytes("w"));
    EXPECT_EQ(test::word_in(RiakReader(options, png_slice()).get({0, 0, 0})), "w");
}

TEST(RiakStoreTest, no_server_is_a_failure_and_not_absence) {
    const RiakOptions options{
        .name = "r", .servers = {{"127.0.0.1", test::free_port()}}, .bucket = "tiles"};
    const RiakReader reader{options, png_slice()};
    EXPECT_THAT(
        [&] {
            reader.get({0, 0, 0});
        },
        throws(Errc::io, AllOf(HasSubstr("cache 'r': GET /buckets/tiles/keys/"),
                               HasSubstr("Failed to connect"))));
    EXPECT_THAT([&] { reader.exists({0, 0, 0}); }, throws(Errc::io, HasSubstr("HEAD")));
}

TEST(RiakStoreTest, several_versions_of_a_tile_are_a_failure) {
    const StubServer server{"riak"};
    auto options = options_for(server);
    options.bucket = "siblings";
    const RiakReader reader{options, png_slice()};
    EXPECT_THAT([&] { reader.get({0, 0, 0}); }, throws(Errc::unsupported, HasSubstr("siblings")));
    EXPECT_THAT(
        [&] {
            reader.exists({0, 0, 0});
        },
        throws(Errc::unsupported, HasSubstr("siblings")));
}

TEST(RiakStoreTest, deletes_with_all_replicas_as_mapcache_does) {
    const StubServer server{"riak"};
    RiakWriter{options_for(server), png_slice()}.erase({0, 0, 0});
    EXPECT_THAT(server.requests().back().path, testing::EndsWith("?rw=all"));
}

TEST(RiakStoreTest, refuses_options_that_name_no_object) {
    const RiakOptions good{.name = "r", .servers = {{"h", 8098}}, .bucket = "b"};
    const auto refuses = [](const RiakOptions& options, const char* why) {
        EXPECT_THAT([&] { RiakReader(options, png_slice()); },
                    throws(Errc::invalid_argument, AllOf(HasSubstr("cache 'r'"), HasSubstr(why))));
    };
    auto options = good;
    options.servers.clear();
    refuses(options, "no server");
    options = good;
    options.servers = {{"h/x?", 8098}};
    refuses(options, "is no server");
    options.servers = {{"h", 0}};
    refuses(options, "is no server");
    options = good;
    options.bucket.clear();
    refuses(options, "no bucket");
}

TEST(RiakStoreTest, a_bucket_or_key_that_leads_elsewhere_is_refused) {
    const StubServer server{"riak"};
    auto options = options_for(server);
    options.key = "{dim:time}";
    auto slice = png_slice();
    slice.values.dimensions = {{"time", ".."}};
    EXPECT_THAT(
        [&] {
            RiakReader(options, slice).get({0, 0, 0});
        },
        throws(Errc::invalid_argument, HasSubstr("names no object")));
}

}  // namespace
}  // namespace offgrid
