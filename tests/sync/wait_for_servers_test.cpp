#include "sync/wait_for_servers.h"

#include "formats/base/error.h"
#include "formats/package/depot.h"
#include "tests/support/errors.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace offgrid::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

/// `offgrid serve` in another process.
struct Serving {
    explicit Serving(const std::filesystem::path& path)
        : process{{program("offgrid"), "serve", path.string(), "--listen", "127.0.0.1:0"}} {}
    Serving(const std::filesystem::path& path, const std::filesystem::path& other)
        : process{{program("offgrid"), "serve", path.string(), other.string(), "--listen",
                   "127.0.0.1:0"}} {}

    Process process;
    std::string url = url_in(process.wait_for_line("listening on "));
};

auto lags(const std::string& url, const char* reason) {
    return AllOf(Field(&LaggingServer::url, url), Field(&LaggingServer::reason, HasSubstr(reason)));
}

class Servers : public testing::Test {
protected:
    WantedGeneration current() const { return current_generation_of(Depot{depot_}); }

    std::vector<LaggingServer> wait(const std::vector<std::string>& servers,
                                    std::chrono::milliseconds timeout) const {
        return wait_for_servers(servers, [this] { return current(); }, {.timeout = timeout});
    }

    TempFolder folder_;
    std::filesystem::path depot_ = [&] {
        install(folder_ / "depot", "kenya", "z0: old");
        return folder_ / "depot";
    }();
};

TEST_F(Servers, that_serve_more_than_a_depot_are_waited_for_as_well) {
    write_mbtiles(folder_ / "roads.mbtiles", draw("z0: r"));
    install(folder_ / "other", "uganda", "z0: u");
    const Serving file_too{depot_, folder_ / "roads.mbtiles"};
    const Serving depot_too{folder_ / "other", depot_};
    const Serving only_the_other{folder_ / "other"};
    EXPECT_THAT(wait({file_too.url, depot_too.url}, 20s), IsEmpty());
    EXPECT_THAT(wait({only_the_other.url}, 0ms),
                ElementsAre(lags(only_the_other.url, "a generation 1 of another depot")));
}

TEST_F(Servers, are_waited_for_until_all_serve_what_is_current) {
    const Serving one{depot_};
    const Serving other{depot_};
    EXPECT_THAT(wait({one.url, other.url}, 20s), IsEmpty());
    install(depot_, "kenya", "z0: new");
    EXPECT_THAT(wait({one.url + "/", other.url}, 20s), IsEmpty());
    HttpClient client;
    EXPECT_EQ(word_at(client, one.url, "kenya", {0, 0, 0}), "new");
    EXPECT_EQ(word_at(client, other.url, "kenya", {0, 0, 0}), "new");
}

TEST_F(Servers, that_lag_are_named_with_the_reason) {
    const TempFolder elsewhere;
    install(elsewhere / "depot", "kenya", "z0: other");
    install(elsewhere / "depot", "kenya", "z0: newer");
    write_package(elsewhere / "package", "kenya", "z0: w");
    const Serving current{depot_};
    const Serving other_depot{elsewhere / "depot"};
    const Serving package{elsewhere / "package"};
    const auto nobody = "http://127.0.0.1:" + std::to_string(free_port());

    const auto behind =
        wait({current.url, other_depot.url, package.url, nobody, current.url + "/tiles"}, 0ms);

    EXPECT_THAT(behind,
                ElementsAre(lags(other_depot.url, "serves generation 2, not 1"),
                            lags(package.url, "serves no generation"), lags(nobody, "127.0.0.1"),
                            lags(current.url + "/tiles", "status 404")));
}

TEST_F(Servers, are_asked_for_what_became_current_meanwhile) {
    const Serving serving{depot_};
    const WantedGeneration wanted{.number = 3};  // by nobody yet
    int rounds = 0;
    const auto behind = wait_for_servers({serving.url},
                                         [&] {
                                             ++rounds;
                                             return rounds < 3 ? wanted : current();
                                         },
                                         {.timeout = 20s, .interval = 1ms});
    EXPECT_THAT(behind, IsEmpty());
    EXPECT_EQ(rounds, 3);
}

TEST_F(Servers, are_asked_and_waited_for_by_the_status) {
    const Serving serving{depot_};
    const auto status = [&](const std::vector<std::string>& options) {
        std::vector<std::string> command{program("offgrid"), "status", depot_.string()};
        command.insert(command.end(), options.begin(), options.end());
        return run(command);
    };
    install(depot_, "kenya", "z0: new");
    EXPECT_EQ(status({"--server", serving.url, "--wait"}).exit_code, 0);

    const auto nobody = "http://127.0.0.1:" + std::to_string(free_port());
    const auto lagging = status({"--server", serving.url, "--server", nobody});
    EXPECT_EQ(lagging.exit_code, 3);
    EXPECT_THAT(lagging.out,
                AllOf(HasSubstr(nobody + " lags"), testing::Not(HasSubstr(serving.url + " lags"))));
    const auto late = status({"--server", nobody, "--wait", "--timeout", "0", "--json"});
    EXPECT_EQ(late.exit_code, 3);
    EXPECT_THAT(late.out, HasSubstr(nobody));
    EXPECT_EQ(status({"--wait"}).exit_code, 2);
}

TEST_F(Servers, whose_daemon_was_updated_are_found_up_to_date) {
    LiveDaemon daemon{depot_};
    EXPECT_THAT(wait({daemon.serving_url()}, 20s), IsEmpty());
    write_mbtiles(folder_ / "new.sqlite", draw("z0: new"));
    const auto response = daemon.replace({{"layer", "kenya", {}},
                                          {"destination", "z0-0-0.sqlite3", {}},
                                          {"file", {}, folder_ / "new.sqlite"}});
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_THAT(wait({daemon.serving_url()}, 0ms), IsEmpty());
}

TEST(WaitForServers, refuses_what_is_no_address) {
    for (const auto* address : {"", "maps", "maps:8080", "ftp://maps"}) {
        EXPECT_THAT(
            [&] {
                wait_for_servers({address}, [] { return WantedGeneration{.number = 1}; },
                                 {.timeout = 0ms});
            },
            throws(Errc::invalid_argument, HasSubstr("no address of a server")))
            << address;
    }
}

TEST(WaitForServers, has_nobody_to_wait_for_without_servers) {
    EXPECT_THAT(wait_for_servers({}, [] { return WantedGeneration{.number = 1}; }, {.timeout = 1h}),
                IsEmpty());
}

}  // namespace
}  // namespace offgrid::test
