#pragma once

#include "formats/base/file_ops.h"

#include <CLI/App.hpp>

#include <filesystem>
#include <string>

namespace offgrid {

struct PasswdOptions {
    std::filesystem::path users;  ///< created where it is missing
    std::string name;             ///< of the user
    bool deletes = false;         ///< remove the user instead
};

/// Declare the options of `offgrid passwd`. Parsing writes into `options`, which outlives the app.
void add_passwd_options(CLI::App& app, PasswdOptions& options);

/// Add a user, change the password, or remove the user: the exit code. The password is the first
/// line of standard input; on a terminal it is asked for twice without being shown.
int run_passwd(const PasswdOptions& options, FileOps& files);

}  // namespace offgrid
