#include "formats/http/http_client.h"

#include "formats/http/headers.h"
#include "tests/formats/http/servers.h"
#include "tests/support/errors.h"
#include "tests/support/free_port.h"

#include <gmock/gmock.h>

namespace offgrid::http {
namespace {

using test::StubServer;
using test::throws;
using testing::_;
using testing::HasSubstr;

class HttpClientTest : public testing::Test {
protected:
    Answer get(const std::string& path) {
        return client_.send({.method = "GET", .url = server_.url() + path});
    }

    StubServer server_;
    Client client_{{.timeout = std::chrono::seconds{30}}};
};

TEST_F(HttpClientTest, hands_over_status_headers_and_body) {
    const auto url = server_.url() + "/a";
    const auto put = client_.send({.method = "PUT",
                                   .url = url,
                                   .headers = {{"Content-Type", "image/png"}},
                                   .body = as_bytes("content")});
    EXPECT_EQ(put.status, 201);
    const auto answer = get("/a");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(as_text(answer.body), "content");
    EXPECT_EQ(find_header(answer.headers, "content-type"), "image/png");
    const auto head = client_.send({.method = "HEAD", .url = url});
    EXPECT_EQ(head.status, 200);
    EXPECT_TRUE(head.body.empty());
    EXPECT_EQ(client_.send({.method = "DELETE", .url = url}).status, 204);
    EXPECT_EQ(get("/a").status, 404);
}

TEST_F(HttpClientTest, sends_the_path_as_it_is) {
    get("/a/../b/%2e%2E/./c+d");
    EXPECT_EQ(server_.requests().back().path, "/a/../b/%2e%2E/./c+d");
}

TEST_F(HttpClientTest, does_not_ask_whether_it_may_send) {
    const std::string large(2'000'000, 'x');
    client_.send({.method = "PUT",
                  .url = server_.url() + "/a",
                  .headers = {{"Content-Type", "image/png"}},
                  .body = as_bytes(large)});
    EXPECT_EQ(server_.requests().back().headers.count("expect"), 0U);
    EXPECT_EQ(get("/a").body.size(), large.size());
}

TEST_F(HttpClientTest, a_header_without_value_is_not_sent) {
    client_.send(
        {.method = "GET", .url = server_.url() + "/a", .headers = {{"Accept", ""}, {"X-A", "1"}}});
    const auto headers = server_.requests().back().headers;
    EXPECT_EQ(headers.count("accept"), 0U);
    EXPECT_EQ(headers.at("x-a"), "1");
}

TEST_F(HttpClientTest, keeps_the_beginning_of_a_refusal) {
    const Client small{{.max_body_bytes = 10'000}};
    EXPECT_EQ(small.send({.method = "GET", .url = server_.url() + "/bad/broken/"}).body.size(),
              5000U);
}

TEST_F(HttpClientTest, does_not_follow_redirects_by_itself) {
    const auto answer = get("/to/1/elsewhere");
    EXPECT_EQ(answer.status, 302);
    EXPECT_THAT(answer.location, testing::EndsWith("/elsewhere"));
}

TEST_F(HttpClientTest, bounds_what_a_server_sends) {
    EXPECT_THAT([&] { get("/bad/huge/"); },
                throws(Errc::too_large, HasSubstr("more than 67108864 bytes")));
    EXPECT_THAT([&] { get("/bad/headers/"); }, throws(Errc::too_large, HasSubstr("65536")));
}

TEST_F(HttpClientTest, a_transfer_that_ends_early_is_a_failure) {
    EXPECT_THAT([&] { get("/bad/truncated/"); }, throws(Errc::io, HasSubstr("remaining")));
    EXPECT_THAT([&] { get("/bad/closed/"); }, throws(Errc::io, HasSubstr("Empty reply")));
}

TEST_F(HttpClientTest, an_answer_that_is_no_http_is_a_failure) {
    EXPECT_THAT([&] { get("/bad/garbage/"); }, throws(Errc::io, HasSubstr("HTTP/0.9")));
}

TEST_F(HttpClientTest, a_server_that_does_not_answer_in_time_is_busy) {
    const Client hasty{{.timeout = std::chrono::milliseconds{200}}};
    EXPECT_THAT([&] { hasty.send({.method = "GET", .url = server_.url() + "/bad/slow/"}); },
                throws(Errc::busy, HasSubstr("timed out")));
}

TEST_F(HttpClientTest, is_good_for_further_requests_after_a_failure) {
    EXPECT_THROW(get("/bad/truncated/"), Error);
    EXPECT_EQ(get("/bad/gone/").status, 410);
}

TEST_F(HttpClientTest, a_server_that_is_not_there_is_told_from_one_that_fails) {
    const auto url = fmt::format("http://127.0.0.1:{}/", test::free_port());
    EXPECT_THROW(client_.send({.method = "GET", .url = url}), Unreachable);
    EXPECT_THROW(client_.send({.method = "GET", .url = "http://no-such-host.invalid/"}),
                 Unreachable);
}

TEST_F(HttpClientTest, speaks_http_only) {
    for (const auto* url : {"file:///etc/hostname", "ftp://h/a", "gopher://h/a"}) {
        EXPECT_THAT([&] { client_.send({.method = "GET", .url = url}); },
                    throws(Errc::invalid_argument, _))
            << url;
    }
}

}  // namespace
}  // namespace offgrid::http
