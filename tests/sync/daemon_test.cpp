#include "formats/package/depot.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Daemon, makes_a_depot) {
    const TempFolder folder;

    LiveDaemon daemon{folder / "depot"};

    EXPECT_EQ(read_text(folder / "depot/CURRENT"), "0\n");
    EXPECT_EQ(daemon.process().stop(SIGTERM), 0);
}

TEST(Daemon, sweeps_what_a_dead_one_left) {
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top");
    write_file(folder / "depot/staging/AbCdEf/upload", "half a file");

    LiveDaemon daemon{folder / "depot"};

    EXPECT_TRUE(names_below(folder / "depot/staging").empty());
    EXPECT_EQ(daemon.process().stop(SIGTERM), 0);
}

TEST(Daemon, has_its_depot_for_itself) {
    const TempFolder folder;
    LiveDaemon daemon{folder / "depot"};

    const auto second = run({program("offgrid-sync"), "daemon", (folder / "depot").string(),
                             "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"});

    EXPECT_EQ(second.exit_code, 1);
    EXPECT_THAT(second.err, HasSubstr("another process"));
}

TEST(Daemon, has_its_depot_for_itself_from_before_it_makes_it) {
    const TempFolder folder;
    const Depot depot{folder / "depot"};
    const DepotLock other{depot};

    const auto second = run({program("offgrid-sync"), "daemon", (folder / "depot").string(),
                             "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"});

    EXPECT_EQ(second.exit_code, 1);
    EXPECT_THAT(second.err, HasSubstr("another process"));
    EXPECT_EQ(names_below(folder / "depot"), std::vector<std::string>{"LOCK"});
}

TEST(Daemon, ends_in_time_though_an_upload_does_not) {
    const TempFolder folder;
    write_file(folder / "slow", std::string(1 << 20, 'x'));
    LiveDaemon daemon{folder / "depot", {"--drain-timeout", "1"}};
    const Process upload{{"curl", "-sS", "--noproxy", "*", "--limit-rate", "1k", "-F", "layer=a",
                          "-F", "file=@" + (folder / "slow").string(), daemon.replace_url()}};
    const auto has_begun = [&] { return !names_below(folder / "depot/staging").empty(); };
    while (!has_begun()) {
        std::this_thread::yield();
    }

    EXPECT_EQ(daemon.process().stop(SIGTERM, std::chrono::seconds{10}), 0);

    EXPECT_THAT(daemon.process().output(), HasSubstr("broken off"));
    EXPECT_FALSE(has_begun());
}

TEST(Daemon, takes_a_replace_while_others_are_connected_and_say_nothing) {
    const TempFolder folder;
    install(folder / "depot", "kenya", "z0: top z1: old");
    write_mbtiles(folder / "new.sqlite", draw("z1: new"));
    LiveDaemon daemon{folder / "depot"};
    const Poco::Net::SocketAddress address{
        daemon.admin_url().substr(std::string_view{"http://"}.size())};
    const std::vector<Poco::Net::StreamSocket> silent = [&] {
        std::vector<Poco::Net::StreamSocket> sockets;
        std::generate_n(std::back_inserter(sockets), 16,
                        [&] { return Poco::Net::StreamSocket{address}; });
        return sockets;
    }();

    const auto start = std::chrono::steady_clock::now();
    const auto response = daemon.replace({{"layer", "kenya", {}},
                                          {"destination", "z01-0-1.sqlite3", {}},
                                          {"file", {}, folder / "new.sqlite"}});

    EXPECT_EQ(response.status, 200) << response.body << response.failure;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{2});
}

TEST(Daemon, leaves_names_in_messages_alone_whatever_its_depot_is_called) {
    const TempFolder folder;
    for (const std::string depot : {"e", "."}) {
        const auto cwd = folder / ("cwd-of-" + depot);
        std::filesystem::create_directory(cwd);
        LiveDaemon daemon{depot, {}, "offgrid-sync", {.input = {}, .cwd = cwd, .environment = {}}};

        const auto response = daemon.replace(
            {{"layer", "a.b", {}}, {"destination", "x", {}}, {"source", "/etc/x.y", {}}});

        EXPECT_THAT(response.body, HasSubstr("source '/etc/x.y' is not below")) << depot;
    }
}

TEST(Daemon, says_when_it_has_no_users) {
    const TempFolder folder;
    LiveDaemon daemon{folder / "depot"};
    EXPECT_THAT(daemon.process().output(), HasSubstr("no users file"));
}

TEST(Daemon, tells_wrong_usage_from_failure) {
    const TempFolder folder;
    const auto depot = (folder / "depot").string();
    struct Case {
        std::vector<std::string> arguments;
        int exit_code;
        const char* message;
    };
    const std::vector<Case> table{
        {{}, 2, "subcommand"},
        {{"daemon"}, 2, "depot"},
        {{"daemon", depot, "--threads", "0"}, 2, "--threads"},
        {{"daemon", depot, "--colour", "green"}, 2, "--colour"},
        {{"daemon", depot, "--listen", "nonsense"}, 1, "nonsense"},
        {{"daemon", depot, "--listen", "127.0.0.1:0", "--admin", "nonsense"}, 1, "nonsense"},
        {{"daemon", depot, "--users", "/no/such/file"}, 1, "/no/such/file"},
        {{"daemon", depot, "--source-root", "/no/such/folder"}, 1, "/no/such/folder"},
        {{"daemon", "/proc/depot"}, 1, "/proc/depot"},
    };
    for (const auto& [arguments, exit_code, message] : table) {
        std::vector<std::string> command{program("offgrid-sync")};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const auto result = run(command);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_THAT(result.err, HasSubstr(message));
    }
}

TEST(Daemon, shows_every_default_in_its_help) {
    const auto help = run({program("offgrid-sync"), "daemon", "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.out,
                AllOf(HasSubstr("=127.0.0.1:8080"), HasSubstr("=127.0.0.1:8081"), HasSubstr("=4\n"),
                      HasSubstr("=256\n"), HasSubstr("=10\n"), HasSubstr("=16GiB"),
                      HasSubstr("=64GiB"), HasSubstr("=200000"), HasSubstr("=200\n")));
    EXPECT_THAT(run({program("offgrid-sync"), "--version"}).out, HasSubstr("offgrid"));
}

}  // namespace
}  // namespace offgrid::test
