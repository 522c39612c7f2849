#pragma once

#include "formats/base/file_ops.h"
#include "serve/access/users.h"

#include <CLI/App.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// What `offgrid passwd` and `offgrid token` say of the one that they are about.
struct UserOptions {
    std::filesystem::path users;  ///< created where it is missing
    std::string name;
    std::optional<Role> role;         ///< none: as it was; admin for a new one
    std::vector<std::string> layers;  ///< none: as they were; all for a new one
};

struct PasswdOptions {
    UserOptions user;
    bool lists = false;           ///< print the users instead
    bool deletes = false;         ///< remove the user instead
    bool keeps_password = false;  ///< change the role and layers alone
};

struct TokenOptions {
    UserOptions user;
    std::optional<int> days;  ///< until it expires; none: never
};

/// Declare the options of `offgrid passwd`. Parsing writes into `options`, which outlives the app.
void add_passwd_options(CLI::App& app, PasswdOptions& options);

/// Add a user, change the password, remove the user, or list them all: the exit code. The password
/// is the first line of standard input; on a terminal it is asked for twice without being shown.
int run_passwd(const PasswdOptions& options, FileOps& files);

/// Declare the options of `offgrid token`. Parsing writes into `options`, which outlives the app.
void add_token_options(CLI::App& app, TokenOptions& options);

/// Make a token for a machine, in place of the one that it had, and print it, which nothing can do
/// again: the exit code.
int run_token(const TokenOptions& options, FileOps& files);

}  // namespace offgrid
