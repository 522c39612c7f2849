#pragma once

#include "sync/users.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace offgrid {

/// The users file of a daemon that runs, as it is now. Safe for concurrent use.
///
/// The file is read for every question, so that a change counts at once, however it was made; it is
/// parsed only when its content has changed.
class UsersFile {
public:
    /// Throws what `Users::load` throws, so that a daemon does not start with a users file that it
    /// cannot read.
    explicit UsersFile(std::filesystem::path path);

    /// The users, the same object as before as long as the file says the same. Throws `io` when the
    /// file cannot be read or understood any more: that is this server's failure, not the caller's.
    std::shared_ptr<const Users> current();

private:
    std::shared_ptr<const Users> read();

    std::filesystem::path path_;
    std::mutex mutex_;
    std::string content_;
    std::shared_ptr<const Users> users_;
};

}  // namespace offgrid
