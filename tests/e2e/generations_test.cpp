#include "formats/base/parse_number.h"
#include "formats/package/depot.h"
#include "formats/package/replace.h"
#include "tests/serve/raw_connection.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace offgrid::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

/// A depot that this process changes and another one serves.
class ServedDepot : public testing::Test {
protected:
    ServedDepot() { depot_.create_if_missing(posix_file_ops()); }

    void install(std::string_view drawing) {
        ReplaceTransaction replace{posix_file_ops(), depot_};
        const auto package = replace.staging() / "package";
        replace.add_package(write_package(package, "kenya", drawing), package);
        replace.commit();
    }

    void start(const std::vector<std::string>& options = {}) {
        std::vector<std::string> command{program("offgrid"), "serve",       depot_.root().string(),
                                         "--listen",         "127.0.0.1:0", "--quiet"};
        command.insert(command.end(), options.begin(), options.end());
        process_ = std::make_unique<Process>(command);
        url_ = url_in(process_->wait_for_line("listening on "));
    }

    nlohmann::json health() { return nlohmann::json::parse(client_.get(url_ + "/health").body); }

    /// How long it took until the generation was served.
    std::chrono::milliseconds wait_until_served(std::uint64_t generation) {
        const auto start = Clock::now();
        while (health()["generation"] != generation && Clock::now() - start < 20s) {
            std::this_thread::yield();
        }
        EXPECT_EQ(health()["generation"], generation);
        return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    }

    std::string word() {
        return client_.get(url_ + "/tiles/kenya/0/0/0.png").body.substr(png("").size());
    }

    TempFolder folder_;
    Depot depot_{folder_ / "depot"};
    std::unique_ptr<Process> process_;
    std::string url_;
    HttpClient client_;
};

TEST_F(ServedDepot, shows_another_generation_within_a_second) {
    install("z0: old");
    start();
    std::vector<std::chrono::milliseconds> times;
    for (std::uint64_t generation = 2; generation <= 10; ++generation) {
        install(fmt::format("z0: version-{}", generation));
        times.push_back(wait_until_served(generation));
        EXPECT_EQ(word(), fmt::format("version-{}", generation));
    }
    std::ranges::sort(times);
    std::cout << "until it was served: " << times.front().count() << " to " << times.back().count()
              << " ms\n";
    EXPECT_LT(times[times.size() / 2], 1s) << "one may fall into a busy moment";
}

TEST_F(ServedDepot, goes_back_to_an_older_generation) {
    install("z0: old");
    install("z0: new");
    start();
    EXPECT_EQ(word(), "new");
    write_durably(posix_file_ops(), depot_.root() / "CURRENT", as_bytes("1\n"));
    wait_until_served(1);
    EXPECT_EQ(word(), "old");
}

// RX-11
TEST_F(ServedDepot, grows_by_no_descriptor_and_no_thread_in_300_switches) {
    constexpr std::uint64_t warm_up = 20;
    constexpr std::uint64_t switches = 300;
    install("z0: version-1");
    start();
    std::size_t descriptors = 0;
    std::size_t threads = 0;
    for (std::uint64_t generation = 2; generation <= warm_up + switches; ++generation) {
        install(fmt::format("z0: version-{}", generation));
        wait_until_served(generation);
        EXPECT_EQ(word(), fmt::format("version-{}", generation));
        if (generation == warm_up) {
            descriptors = count_descriptors(process_->pid());
            threads = count_threads(process_->pid());
        }
    }
    std::cout << "descriptors " << descriptors << " -> " << count_descriptors(process_->pid())
              << ", threads " << threads << " -> " << count_threads(process_->pid()) << "\n";
    EXPECT_LE(count_descriptors(process_->pid()), descriptors + 1);
    EXPECT_LE(count_threads(process_->pid()), threads);
    EXPECT_THAT(client_.get(url_ + "/metrics").body,
                AllOf(HasSubstr(fmt::format("offgrid_swaps_total {}\n", warm_up + switches - 1)),
                      HasSubstr("offgrid_draining 0\n")));
}

// RX-12
TEST_F(ServedDepot, finishes_a_long_read_with_the_old_bytes) {
    const std::string old(20'000'000, 'o');
    install("z0: " + old);
    start();
    const auto port = parse_number<std::uint16_t>(url_.substr(url_.rfind(':') + 1)).value_or(0);
    RawConnection slow{port, 4096};
    slow.send("GET /tiles/kenya/0/0/0.png HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    auto received = slow.receive(1000);

    install("z0: new");
    wait_until_served(2);
    EXPECT_EQ(word(), "new");
    received += slow.receive_rest();

    EXPECT_TRUE(received.starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(received.substr(received.find("\r\n\r\n") + 4) == png(old));
    EXPECT_EQ(process_->stop(), 0);
}

// PL-06
TEST_F(ServedDepot, is_served_or_busy_when_there_are_few_descriptors) {
    std::string drawing = "z0: top\nz3:";
    for (int row = 0; row < 8; ++row) {
        drawing += row == 0 ? " t t t t t t t t" : " / t t t t t t t t";
    }
    install(drawing);
    std::vector<std::string> command{"sh",
                                     "-c",
                                     R"(ulimit -n 48 && exec "$@")",
                                     "sh",
                                     program("offgrid"),
                                     "serve",
                                     depot_.root().string(),
                                     "--listen",
                                     "127.0.0.1:0",
                                     "--quiet",
                                     "--threads",
                                     "4"};
    process_ = std::make_unique<Process>(command);
    url_ = url_in(process_->wait_for_line("listening on "));
    // Idle connections would take all that is left, were they not the first to go.
    const auto port = parse_number<std::uint16_t>(url_.substr(url_.rfind(':') + 1)).value_or(0);
    std::vector<std::unique_ptr<RawConnection>> idle;
    std::array<HttpClient, 4> clients;
    for (auto& client : clients) {
        EXPECT_EQ(client.get(url_ + "/health").status, 200);
    }
    for (int n = 0; n < 40; ++n) {
        idle.push_back(std::make_unique<RawConnection>(port));
    }
    int served = 0;
    int busy = 0;
    for (int round = 0; round < 4; ++round) {
        for (int tile = 0; tile < 64; ++tile) {
            auto& client = clients[static_cast<std::size_t>(tile) % clients.size()];
            const auto response =
                client.get(fmt::format("{}/tiles/kenya/3/{}/{}.png", url_, tile % 8, tile / 8));
            EXPECT_THAT(response.status, AnyOf(200, 503)) << response.failure;
            if (response.status == 503) {
                EXPECT_EQ(response.headers.at("retry-after"), "1");
                ++busy;
            } else {
                ++served;
            }
        }
    }
    EXPECT_GT(served, 0) << busy << " busy";

    idle.clear();
    const auto tile = url_ + "/tiles/kenya/3/0/0.png";
    const auto deadline = Clock::now() + 20s;
    while (clients[0].get(tile).status != 200 && Clock::now() < deadline) {
        std::this_thread::yield();
    }
    EXPECT_EQ(clients[0].get(tile).status, 200) << "the descriptors came back";
}

}  // namespace
}  // namespace offgrid::test
