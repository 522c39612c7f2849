#pragma once

#include "serve/access/users.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace offgrid {

/// The users file of a server that runs, as it is now. Safe for concurrent use.
///
/// The file is read for every question, so that a change counts at once, however it was made, or
/// not more often than once in an interval; it is parsed only when its content has changed.
class UsersFile {
public:
    /// Throws what `Users::load` throws, so that a server does not start with a users file that it
    /// cannot read.
    explicit UsersFile(std::filesystem::path path, std::chrono::milliseconds interval = {});

    /// The users, the same object as before as long as the file says the same. Throws `io` when the
    /// file cannot be read or understood any more: that is this server's failure, not the caller's.
    std::shared_ptr<const Users> current();

private:
    std::shared_ptr<const Users> read();

    const std::filesystem::path path_;
    const std::chrono::milliseconds interval_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point read_at_{};
    std::string content_;
    std::shared_ptr<const Users> users_;
};

}  // namespace offgrid
