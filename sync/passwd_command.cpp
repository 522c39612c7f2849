#include "sync/passwd_command.h"

#include "formats/base/error.h"
#include "sync/password.h"
#include "sync/users.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <string_view>

namespace offgrid {
namespace {

/// A terminal that does not show what is typed, until the object is gone.
class HiddenInput {
public:
    HiddenInput() {
        if (::tcgetattr(STDIN_FILENO, &shown_) == 0) {
            auto hidden = shown_;
            hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
            is_hidden_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
        }
    }
    ~HiddenInput() {
        if (is_hidden_) {
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown_);
        }
    }
    HiddenInput(const HiddenInput&) = delete;
    HiddenInput& operator=(const HiddenInput&) = delete;

private:
    termios shown_{};
    bool is_hidden_ = false;
};

std::string read_line() {
    std::string line;
    if (!std::getline(std::cin, line)) {
        throw Error{Errc::invalid_argument, "no password on standard input"};
    }
    return line;
}

std::string ask(std::string_view prompt) {
    std::cerr << prompt << std::flush;
    const HiddenInput hidden;
    auto answer = read_line();
    std::cerr << '\n';
    return answer;
}

std::string read_password() {
    if (::isatty(STDIN_FILENO) == 0) {
        return read_line();
    }
    auto password = ask("Password: ");
    if (ask("Again: ") != password) {
        throw Error{Errc::invalid_argument, "the two are not the same"};
    }
    return password;
}

}  // namespace

void add_passwd_options(CLI::App& app, PasswdOptions& options) {
    app.add_option("name", options.name, "Name of the user")->required()->type_name("NAME");
    app.add_option("--users", options.users, "The users file; created where it is missing")
        ->required()
        ->type_name("FILE");
    app.add_flag("--delete", options.deletes, "Remove the user");
}

int run_passwd(const PasswdOptions& options, FileOps& files) {
    auto users = std::filesystem::exists(options.users) ? Users::load(options.users) : Users{};
    if (options.deletes) {
        if (!users.remove(options.name)) {
            throw Error{Errc::not_found,
                        fmt::format("{} has no user '{}'", options.users.string(), options.name)};
        }
    } else {
        users.set(options.name, "");  // a bad name is told before a password is asked for
        users.set(options.name, hash_password(read_password()));
    }
    users.save(files, options.users);
    return 0;
}

}  // namespace offgrid
