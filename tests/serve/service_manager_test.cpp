#include "serve/service_manager.h"

#include "serve/listen_socket.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::vector<std::string> serve_command(const fs::path& path) {
    return {program("offgrid"), "serve", path.string(), "--listen", "127.0.0.1:0"};
}

/// Starts a program with its first argument as descriptor 3, the second one's as 4, and words of
/// the environment that a service manager sets; PID is the program's.
constexpr const char* pass_sockets = R"(import os, sys
for place, socket in enumerate(sys.argv[1:3], 3): os.dup2(int(socket), place)
count, process = sys.argv[3:5]
os.environ.update(LISTEN_FDS=count, LISTEN_PID=process.replace('PID', str(os.getpid())))
os.execv(sys.argv[5], sys.argv[5:])
)";

TEST(ServiceManager, takes_one_listening_socket_that_is_meant_for_it) {
    const TempFolder folder;
    write_package(folder / "kenya", "kenya", "z0: w");
    const auto listener = listen_at("127.0.0.1:0");
    const UniqueFd datagrams{::socket(AF_INET, SOCK_DGRAM, 0)};
    ::fcntl(listener.get(), F_SETFD, 0);  // the program inherits it
    const auto command = [&](const UniqueFd& first, const char* count, const char* process) {
        auto words = serve_command(folder / "kenya");
        words.erase(words.begin());
        words.insert(words.begin(),
                     {"python3", "-c", pass_sockets, std::to_string(first.get()),
                      std::to_string(datagrams.get()), count, process, program("offgrid-serve")});
        return words;
    };
    for (const auto& [first, count] :
         {std::pair{&listener, "2"}, std::pair{&datagrams, "1"}, std::pair{&datagrams, "2"}}) {
        const auto refused = run(command(*first, count, "PID"));
        EXPECT_EQ(refused.exit_code, 1) << count;
        EXPECT_THAT(refused.err, HasSubstr("has to pass one socket that listens for TCP"));
    }

    Process other{command(listener, "1", "1")};
    const auto passed = ":" + std::to_string(bound_address(listener).port);
    const auto url = url_in(other.wait_for_line("listening on "));
    EXPECT_THAT(url, testing::Not(testing::EndsWith(passed))) << "that was passed to process 1";

    Process meant{command(listener, "1", "PID")};
    EXPECT_THAT(meant.wait_for_line("the service manager's socket"), HasSubstr(passed));
    EXPECT_THAT(url_in(meant.wait_for_line("listening on ")), testing::EndsWith(passed));
}

/// Starts a program as systemd does: its socket is descriptor 3, and it says when it is ready.
constexpr const char* activate = R"(import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
)";

TEST(ServiceManager, takes_the_socket_of_a_service_manager_and_tells_it_when_it_is_ready) {
    const TempFolder folder;
    write_package(folder / "kenya", "kenya", "z0: w");
    const auto listener = listen_at("127.0.0.1:0");
    ::fcntl(listener.get(), F_SETFD, 0);  // the program inherits it
    const UniqueFd manager{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto name = (folder / "notify").string();
    std::ranges::copy(name, address.sun_path);
    ASSERT_EQ(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);

    auto command = serve_command(folder / "kenya");
    command.erase(command.begin());
    command.insert(command.begin(), {"python3", "-c", activate, std::to_string(listener.get()),
                                     name, program("offgrid-serve")});
    Process process{command};
    std::array<char, 100> state{};
    ASSERT_GT(::recv(manager.get(), state.data(), state.size(), 0), 0);
    EXPECT_STREQ(state.data(), "READY=1");
    const auto url = "http://127.0.0.1:" + std::to_string(bound_address(listener).port);
    EXPECT_EQ(HttpClient{}.get(url + "/tiles/kenya/0/0/0.png").body, png("w"));
    EXPECT_EQ(process.stop(), 0);
    state = {};
    ASSERT_GT(::recv(manager.get(), state.data(), state.size(), 0), 0);
    EXPECT_STREQ(state.data(), "STOPPING=1");
}

TEST(ServiceManager, serves_though_its_service_manager_listens_no_more) {
    const TempFolder folder;
    write_package(folder / "kenya", "kenya", "z0: w");
    for (const auto& name : {(folder / "gone").string(), std::string(200, 'n')}) {
        RunOptions options;
        options.environment["NOTIFY_SOCKET"] = name;
        Process process{serve_command(folder / "kenya"), options};
        const auto url = url_in(process.wait_for_line("listening on "));
        process.wait_for_line("cannot tell the service manager");
        EXPECT_EQ(HttpClient{}.get(url + "/tiles/kenya/0/0/0.png").body, png("w"));
        EXPECT_EQ(process.stop(), 0) << "it waits for its clients all the same";
    }
}

}  // namespace
}  // namespace offgrid::test
