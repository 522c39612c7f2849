#include "serve/connection_watch.h"

#include "formats/base/descriptor_limit.h"
#include "serve/http_server.h"
#include "tests/serve/raw_connection.h"
#include "tests/support/http_client.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

namespace offgrid::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{20};

/// A server on a free port with these limits; `/large` is more than buffers hold.
struct LimitedServer {
    explicit LimitedServer(const ConnectionLimits& limits)
        : server{
              {.listen = "127.0.0.1:0", .threads = 2, .limits = limits, .statistics = &statistics},
              [](const Request& request) {
                  return text_response(
                      200, std::string(request.path == "/large" ? 30'000'000 : 10, 'x'));
              },
              [](std::string_view) {}} {}

    int status() { return HttpClient{}.get(server.url() + "/").status; }

    HttpStatistics statistics;
    HttpServer server;
};

/// Do something again and again until the counter counts. Whether it has.
template <typename Step>
bool until_counted(const HttpStatistics::Counter& counter, Step step) {
    const auto deadline = Clock::now() + patience;
    while (counter == 0 && Clock::now() < deadline) {
        step();
        std::this_thread::yield();
    }
    return counter > 0;
}

TEST(ConnectionWatch, breaks_off_a_header_that_drips_while_others_are_served) {
    LimitedServer running{{.header = milliseconds{300}}};
    for (const auto* begin : {"G", "GET / HTTP/1.1\r\nHost: x\r\nX: "}) {
        running.statistics.closed_slow_header = 0;
        RawConnection slow{running.server.port()};
        slow.send(begin);
        EXPECT_TRUE(until_counted(running.statistics.closed_slow_header, [&] {
            slow.send("a");
            EXPECT_EQ(running.status(), 200);
        })) << begin;
        slow.receive_rest();  // which ends
    }
}

TEST(ConnectionWatch, breaks_off_a_body_that_drips) {
    LimitedServer running{{.body = milliseconds{300}}};
    RawConnection slow{running.server.port()};
    slow.send("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    EXPECT_TRUE(until_counted(running.statistics.closed_slow_body, [&] { slow.send("a"); }));
}

TEST(ConnectionWatch, closes_who_is_idle) {
    LimitedServer running{{.idle = milliseconds{200}}};
    RawConnection silent{running.server.port()};
    RawConnection kept{running.server.port()};
    kept.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(kept.receive_rest(), testing::EndsWith("xxxxxxxxxx\n"));
    EXPECT_EQ(silent.receive_rest(), "");
    EXPECT_EQ(running.statistics.closed_idle, 2U);
}

TEST(ConnectionWatch, breaks_off_who_does_not_read_and_not_who_reads_slowly) {
    LimitedServer running{{.send_grace = milliseconds{200}, .send_bytes_per_second = 100'000}};
    RawConnection sleepy{running.server.port(), 4096};
    RawConnection slow{running.server.port(), 4096};
    sleepy.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    slow.send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    std::size_t received = 0;
    EXPECT_TRUE(until_counted(running.statistics.closed_slow_reader,
                              [&] { received += slow.receive(5'000).size(); }));
    received += slow.receive_rest().size();
    EXPECT_GT(received, 30'000'000U);
    EXPECT_EQ(running.statistics.closed_slow_reader, 1U);
}

TEST(ConnectionWatch, answers_others_while_a_thousand_clients_are_slow) {
    allow_many_descriptors();
    LimitedServer running{{.connections = 300}};
    std::vector<RawConnection> slow;
    for (int i = 0; i < 1000; ++i) {
        slow.emplace_back(running.server.port()).send("GET / HT");
    }
    for (int i = 0; i < 10; ++i) {
        const auto start = Clock::now();
        EXPECT_EQ(running.status(), 200);
        EXPECT_LT(Clock::now() - start, std::chrono::seconds{5});
    }
    EXPECT_GT(running.statistics.closed_for_others, 700U);
    EXPECT_LE(running.statistics.open, 400U);
}

TEST(ConnectionWatch, makes_room_by_closing_who_is_idle_for_longest) {
    LimitedServer running{{.connections = 2}};
    RawConnection first{running.server.port()};
    first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    first.receive(20);
    RawConnection second{running.server.port()};
    second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    second.receive(20);
    EXPECT_EQ(running.status(), 200);
    first.receive_rest();
    EXPECT_EQ(running.statistics.closed_for_others, 1U);
    second.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(second.receive_rest(), testing::EndsWith("xxxxxxxxxx\n"));
}

TEST(ConnectionWatch, refuses_an_address_that_has_all_its_places) {
    LimitedServer running{{.connections_per_address = 1}};
    RawConnection first{running.server.port()};
    first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    first.receive(20);
    EXPECT_EQ(running.status(), 0);
    EXPECT_EQ(running.statistics.refused_address, 1U);
    first.end();
    first.receive_rest();
    HttpStatistics::Counter answered = 0;
    EXPECT_TRUE(until_counted(answered, [&] { answered = running.status() == 200 ? 1 : 0; }));
}

}  // namespace
}  // namespace offgrid::test
