#pragma once

#include "formats/base/file_ops.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace offgrid {

/// The people who may administer a depot: the lines `name:hash` of a users file, the hash in
/// crypt(3) form. A value.
///
/// Empty lines and lines that start with `#` may stand in the file; they are lost when it is
/// written.
class Users {
public:
    Users() = default;

    /// Read the file. Throws `not_found` when there is none and `corrupt` naming the line that is
    /// not `name:hash`.
    static Users load(const std::filesystem::path& path);

    /// Write the file in one step, readable by its owner alone.
    void save(FileOps& files, const std::filesystem::path& path) const;

    /// Add the user, or change the hash. Throws `invalid_argument` for a name that a users file
    /// cannot hold.
    void set(const std::string& name, const std::string& hash);

    /// False when there was no such user.
    bool remove(const std::string& name) { return hashes_.erase(name) > 0; }

    /// Nothing when there is no such user.
    std::optional<std::string> hash_of(const std::string& name) const;

private:
    std::map<std::string, std::string> hashes_;
};

}  // namespace offgrid
