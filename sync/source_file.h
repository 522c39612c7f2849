#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/unique_fd.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace offgrid {

/// A regular file that a request names as its source, opened for reading. One thread.
///
/// No part of its path is followed as a link: SourceRoots has resolved all that there were, so one
/// was put there since. What it throws names the file as the caller says, never its path.
class SourceFile {
public:
    /// Throws `not_found`, `denied` and so on, as opening it fails, either of these for a link, and
    /// `invalid_argument` for what is no regular file. REQUIRES: the path is canonical.
    SourceFile(const std::filesystem::path& path, std::string shown_as);

    int descriptor() const { return fd_.get(); }

    /// When it was opened.
    std::uint64_t size() const { return size_; }

    /// Whether it starts as an SQLite database does.
    bool is_sqlite() const;

    /// Copy it to a new file, piece by piece, so that the FileOps may say no to each. Returns how
    /// much there was; throws `too_large` as soon as that is more than `max_bytes`, however large
    /// the file was before.
    std::uint64_t copy_to(FileOps& files, const std::filesystem::path& to,
                          std::uint64_t max_bytes) const;

private:
    std::string shown_as_;
    UniqueFd fd_;
    std::uint64_t size_ = 0;
};

/// The bytes that every SQLite database starts with (sqlite.org/fileformat2.html, section 1.3).
inline constexpr std::string_view sqlite_magic{"SQLite format 3\0", 16};

}  // namespace offgrid
