#include "serve/http_server.h"

#include "tests/serve/raw_connection.h"
#include "tests/support/errors.h"
#include "tests/support/http_client.h"

#include <gmock/gmock.h>

#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// A server on a free port that keeps what it reports.
struct TestServer {
    explicit TestServer(HttpServer::Handler handler, HttpServerOptions options = {})
        : server{(options.listen = "127.0.0.1:0", options), std::move(handler),
                 [this](std::string_view line) {
                     const std::lock_guard lock{mutex};
                     log.emplace_back(line);
                 }} {}

    std::vector<std::string> reported() {
        const std::lock_guard lock{mutex};
        return log;
    }

    std::mutex mutex;
    std::vector<std::string> log;
    HttpServer server;
};

/// Answers with the request in words.
Response echo(const Request& request) {
    return text_response(200, std::string{request.method} + " " + std::string{request.path} + " " +
                                  std::string{request.if_none_match});
}

TEST(HttpServer, hands_on_the_query_field_by_field) {
    TestServer running{[](const Request& request) {
        std::string text;
        for (const auto& [name, value] : request.query) {
            text += std::string{name} + "=" + std::string{value} + ";";
        }
        return text_response(200, text);
    }};
    HttpClient client;
    EXPECT_EQ(client.get(running.server.url() + "/?b=%20d&a=1+2&&a=3&flag&=x&e=").body,
              "b=%20d;a=1 2;=;a=3;flag=;=x;e=;\n");
    EXPECT_EQ(client.get(running.server.url() + "/").body, "\n");
}

TEST(HttpServer, hands_on_the_path_as_it_was_sent_and_without_the_query) {
    TestServer running{echo};
    HttpClient client;
    EXPECT_EQ(client.get(running.server.url() + "/a%20b/%2e%2e/%00?c=%20d").body,
              "GET /a%20b/%2e%2e/%00 \n");
    EXPECT_EQ(client.get(running.server.url() + "/", {"If-None-Match: \"x\""}).body,
              "GET / \"x\"\n");
}

TEST(HttpServer, answers_many_requests_on_one_connection) {
    TestServer running{echo};
    RawConnection connection{running.server.port()};
    for (const auto* path : {"/1", "/2", "/3"}) {
        connection.send(std::string{"GET "} + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        std::string answer;
        while (!answer.ends_with(std::string{"GET "} + path + " \n")) {
            const auto more = connection.receive(1);
            ASSERT_FALSE(more.empty()) << answer;
            answer += more;
        }
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    }
}

TEST(HttpServer, sends_the_length_but_no_body_to_head_and_with_304) {
    TestServer running{[](const Request& request) {
        auto response = text_response(request.method == "HEAD" ? 200 : 304, "123456789");
        return response;
    }};
    RawConnection connection{running.server.port()};
    connection.send(
        "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const auto answers = connection.receive_rest();

    const auto second = answers.find("\r\n\r\n") + 4;
    EXPECT_THAT(answers.substr(0, second), HasSubstr("Content-Length: 10"));
    EXPECT_THAT(answers.substr(second), StartsWith("HTTP/1.1 304"));
    EXPECT_THAT(answers, EndsWith("\r\n\r\n"));
}

TEST(HttpServer, answers_other_methods_before_their_body_and_closes) {
    TestServer running{echo};
    RawConnection connection{running.server.port()};
    connection.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
    const auto answer = connection.receive_rest();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(answer, EndsWith("POST /x \n"));
}

TEST(HttpServer, reads_past_the_body_of_a_get) {
    TestServer running{echo};
    RawConnection connection{running.server.port()};
    connection.send(
        "GET /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        "GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(connection.receive_rest(),
                testing::AllOf(HasSubstr("GET /1 \n"), EndsWith("GET /2 \n")));
}

TEST(HttpServer, refuses_what_is_too_long_or_no_http) {
    TestServer running{echo};
    for (const auto& [sent, status] : std::vector<std::pair<std::string, std::string>>{
             {"GET /" + std::string(60'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 414"},
             {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(60'000, 'a') + "\r\n\r\n",
              "HTTP/1.1 431"},
             {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
         }) {
        RawConnection connection{running.server.port()};
        connection.send(sent);
        EXPECT_THAT(connection.receive_rest(), StartsWith(status)) << sent.substr(0, 60);
    }
    for (const auto& garbage :
         {std::string(200, '\0') + "\r\n\r\n", std::string{"\x16\x03\x01\x02 hello\r\n\r\n"}}) {
        RawConnection connection{running.server.port()};
        connection.send(garbage);
    }
    EXPECT_EQ(HttpClient{}.get(running.server.url() + "/").status, 200);
}

TEST(HttpServer, answers_500_when_the_handler_throws_and_goes_on) {
    TestServer running{[](const Request& request) -> Response {
        if (request.path == "/bad") {
            throw Error{Errc::io, "the disk of /srv is gone"};
        }
        return echo(request);
    }};
    HttpClient client;
    const auto answer = client.get(running.server.url() + "/bad");
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body, "internal error\n");
    EXPECT_EQ(client.get(running.server.url() + "/good").status, 200);
    EXPECT_THAT(running.reported(), ElementsAre("GET /bad: the disk of /srv is gone"));
}

TEST(HttpServer, finishes_running_requests_when_it_is_drained) {
    std::promise<void> entered;
    std::promise<void> may_leave;
    TestServer running{[&](const Request&) {
        entered.set_value();
        may_leave.get_future().wait();
        return text_response(200, std::string(300'000, 'x'));
    }};
    const auto url = running.server.url();
    auto answer = std::async(std::launch::async, [&] { return HttpClient{}.get(url + "/"); });
    entered.get_future().wait();
    auto drained = std::async(std::launch::async,
                              [&] { return running.server.drain(std::chrono::seconds{20}); });
    may_leave.set_value();

    EXPECT_TRUE(drained.get());
    const auto response = answer.get();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body.size(), 300'001U);
    EXPECT_EQ(HttpClient{}.get(url + "/").status, 0) << "no more connections";
}

TEST(HttpServer, gives_up_on_a_client_that_does_not_read_its_answer) {
    TestServer running{
        [](const Request&) { return text_response(200, std::string(20'000'000, 'x')); }};
    RawConnection sleepy{running.server.port(), 4096};
    sleepy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    sleepy.receive(100);
    EXPECT_FALSE(running.server.drain(std::chrono::milliseconds{300}));
}

TEST(HttpServer, is_not_delayed_by_idle_connections) {
    TestServer running{echo};
    EXPECT_EQ(HttpClient{}.get(running.server.url() + "/").status, 200);
    std::vector<RawConnection> idle;
    for (int i = 0; i < 200; ++i) {
        idle.emplace_back(running.server.port());
    }
    EXPECT_EQ(HttpClient{}.get(running.server.url() + "/").status, 200);
    EXPECT_TRUE(running.server.drain(std::chrono::seconds{20}));
}

TEST(HttpServer, says_when_its_address_is_taken) {
    TestServer running{echo};
    const HttpServerOptions same{.listen = "127.0.0.1:" + std::to_string(running.server.port())};
    EXPECT_THAT([&] { HttpServer(same, echo, [](std::string_view) {}); },
                throws(Errc::busy, testing::AllOf(HasSubstr(same.listen), HasSubstr("in use"))));
}

}  // namespace
}  // namespace offgrid::test
