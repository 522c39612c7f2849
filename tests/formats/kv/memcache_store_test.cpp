#include "formats/kv/memcache_store.h"

#include "formats/image/blank.h"
#include "tests/support/errors.h"
#include "tests/support/free_port.h"
#include "tests/support/mapcache.h"
#include "tests/support/memcached_server.h"
#include "tests/support/process.h"
#include "tests/support/store_contract.h"
#include "tests/support/stub_server.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::MemcachedServer;
using test::png_bytes;
using test::run;
using test::StubServer;
using test::TempFolder;
using test::throws;
using test::word_in;
using testing::HasSubstr;

TilesetSlice slice(const std::string& tileset = "t") {
    return {.values = {.tileset = tileset, .extension = "png"}};
}

MemcacheOptions at(std::initializer_list<int> ports) {
    MemcacheOptions options{.name = "m", .timeout = std::chrono::seconds{10}};
    for (const int port : ports) {
        options.servers.push_back({"127.0.0.1", port});
    }
    return options;
}

struct MemcacheStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        MemcacheWriter writer{at({one.port(), other.port()}), slice()};
        for (const auto& [key, word] : pyramid) {
            writer.put(key, png_bytes(word));
        }
        writer.commit();
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<MemcacheWriter>(at({one.port(), other.port()}), slice());
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<MemcacheReader>(at({one.port(), other.port()}), slice());
    }
    bool can_scan() const override { return false; }

    MemcachedServer one;
    MemcachedServer other;
};

}  // namespace

namespace test {
INSTANTIATE_TYPED_TEST_SUITE_P(Memcache, StoreContract, MemcacheStore);
}  // namespace test

namespace {

TEST(MemcacheStore, connects_again_after_a_restart_of_the_server) {
    MemcachedServer server;
    MemcacheWriter writer{at({server.port()}), slice()};
    writer.put({0, 0, 0}, png_bytes("before"));
    const MemcacheReader reader{at({server.port()}), slice()};
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "before");

    server.restart();
    EXPECT_EQ(reader.get({0, 0, 0}), std::nullopt);
    writer.put({0, 0, 0}, png_bytes("after"));
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "after");
}

TEST(MemcacheStore, fails_while_the_server_is_down) {
    MemcachedServer server;
    MemcacheWriter writer{at({server.port()}), slice()};
    writer.put({0, 0, 0}, png_bytes("w"));
    const MemcacheReader reader{at({server.port()}), slice()};
    EXPECT_TRUE(reader.exists({0, 0, 0}));

    server.stop();
    const auto names_the_server = HasSubstr(fmt::format("127.0.0.1:{}", server.port()));
    EXPECT_THAT([&] { reader.get({0, 0, 0}); }, throws(Errc::io, names_the_server));
    EXPECT_THAT([&] { reader.exists({0, 0, 0}); }, throws(Errc::io, HasSubstr("cache 'm'")));
    EXPECT_THAT([&] { writer.put({0, 0, 0}, png_bytes("x")); }, throws(Errc::io, HasSubstr("'m'")));
    EXPECT_THAT([&] { writer.erase({0, 0, 0}); }, throws(Errc::io, HasSubstr("'m'")));

    server.restart();
    writer.put({0, 0, 0}, png_bytes("again"));
    EXPECT_EQ(word_in(reader.get({0, 0, 0})), "again");
}

TEST(MemcacheStore, gives_up_on_a_server_that_says_nothing) {
    const StubServer server{""};
    auto options = at({server.port()});
    options.timeout = std::chrono::milliseconds{100};
    const MemcacheReader reader{options, slice()};
    EXPECT_THAT([&] { reader.get({0, 0, 0}); }, throws(Errc::busy, HasSubstr("cache 'm'")));
    MemcacheWriter writer{options, slice()};
    EXPECT_THAT(
        [&] {
            writer.put({0, 0, 0}, png_bytes("w"));
        },
        throws(Errc::busy, HasSubstr("cache 'm'")));
}

TEST(MemcacheStore, fails_on_a_server_that_talks_nonsense) {
    for (const char* const nonsense :
         {"HTTP/1.0 400 Bad Request\r\n\r\n", "VALUE\r\n", "VALUE x 0 -1\r\n\r\nEND\r\n",
          "VALUE k 0 99999999999999999999\r\n", "ERROR\r\n", "\r\n",
          "SERVER_ERROR out of memory\r\n",
          "VALUE t/GoogleMapsCompatible/0/0/0/png 0 3\r\nabcdefEND\r\n"}) {
        const StubServer server{nonsense};
        auto options = at({server.port()});
        options.timeout = std::chrono::milliseconds{200};
        const MemcacheReader reader{options, slice()};
        EXPECT_THAT(
            [&] {
                reader.get({0, 0, 0});
            },
            testing::Throws<Error>(testing::Property(&Error::what, HasSubstr("cache 'm'"))))
            << nonsense;
    }
}

TEST(MemcacheStore, refuses_a_tile_that_is_larger_than_the_server_takes) {
    const MemcachedServer server;
    MemcacheWriter writer{at({server.port()}), slice()};
    EXPECT_THAT(
        [&] {
            writer.put({1, 0, 0}, png_bytes(std::string(2 << 20, 'x')));
        },
        throws(Errc::too_large,
               testing::AllOf(HasSubstr("t/GoogleMapsCompatible/1/1/0/png"),
                              HasSubstr("2097168 bytes is larger than the server takes"))));
    writer.put({1, 1, 0}, png_bytes("next"));
    const MemcacheReader reader{at({server.port()}), slice()};
    EXPECT_EQ(reader.get({1, 0, 0}), std::nullopt);
    EXPECT_EQ(word_in(reader.get({1, 1, 0})), "next");
}

TEST(MemcacheStore, refuses_keys_that_memcached_does_not_take) {
    for (const auto& tileset : {std::string(250, 'n'), std::string{"a b"}, std::string{"a\nb"}}) {
        const MemcacheReader reader{at({test::free_port()}), slice(tileset)};
        EXPECT_THAT(
            [&] {
                reader.get({0, 0, 0});
            },
            throws(Errc::invalid_argument, HasSubstr("memcached takes no key like")))
            << tileset;
    }
}

TEST(MemcacheStore, lets_tiles_expire_when_told_so) {
    const MemcachedServer server;
    const auto expiry_of = [&](std::chrono::seconds expiry) {
        auto expiring = slice();
        expiring.expiry = expiry;
        MemcacheWriter{at({server.port()}), expiring}.put({0, 0, 0}, png_bytes("w"));
        const auto answer = run(
            {"bash", "-c",
             fmt::format("exec 3<>/dev/tcp/127.0.0.1/{} && printf "
                         "'mg t/GoogleMapsCompatible/0/0/0/png t\\r\\nquit\\r\\n' >&3 && cat <&3",
                         server.port())});
        return answer.out;
    };
    EXPECT_EQ(expiry_of(std::chrono::seconds{0}), "HD t-1\r\n");
    EXPECT_THAT(expiry_of(std::chrono::hours{1}), testing::AnyOf("HD t3600\r\n", "HD t3599\r\n"));
    EXPECT_THAT(expiry_of(std::chrono::hours{1'000}),
                testing::ContainsRegex("HD t(3600|3599)[0-9][0-9][0-9]"))
        << "memcached takes more than 30 days for a time since 1970";
}

TEST(MemcacheStore, marks_blank_tiles_when_told_so) {
    const MemcachedServer server;
    auto options = at({server.port()});
    options.marks_blank = true;
    const auto blank = blank_png({{0x1e, 0x14, 0x0a, 0xff}}, 256, 256);
    MemcacheWriter writer{options, slice()};
    writer.put({1, 0, 0}, blank);
    EXPECT_THAT(
        [&] {
            writer.put({1, 1, 0}, png_bytes("no image"));
        },
        throws(Errc::corrupt, HasSubstr("cannot decode PNG")));
    const auto tile = MemcacheReader{options, slice()}.get({1, 0, 0});
    ASSERT_TRUE(tile);
    EXPECT_EQ(tile->content, blank);
    const auto answer =
        run({"bash", "-c",
             fmt::format("exec 3<>/dev/tcp/127.0.0.1/{} && printf "
                         "'mg t/GoogleMapsCompatible/1/1/0/png s\\r\\nquit\\r\\n' >&3 && cat <&3",
                         server.port())});
    EXPECT_EQ(answer.out, "HD s13\r\n");
}

// --- MapCache

std::string config(const MemcachedServer& one, const MemcachedServer& other) {
    return fmt::format(R"(
  <cache name="m" type="memcache">
    <server><host>127.0.0.1</host><port>{}</port></server>
    <server><host>127.0.0.1</host><port>{}</port></server>
  </cache>
  <tileset name="seeded"><source>map</source><cache>m</cache><grid>GoogleMapsCompatible</grid>
    <format>PNG</format></tileset>
  <tileset name="t"><cache>m</cache><grid>GoogleMapsCompatible</grid><format>PNG</format></tileset>)",
                       one.port(), other.port());
}

class MemcachePeer : public testing::Test {
protected:
    std::string ask(const std::string& tileset, const TileKey& key) {
        return test::ask_mapcache(
                   config_,
                   fmt::format("/tms/1.0.0/{}@GoogleMapsCompatible/{}/{}/{}.png", tileset, key.z,
                               key.x, Grid::google_maps_compatible().row_from_origin(key)))
            .body;
    }

    TempFolder folder_;
    MemcachedServer one_;
    MemcachedServer other_;
    MemcacheOptions options_ = at({one_.port(), other_.port()});
    std::filesystem::path config_ =
        test::write_mapcache_config(folder_.path(), config(one_, other_));
};

TEST_F(MemcachePeer, finds_every_tile_that_mapcache_has_kept_on_two_servers) {
    // By the CGI, which makes what is missing: mapcache_seed 1.14 crashes with a second server.
    const MemcacheReader reader{options_, slice("seeded")};
    for (int x = 0; x < 4; ++x) {
        for (int y = 0; y < 4; ++y) {
            const auto served = ask("seeded", {2, x, y});
            const auto kept = reader.get({2, x, y});
            ASSERT_TRUE(kept) << x << '/' << y;
            EXPECT_TRUE(as_text(kept->content) == served) << x << '/' << y;
            EXPECT_GT(kept->modified, std::chrono::system_clock::now() - std::chrono::hours{1});
        }
    }
}

TEST_F(MemcachePeer, writes_what_mapcache_serves) {
    const auto pyramid = test::draw("z2: a b c d / e f g h / i j k l / m n o p");
    MemcacheWriter writer{options_, slice()};
    for (const auto& [key, word] : pyramid) {
        writer.put(key, png_bytes(word));
    }
    for (const auto& [key, word] : pyramid) {
        EXPECT_EQ(ask("t", key), test::png(word));
    }
}

}  // namespace
}  // namespace offgrid
