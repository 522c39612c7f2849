// Requests that no decent client sends, to the administration port of a real daemon.

#include "tests/serve/raw_connection.h"
#include "tests/sync/besieged_daemon.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace offgrid::test {
namespace {

using testing::AnyOf;
using testing::IsEmpty;
using testing::StartsWith;
using Clock = std::chrono::steady_clock;

constexpr std::size_t megabyte = 1 << 20;

/// Twice the silence that the daemon stands.
constexpr std::chrono::seconds patience{60};

/// More than the largest upload that the besieged daemon takes.
constexpr int megabytes_without_end = 40;

const std::string part_of_layer =
    "--cut\r\nContent-Disposition: form-data; name=\"layer\"\r\n\r\nkenya\r\n";
const std::string start_of_file =
    "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";

std::string head(const std::string& more) {
    return "POST /rest/sqlite/replace HTTP/1.1\r\nHost: localhost\r\n"
           "Content-Type: multipart/form-data; boundary=cut\r\n" +
           more + "\r\n";
}

std::string head_of_length(std::size_t length) {
    return head(fmt::format("Content-Length: {}\r\n", length));
}

std::string chunk(const std::string& content) {
    return fmt::format("{:x}\r\n{}\r\n", content.size(), content);
}

class HostileRequests : public BesiegedDaemon {
protected:
    /// The status line, or nothing when the connection was closed without.
    std::string answer_to(const std::string& request) const {
        RawConnection connection{admin_port()};
        connection.send(request);
        connection.end();
        return first_line(connection.receive_rest());
    }

    /// The status line after that, and then the same megabyte again and again.
    std::string answer_to_endless(const std::string& start, const std::string& piece) const {
        RawConnection connection{admin_port()};
        connection.send(start);
        for (int i = 0; i < megabytes_without_end; ++i) {
            connection.send(piece);
        }
        return first_line(connection.receive_rest());
    }

    static std::string first_line(const std::string& answer) {
        return answer.substr(0, answer.find("\r\n"));
    }

    /// Of a replace that is refused for its content, if it is received: 400.
    int status_of_replace() const {
        const auto response = daemon_->replace({{"layer", "kenya", {}},
                                                {"destination", "nowhere", {}},
                                                {"file", {}, attacks_ / "good"}});
        return response.status;
    }

    bool takes_a_replace_soon() const {
        const auto deadline = Clock::now() + patience;
        while (status_of_replace() != 400) {
            if (Clock::now() > deadline) {
                return false;
            }
            std::this_thread::yield();
        }
        return true;
    }

    /// A request that is broken off loses its folder when the daemon notices that.
    bool stages_nothing_soon() const {
        const auto staging = depot_ / "staging";
        const auto deadline = Clock::now() + patience;
        std::error_code ignored;
        while (std::filesystem::exists(staging, ignored) &&
               !std::filesystem::is_empty(staging, ignored)) {
            if (Clock::now() > deadline) {
                return false;
            }
            std::this_thread::yield();
        }
        return true;
    }
};

class HostileRequestsThatLast : public HostileRequests {};

constexpr const char* bad_request = "HTTP/1.1 400";
constexpr const char* too_large = "HTTP/1.1 413";

TEST_F(HostileRequests, whose_body_is_shorter_than_it_says_are_400) {
    for (const auto& body : {std::string{}, part_of_layer, part_of_layer + start_of_file,
                             part_of_layer + start_of_file + std::string(megabyte, 'x')}) {
        EXPECT_THAT(answer_to(head_of_length(body.size() + 1000) + body), StartsWith(bad_request));
    }
}

TEST_F(HostileRequests, that_are_cut_off_forms_are_not_carried_out) {
    const std::string whole = "layer=kenya&source=" + (attacks_ / "good").string() +
                              "&destination=z0-0-0.mbtiles&dry_run=true";
    const auto cut = whole.substr(0, whole.find("&dry_run"));
    const auto form = [](const std::string& address, const std::string& more) {
        return "POST " + address +
               " HTTP/1.1\r\nHost: localhost\r\n"
               "Content-Type: application/x-www-form-urlencoded\r\n" +
               more + "\r\n";
    };
    EXPECT_THAT(
        answer_to(form("/sqlite/replace", fmt::format("Content-Length: {}\r\n", whole.size())) +
                  cut),
        StartsWith(bad_request));
    for (const std::string address : {"/sqlite/replace", "/prune", "/rollback"}) {
        const auto request = form(address, "Transfer-Encoding: chunked\r\n") + chunk("keep=1");
        EXPECT_THAT(answer_to(request), StartsWith(bad_request)) << address;
        EXPECT_THAT(answer_to(request + "0\r\n\r\n"), StartsWith(bad_request)) << address;
    }
}

TEST_F(HostileRequests, that_break_off_leave_nothing_behind) {
    for (const std::size_t sent : {0, 100, 100'000}) {
        RawConnection connection{admin_port()};
        connection.send(head_of_length(2 * megabyte) + part_of_layer + start_of_file +
                        std::string(sent, 'x'));
    }
    EXPECT_TRUE(takes_a_replace_soon());
    EXPECT_TRUE(stages_nothing_soon());
}

// RP-21
TEST_F(HostileRequests, whose_body_does_not_end_are_400_or_413) {
    const auto chunked = head("Transfer-Encoding: chunked\r\n");
    const std::string filler(megabyte, 'x');
    EXPECT_THAT(answer_to_endless(chunked + chunk(part_of_layer + start_of_file), chunk(filler)),
                StartsWith(too_large));
    const auto refused = AnyOf(StartsWith(bad_request), StartsWith(too_large));
    const std::vector<std::string> starts{
        "",                                                                    // a preamble
        "--cut\r\nContent-Disposition: form-data; name=\"layer\"\r\n\r\n",     // a field
        "--cut\r\nContent-Disposition: form-data; name=\"anything\"\r\n\r\n",  // one more
        "--cut\r\nContent-Disposition: form-data; name=\"",                    // a name
        "--cut\r\nX-",                                                         // a header
        "--cut\r\nX-A: ",                                                      // its value
        "--cut",                                                               // a boundary
    };
    for (const auto& start : starts) {
        EXPECT_THAT(answer_to_endless(chunked + (start.empty() ? "" : chunk(start)), chunk(filler)),
                    refused)
            << start;
    }
    std::string lines;
    while (lines.size() < megabyte) {
        lines += "X-A: b\r\n";
    }
    EXPECT_THAT(answer_to_endless(chunked + chunk("--cut\r\n"), chunk(lines)), refused);
}

TEST_F(HostileRequests, with_chunks_that_are_none_are_refused) {
    for (const std::string chunks :
         {"zz\r\nabc\r\n", "FFFFFFFFFFFFFFFFF\r\nabc\r\n", "-5\r\nabc\r\n", "\r\n\r\n", "5"}) {
        EXPECT_THAT(answer_to(head("Transfer-Encoding: chunked\r\n") + chunks),
                    AnyOf(IsEmpty(), StartsWith(bad_request)))
            << chunks;
    }
}

TEST_F(HostileRequests, with_a_boundary_that_is_not_theirs_are_400) {
    const auto body = part_of_layer + start_of_file + "content\r\n--cut--\r\n";
    const auto with_boundary = [&](const std::string& parameter) {
        return fmt::format(
            "POST /rest/sqlite/replace HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: multipart/form-data{}\r\nContent-Length: {}\r\n\r\n{}",
            parameter, body.size(), body);
    };
    for (const std::string& parameter :
         {std::string{}, std::string{"; boundary="}, std::string{"; boundary=other"},
          std::string{"; boundary=cu"}, std::string{"; boundary=cut2"},
          std::string{"; boundary=\"\""}, "; boundary=" + std::string(5'000, 'b')}) {
        EXPECT_THAT(answer_to(with_boundary(parameter)), StartsWith(bad_request)) << parameter;
    }
}

TEST_F(HostileRequests, with_10000_parts_are_400) {
    std::string same;
    std::string different;
    for (int i = 0; i < 10'000; ++i) {
        same += part_of_layer;
        different += fmt::format(
            "--cut\r\nContent-Disposition: form-data; name=\"n{}\"\r\n\r\nvalue\r\n", i);
    }
    for (const auto& parts : {same, different, part_of_layer + different}) {
        const auto body = parts + "--cut--\r\n";
        EXPECT_THAT(answer_to(head_of_length(body.size()) + body), StartsWith(bad_request));
    }
}

TEST_F(HostileRequests, with_huge_part_headers_are_400) {
    const std::string huge(5 * megabyte, 'h');
    std::string many;
    for (int i = 0; i < 100'000; ++i) {
        many += fmt::format("X-{}: y\r\n", i);
    }
    for (const auto& headers : {"Content-Disposition: form-data; name=\"" + huge + "\"\r\n",
                                "X-A: " + huge + "\r\n", huge + ": a\r\n", many}) {
        const auto body = "--cut\r\n" + headers + "\r\nvalue\r\n--cut--\r\n";
        EXPECT_THAT(answer_to(head_of_length(body.size()) + body), StartsWith(bad_request));
    }
}

TEST_F(HostileRequests, with_huge_headers_are_refused) {
    const std::string huge(5 * megabyte, 'h');
    std::string many;
    for (int i = 0; i < 100'000; ++i) {
        many += fmt::format("X-{}: y\r\n", i);
    }
    for (const auto& headers :
         {"X-A: " + huge + "\r\n", huge + ": a\r\n", many, "Authorization: Basic " + huge + "\r\n",
          "Host: " + huge + "\r\n"}) {
        EXPECT_THAT(answer_to(head(headers)), AnyOf(IsEmpty(), StartsWith("HTTP/1.1 4")));
    }
    EXPECT_THAT(answer_to("POST /" + huge + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                AnyOf(IsEmpty(), StartsWith("HTTP/1.1 4")));
    EXPECT_THAT(answer_to(huge), AnyOf(IsEmpty(), StartsWith("HTTP/1.1 4")));
}

TEST_F(HostileRequests, with_a_length_that_is_none_are_refused) {
    for (const std::string length : {"-1", "abc", "99999999999999999999999", "9223372036854775807",
                                     "18446744073709551615", "20000001"}) {
        EXPECT_THAT(answer_to(head("Content-Length: " + length + "\r\n") + part_of_layer),
                    AnyOf(IsEmpty(), StartsWith("HTTP/1.1 4"), StartsWith("HTTP/1.1 507")))
            << length;
    }
}

// As many as may replace at a time, and some more. The tiles are served meanwhile, whoever comes is
// told to come back, and in the end their places are free again.
TEST_F(HostileRequestsThatLast, and_say_nothing_are_broken_off) {
    std::vector<RawConnection> silent;
    for (int i = 0; i < 24; ++i) {
        silent.emplace_back(admin_port());
        silent.back().set_patience(patience);
        silent.back().send(head_of_length(megabyte) + part_of_layer + start_of_file + "x");
    }

    EXPECT_EQ(daemon_->word("kenya", {0, 0, 0}), "top");
    const auto start = Clock::now();
    EXPECT_THAT(status_of_replace(), AnyOf(400, 503));
    EXPECT_LT(Clock::now() - start, std::chrono::seconds{10});

    for (auto& connection : silent) {
        EXPECT_THAT(first_line(connection.receive_rest()),
                    AnyOf(StartsWith("HTTP/1.1 400"), StartsWith("HTTP/1.1 503")));
    }
    EXPECT_TRUE(takes_a_replace_soon());
}

// More than there are threads, and places to wait for one.
TEST_F(HostileRequestsThatLast, and_never_even_start_let_others_in_by_and_by) {
    std::vector<RawConnection> silent;
    for (int i = 0; i < 200; ++i) {
        silent.emplace_back(admin_port());
    }
    EXPECT_EQ(daemon_->word("kenya", {0, 0, 0}), "top");
    EXPECT_TRUE(takes_a_replace_soon());
}

// Heads for all threads, and bodies for all places.
TEST_F(HostileRequestsThatLast, and_drip_are_broken_off) {
    std::vector<RawConnection> dripping;
    for (const auto& start : {head_of_length(megabyte) + part_of_layer + start_of_file,
                              std::string{"GET /status HTTP/1.1\r\nX-A: "}}) {
        for (int i = 0; i < 64; ++i) {
            dripping.emplace_back(admin_port());
            dripping.back().set_patience(patience);
            dripping.back().send(start);
        }
    }
    std::jthread drops{[&](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock{mutex};
        while (!stop.stop_requested()) {
            wake.wait_for(lock, stop, std::chrono::seconds{1}, [] { return false; });
            for (auto& connection : dripping) {
                connection.send("x");
            }
        }
    }};

    EXPECT_TRUE(takes_a_replace_soon());
    for (auto& connection : dripping) {
        connection.receive_rest();  // what it staged is gone by then
    }
}

}  // namespace
}  // namespace offgrid::test
