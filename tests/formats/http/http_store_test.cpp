#include "formats/http/http_store.h"

#include "formats/image/blank.h"
#include "tests/formats/http/servers.h"
#include "tests/support/errors.h"
#include "tests/support/free_port.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::png_bytes;
using test::png_slice;
using test::signed_options;
using test::StubServer;
using test::TempFolder;
using test::throws;
using test::word_in;
using testing::_;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr TileKey world{0, 0, 0};

class HttpStoreTest : public testing::Test {
protected:
    HttpOptions options(const std::string& path = "/{z}/{x}/{y}.{ext}") const {
        return {.name = "c", .url = server_.url() + path};
    }

    /// Reads tiles that the stub answers as `misbehaviour` says.
    HttpReader bad(const std::string& misbehaviour) const {
        return HttpReader{options("/bad/" + misbehaviour + "/{z}.{ext}"), png_slice()};
    }

    std::string last_path() const { return server_.requests().back().path; }

    StubServer server_;
};

// --- URLs

TEST_F(HttpStoreTest, urls_are_those_of_mapcache) {
    auto slice = png_slice();
    const auto path_of = [&](const std::string& path) {
        HttpReader{options(path), slice}.get({2, 1, 0});
        return last_path();
    };
    EXPECT_EQ(path_of("/{tileset}/{grid}/{z}/{x}/{y}.{ext}"), "/t/GoogleMapsCompatible/2/1/3.png");
    EXPECT_EQ(path_of("/{inv_z}/{inv_x}/{inv_y}"), "/28/2/0");
    EXPECT_EQ(path_of("/{y}/{inv_y}"), "/3/%7Binv_y%7D") << "either, or";
    EXPECT_EQ(path_of("/?z={z}&x={x}"), "/%3Fz%3D2%26x%3D1") << "no query strings";
    EXPECT_EQ(path_of("/{dim}/{z}"), "/%7Bdim%7D/2") << "without dimensions it stays";
    slice.values.dimensions = {{"d1", "a.b/c"}, {"d2", "v 2"}};
    EXPECT_EQ(path_of("/{dim}/{z}"), "/%23d2%23v+2%23d1%23a.b/c/2") << "last declared first";
    EXPECT_EQ(path_of("/{dim:d1}"), "/a.b/c");
}

TEST_F(HttpStoreTest, a_query_that_is_meant_reaches_the_server) {
    auto with_query = options("/tiles?z={z}&x={x}&y={inv_y}");
    with_query.keeps_query = true;
    HttpReader{with_query, png_slice()}.get({2, 1, 0});
    EXPECT_EQ(last_path(), "/tiles?z=2&x=1&y=0");
}

TEST_F(HttpStoreTest, a_dimension_cannot_lead_to_another_path) {
    for (const auto* value : {"..", ".", "../../secret", "a/../b", "a/.."}) {
        auto slice = png_slice();
        slice.values.dimensions = {{"time", value}};
        const HttpReader reader{options("/public/{dim:time}/{z}"), slice};
        EXPECT_THAT([&] { reader.get(world); },
                    throws(Errc::invalid_argument, HasSubstr("leads to another path")))
            << value;
    }
    EXPECT_TRUE(server_.requests().empty());
}

TEST_F(HttpStoreTest, refuses_options_that_no_request_can_be_made_of) {
    const std::pair<const char*, const char*> urls[] = {
        {"ftp://h/{z}", "neither http nor https"},
        {"/srv/{z}", "neither http nor https"},
        {"http:///{z}", "needs a host"},
        {"http://h", "needs a host and a path"},
        {"http://{dim:host}/{z}", "choose the server"}};
    for (const auto& [url, why] : urls) {
        EXPECT_THAT([&] { HttpReader({.name = "c", .url = url}, png_slice()); },
                    throws(Errc::invalid_argument, AllOf(HasSubstr("cache 'c'"), HasSubstr(why))))
            << url;
    }
    const auto refuses = [&](decltype(HttpOptions::signature) signature, const char* why) {
        auto bad_options = options();
        bad_options.signature = std::move(signature);
        EXPECT_THAT([&] { HttpReader(bad_options, png_slice()); },
                    throws(Errc::invalid_argument, HasSubstr(why)));
    };
    refuses(S3Signature{.id = "i", .secret = "s"}, "no region");
    refuses(AzureSignature{.id = "i"}, "no id and secret");
    refuses(GoogleSignature{.secret = "s"}, "no access and secret");
    auto bad_header = options();
    bad_header.by_operation[HttpOperation::put].headers = {{"X-A", "1\r\nX-B: 2"}};
    EXPECT_THAT([&] { HttpWriter(bad_header, png_slice()); },
                throws(Errc::invalid_argument, HasSubstr("more than one line")));
}

TEST_F(HttpStoreTest, says_where_a_client_may_be_sent) {
    auto redirecting = options();
    EXPECT_EQ(HttpReader(redirecting, png_slice()).redirect_url(world), std::nullopt);
    redirecting.uses_redirects = true;
    const HttpReader reader{redirecting, png_slice()};
    EXPECT_EQ(reader.redirect_url(world), server_.url() + "/0/0/0.png");
    EXPECT_EQ(reader.redirect_url({0, 1, 0}), std::nullopt);
    redirecting.url = "http://user:secret@h/{z}";
    EXPECT_EQ(HttpReader(redirecting, png_slice()).redirect_url(world), std::nullopt);
}

// --- Headers

TEST_F(HttpStoreTest, headers_of_the_operation_win_over_common_ones_and_generated_ones_over_all) {
    auto configured = options();
    configured.common.headers = {
        {"X-Common", "common"}, {"X-Both", "common"}, {"Content-Type", "common"}};
    configured.by_operation[HttpOperation::put].headers = {{"x-both", "put"},
                                                           {"Content-Length", "3"}};
    configured.by_operation[HttpOperation::head].headers = {{"X-Both", "head"}};
    HttpWriter writer{configured, png_slice()};
    const HttpReader reader{configured, png_slice()};

    writer.put(world, png_bytes("w"));
    reader.exists(world);
    reader.get(world);
    writer.erase(world);

    const auto requests = server_.requests();
    ASSERT_EQ(requests.size(), 4U);
    EXPECT_EQ(requests[0].headers.at("x-both"), "put");
    EXPECT_EQ(requests[0].headers.at("content-type"), "image/png");
    EXPECT_EQ(requests[0].headers.at("content-length"), "9");
    EXPECT_EQ(requests[1].headers.at("x-both"), "head");
    EXPECT_EQ(requests[2].headers.at("x-both"), "common");
    EXPECT_EQ(requests[3].method, "DELETE");
    for (const auto& request : requests) {
        EXPECT_EQ(request.headers.at("x-common"), "common") << request.method;
    }
}

TEST_F(HttpStoreTest, the_media_type_is_the_one_of_the_bytes_where_none_is_configured) {
    auto slice = png_slice();
    slice.media_type.clear();
    HttpWriter writer{options(), slice};
    const auto type_of = [&](BytesView content) {
        writer.put(world, content);
        return server_.requests().back().headers.at("content-type");
    };
    EXPECT_EQ(type_of(as_bytes("\xFF\xD8\xFF\xE0 a JPEG")), "image/jpeg");
    EXPECT_EQ(type_of(png_bytes("w")), "image/png");
    EXPECT_EQ(type_of(as_bytes("anything")), "image/png") << "as the extension says";
}

// --- Tiles

TEST_F(HttpStoreTest, tells_when_a_tile_was_modified) {
    HttpWriter{options(), png_slice()}.put(world, png_bytes("w"));
    const auto tile = HttpReader{options(), png_slice()}.get(world);
    ASSERT_TRUE(tile);
    EXPECT_EQ(tile->modified,
              std::chrono::sys_days{std::chrono::year{2013} / 5 / 24});  // what the stub says
}

TEST_F(HttpStoreTest, exists_asks_without_the_content) {
    HttpWriter{options(), png_slice()}.put(world, png_bytes("w"));
    const HttpReader reader{options(), png_slice()};
    EXPECT_TRUE(reader.exists(world));
    EXPECT_EQ(server_.requests().back().method, "HEAD");
    EXPECT_FALSE(reader.exists({1, 0, 0}));
    EXPECT_FALSE(reader.exists({1, 2, 0})) << "outside the grid";
}

TEST_F(HttpStoreTest, a_tile_outside_the_grid_or_without_content_is_not_sent) {
    HttpWriter writer{options(), png_slice()};
    EXPECT_THAT(
        [&] {
            writer.put({1, 2, 0}, png_bytes("w"));
        },
        throws(Errc::invalid_argument, HasSubstr("1/2/0 is outside the grid")));
    EXPECT_THAT([&] { writer.put(world, {}); },
                throws(Errc::invalid_argument, HasSubstr("has no content")));
    EXPECT_TRUE(server_.requests().empty());
}

TEST_F(HttpStoreTest, a_transparent_tile_is_left_out_and_takes_an_older_one_along) {
    auto sparing = options();
    sparing.leaves_out_blank = true;
    HttpWriter writer{sparing, png_slice()};
    const auto transparent = blank_png({}, 256, 256);
    const auto white = blank_png({{255, 255, 255, 255}}, 256, 256);

    writer.put(world, white);
    const HttpReader reader{options(), png_slice()};
    EXPECT_EQ(reader.get(world)->content, white) << "one colour, but not transparent";
    writer.put(world, transparent);
    EXPECT_EQ(reader.get(world), std::nullopt);

    HttpWriter{options(), png_slice()}.put(world, transparent);
    EXPECT_EQ(reader.get(world)->content, transparent) << "unless the options ask for it";
}

// --- Failure is neither absence nor presence

TEST_F(HttpStoreTest, what_the_server_says_is_absent_is_absent) {
    EXPECT_EQ(bad("gone").get(world), std::nullopt);
    EXPECT_FALSE(bad("gone").exists(world));
    EXPECT_EQ(bad("hidden").get(world), std::nullopt) << "403 with NoSuchKey";
}

TEST_F(HttpStoreTest, every_other_status_is_a_failure_that_says_why) {
    const std::pair<const char*, Errc> cases[] = {
        {"forbidden", Errc::denied}, {"broken", Errc::io},     {"overloaded", Errc::busy},
        {"throttled", Errc::busy},   {"full", Errc::no_space}, {"heavy", Errc::too_large},
        {"conflict", Errc::io},      {"nowhere", Errc::io}};
    for (const auto& [name, code] : cases) {
        EXPECT_THAT([&] { bad(name).get(world); },
                    throws(code, HasSubstr(fmt::format("cache 'c': GET {}/bad/{}/0.png: answered",
                                                       server_.url(), name))));
        EXPECT_THAT([&] { bad(name).exists(world); }, throws(code, HasSubstr(": HEAD ")));
        HttpWriter writer{options(fmt::format("/bad/{}/{{z}}", name)), png_slice()};
        EXPECT_THAT([&] { writer.put(world, png_bytes("w")); }, throws(code, HasSubstr(": PUT ")));
        EXPECT_THAT([&] { writer.erase(world); }, throws(code, HasSubstr(": DELETE ")));
    }
    EXPECT_THAT([&] { bad("forbidden").get(world); },
                throws(Errc::denied, HasSubstr("answered 403: <Error><Code>AccessDenied</Code>"
                                               "<Message>Access Denied?[2J")));
}

TEST_F(HttpStoreTest, a_server_that_misbehaves_is_a_failure) {
    const std::pair<const char*, Errc> cases[] = {
        {"truncated", Errc::io},  {"garbage", Errc::io},    {"closed", Errc::io},
        {"empty", Errc::corrupt}, {"login", Errc::corrupt}, {"huge", Errc::too_large}};
    for (const auto& [name, code] : cases) {
        EXPECT_THAT([&] { bad(name).get(world); }, throws(code, HasSubstr("cache 'c': GET ")))
            << name;
    }
    EXPECT_THAT([&] { bad("login").get(world); },
                throws(Errc::corrupt, HasSubstr("answered text/html")));
}

TEST_F(HttpStoreTest, a_raw_format_may_be_anything) {
    auto slice = png_slice();
    slice.info.format = std::nullopt;
    slice.values.extension = "json";
    const HttpReader reader{options("/bad/login/{z}"), slice};
    EXPECT_THAT(std::string{as_text(reader.get(world)->content)}, HasSubstr("sign in"));
    slice.values.extension = "xxx";  // MapCache's for PNG and JPEG mixed
    EXPECT_THAT([&] { HttpReader(options("/bad/login/{z}"), slice).get(world); },
                throws(Errc::corrupt, HasSubstr("text/html")));
}

TEST_F(HttpStoreTest, a_server_that_is_slow_is_busy) {
    auto hasty = options("/bad/slow/{z}");
    hasty.timeout = std::chrono::milliseconds{200};
    EXPECT_THAT([&] { HttpReader(hasty, png_slice()).get(world); },
                throws(Errc::busy, HasSubstr("timed out")));
}

TEST_F(HttpStoreTest, a_server_that_is_not_there_is_a_failure_and_not_presence) {
    // MapCache takes the failure for a tile that is there, and seeds nothing.
    const HttpOptions closed{.name = "c",
                             .url = fmt::format("http://127.0.0.1:{}/{{z}}", test::free_port())};
    EXPECT_THAT([&] { HttpReader(closed, png_slice()).exists(world); },
                throws(Errc::io, HasSubstr("Failed to connect")));
}

TEST_F(HttpStoreTest, messages_show_no_credentials) {
    auto secretive = options("/bad/forbidden/{z}?token=secret");
    secretive.url.insert(std::string{"http://"}.size(), "user:secret@");
    secretive.common.headers = {{"Authorization", "Bearer secret"}};
    EXPECT_THAT([&] { HttpReader(secretive, png_slice()).get(world); },
                throws(Errc::denied, AllOf(HasSubstr("/bad/forbidden/0"), Not(HasSubstr("secret")),
                                           Not(HasSubstr("user")))));
}

TEST_F(HttpStoreTest, a_collection_that_cannot_be_made_leaves_the_first_refusal) {
    HttpWriter writer{options("/bad/conflict/a/{z}"), png_slice()};
    EXPECT_THAT([&] { writer.put(world, png_bytes("w")); },
                throws(Errc::io, HasSubstr("answered 409: locked")));
    const auto asked = server_.requests().size();
    EXPECT_THAT([&] { writer.put({1, 0, 0}, png_bytes("w")); }, throws(Errc::io, _));
    EXPECT_EQ(server_.requests().size(), asked + 1) << "not tried for each tile";
}

// --- Redirects

TEST_F(HttpStoreTest, follows_up_to_three_redirects) {
    HttpWriter{options(), png_slice()}.put(world, png_bytes("w"));
    EXPECT_EQ(word_in(HttpReader(options("/to/3/{z}/{x}/{y}.{ext}"), png_slice()).get(world)), "w");
    EXPECT_TRUE(HttpReader(options("/to/3/{z}/{x}/{y}.{ext}"), png_slice()).exists(world));
    EXPECT_THAT([&] { HttpReader(options("/to/4/{z}"), png_slice()).get(world); },
                throws(Errc::io, HasSubstr("more than 3 redirects")));
    EXPECT_THAT([&] { bad("loop").get(world); },
                throws(Errc::io, HasSubstr("more than 3 redirects")));
    EXPECT_THAT([&] { bad("file").get(world); }, throws(Errc::invalid_argument, _));
}

TEST_F(HttpStoreTest, headers_do_not_follow_a_redirect_to_another_server) {
    auto secretive = options("/to/1/{z}");
    secretive.common.headers = {{"X-Api-Key", "secret"}};
    HttpReader{secretive, png_slice()}.get(world);
    const auto requests = server_.requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].headers.at("x-api-key"), "secret");
    EXPECT_EQ(requests[1].headers.count("x-api-key"), 0U);
}

// --- Signatures, computed anew by the stub from each request as it arrived

class SignedStoreTest : public testing::TestWithParam<const char*> {
protected:
    HttpOptions options(const std::string& path = "/tiles/{tileset}/{z}/{x}/{y}.{ext}") const {
        auto options = signed_options(GetParam());
        options.url = server_.url() + path;
        return options;
    }

    StubServer server_{GetParam()};
};

TEST_P(SignedStoreTest, every_operation_is_signed) {
    HttpWriter writer{options(), png_slice()};
    const HttpReader reader{options(), png_slice()};
    writer.put(world, png_bytes("w"));
    EXPECT_TRUE(reader.exists(world));
    EXPECT_EQ(word_in(reader.get(world)), "w");
    writer.erase(world);
    EXPECT_FALSE(reader.exists(world));
    EXPECT_EQ(reader.get(world), std::nullopt);
}

TEST_P(SignedStoreTest, configured_headers_and_odd_paths_are_signed_as_they_are_sent) {
    auto odd = options("/tiles/{tileset}/{dim}/{z} {x}/é&?=+.{ext}");
    odd.common.headers = {{"X-Note", "  spaced  out  "},
                          {"Range", "bytes=0-9"},
                          {"x-amz-meta-a", "1"},
                          {"x-goog-meta-a", "1"},
                          {"x-ms-meta-a", "1"},
                          {"Content-Encoding", "identity"},
                          {"Accept", ""}};
    auto slice = png_slice();
    slice.values.dimensions = {{"time", "2020-01-01T00:00:00Z"}};
    HttpWriter{odd, slice}.put(world, png_bytes("w"));
    EXPECT_EQ(word_in(HttpReader(odd, slice).get(world)), "w");
}

TEST_P(SignedStoreTest, a_wrong_secret_is_denied) {
    auto wrong = options();
    std::visit(
        [](auto& signature) {
            if constexpr (requires { signature.secret; }) {
                signature.secret = "AAAA";
            }
        },
        wrong.signature);
    EXPECT_THAT([&] { HttpWriter(wrong, png_slice()).put(world, png_bytes("w")); },
                throws(Errc::denied, HasSubstr("SignatureDoesNotMatch")));
    EXPECT_THAT([&] { HttpReader(wrong, png_slice()).exists(world); }, throws(Errc::denied, _));
}

TEST_P(SignedStoreTest, a_missing_bucket_is_a_failure_and_not_absence) {
    EXPECT_THAT([&] { HttpReader(options("/bad/no-bucket/{z}"), png_slice()).get(world); },
                throws(Errc::not_found, HasSubstr("NoSuchBucket")));
}

TEST_P(SignedStoreTest, signatures_do_not_follow_a_redirect) {
    HttpReader{options("/to/1/bad/gone/{z}"), png_slice()}.get(world);
    const auto requests = server_.requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[0].headers.count("authorization"), 1U);
    EXPECT_EQ(requests[1].headers.count("authorization"), 0U);
}

INSTANTIATE_TEST_SUITE_P(Stub, SignedStoreTest,
                         testing::Values("s3", "azure", "google-v2", "google-v4"),
                         [](const auto& tested) {
                             std::string name{tested.param};
                             std::erase(name, '-');
                             return name;
                         });

TEST(S3StoreTest, a_head_that_is_forbidden_may_mean_an_absent_tile_and_says_so) {
    const StubServer server{"s3"};
    auto options = signed_options("s3");
    options.url = server.url() + "/bad/forbidden/{z}";
    EXPECT_THAT([&] { HttpReader(options, png_slice()).exists(world); },
                throws(Errc::denied, HasSubstr("may not list the bucket")));
}

}  // namespace
}  // namespace offgrid
