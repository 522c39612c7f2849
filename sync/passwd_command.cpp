#include "sync/passwd_command.h"

#include "formats/base/error.h"
#include "serve/access/password.h"
#include "serve/access/token.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <map>
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

Users load_or_empty(const std::filesystem::path& path) {
    return std::filesystem::exists(path) ? Users::load(path) : Users{};
}

void add_user_options(CLI::App& app, UserOptions& options) {
    app.add_option("--users", options.users, "The users file; created where it is missing")
        ->required()
        ->type_name("FILE");
    const std::map<std::string, Role> roles{
        {"reader", Role::reader}, {"publisher", Role::publisher}, {"admin", Role::admin}};
    app.add_option("--role", options.role,
                   "What it may do: ask (reader), change tiles (publisher), everything (admin); "
                   "default: as it was, admin for a new one")
        ->transform(CLI::CheckedTransformer(roles, CLI::ignore_case))
        ->type_name("ROLE");
    app.add_option("--layer", options.layers,
                   "A layer that a publisher may change; may be repeated; default: as they were, "
                   "all for a new one")
        ->type_name("LAYER")
        ->take_all()
        ->allow_extra_args(false);
}

/// The user as it was, with what the options say put in.
User changed_user(const Users& users, const UserOptions& options) {
    check_user_name(options.name);
    const auto* const before = users.find(options.name);
    User user = before == nullptr ? User{} : *before;
    if (options.role && *options.role != user.role) {
        user.role = *options.role;
        user.layers.clear();
    }
    if (!options.layers.empty()) {
        user.layers = options.layers;
    }
    if (user.role != Role::publisher && !user.layers.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--layer is for publishers; '{}' is of role {}", options.name,
                                name_of(user.role))};
    }
    return user;
}

/// Throws unless the options make sense for the user.
void check_passwd(const PasswdOptions& options, const Users& users) {
    const auto& name = options.user.name;
    const auto* const user = users.find(name);
    if (user == nullptr && (options.deletes || options.keeps_password)) {
        throw Error{Errc::not_found,
                    fmt::format("{} has no user '{}'", options.user.users.string(), name)};
    }
    if (options.deletes) {
        return;
    }
    if (user != nullptr && user->is_token() && !options.keeps_password) {
        throw Error{Errc::already_exists, fmt::format("'{}' is a machine with a token", name)};
    }
    changed_user(users, options.user);
}

std::chrono::sys_days today() {
    return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
}

/// The user with the token in place of the one that it had.
User user_with_token(const Users& users, const TokenOptions& options, const std::string& token) {
    auto user = changed_user(users, options.user);
    if (user.secret.empty() && !options.user.role) {
        throw Error{Errc::invalid_argument,
                    "--role is missing: what the holder of a new token may do"};
    }
    if (!user.secret.empty() && !user.is_token()) {
        throw Error{Errc::already_exists,
                    fmt::format("'{}' is a user with a password", options.user.name)};
    }
    user.secret = hash_token(token);
    user.expires.reset();
    if (options.days) {
        user.expires = today() + std::chrono::days{*options.days};
    }
    return user;
}

void print_users(const Users& users) {
    for (const auto& [name, user] : users.all()) {
        fmt::print("{:<24} {:<9} {:<10} {}{}\n", name, user.is_token() ? "token" : "password",
                   name_of(user.role),
                   user.role != Role::publisher || user.layers.empty()
                       ? "all layers"
                       : fmt::format("{}", fmt::join(user.layers, ", ")),
                   user.expires ? fmt::format(", until {}", to_text(*user.expires)) : "");
    }
}

}  // namespace

void add_passwd_options(CLI::App& app, PasswdOptions& options) {
    auto* const name =
        app.add_option("name", options.user.name, "Name of the user")->type_name("NAME");
    add_user_options(app, options.user);
    auto* const deletes = app.add_flag("--delete,--remove", options.deletes, "Remove the user");
    app.add_flag("--keep-password", options.keeps_password,
                 "Change the role and the layers of a user alone")
        ->excludes(deletes);
    auto* const lists =
        app.add_flag("--list", options.lists, "List the users, their roles and layers");
    lists->excludes(name)->excludes(deletes);
    app.callback([name, lists] {
        if (name->empty() && lists->empty()) {
            throw CLI::RequiredError("name, or --list,");
        }
    });
}

int run_passwd(const PasswdOptions& options, FileOps& files) {
    const auto& path = options.user.users;
    const auto& name = options.user.name;
    if (options.lists) {
        print_users(Users::load(path));
        return 0;
    }
    check_passwd(options, load_or_empty(path));  // before a password is asked for
    const auto secret =
        options.deletes || options.keeps_password ? std::string{} : hash_password(read_password());
    edit_users(files, path, [&](Users& users) {
        check_passwd(options, users);
        if (options.deletes) {
            users.remove(name);
            return;
        }
        auto user = changed_user(users, options.user);
        if (!options.keeps_password) {
            user.secret = secret;
            user.expires.reset();
        }
        users.set(name, std::move(user));
    });
    return 0;
}

void add_token_options(CLI::App& app, TokenOptions& options) {
    app.add_option("name", options.user.name, "Name of the machine")->required()->type_name("NAME");
    add_user_options(app, options.user);
    app.add_option("--expires", options.days, "Days until it expires; default: never")
        ->check(CLI::Range(1, 36'500))
        ->type_name("DAYS");
}

int run_token(const TokenOptions& options, FileOps& files) {
    const auto token = make_token();
    edit_users(files, options.user.users, [&](Users& users) {
        users.set(options.user.name, user_with_token(users, options, token));
    });
    fmt::print("{}\n", token);
    return 0;
}

}  // namespace offgrid
