#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid {

/// The folders of this machine from which a request may name a source. Immutable; safe for
/// concurrent use.
class SourceRoots {
public:
    /// The given folders or, when there are none, the temporary folder and the working folder
    /// unless that is `/`. Throws `not_found` for a folder that does not exist.
    explicit SourceRoots(const std::vector<std::filesystem::path>& folders);

    const std::vector<std::filesystem::path>& folders() const { return folders_; }

    /// The real place of what a request names. Throws `denied` for all that is not below one of the
    /// folders once links are followed, whether it exists or not, and `invalid_argument` for what
    /// would be allowed but is not there.
    std::filesystem::path resolve(const std::string& source) const;

private:
    std::vector<std::filesystem::path> folders_;  // canonical
};

}  // namespace offgrid
