#pragma once

#include "formats/base/bytes.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace offgrid {

/// A tile's file in a folder that is open, or anywhere (`AT_FDCWD`). Links are followed; one that
/// leads nowhere and an empty file are absent. What is neither there nor a regular file is an Error
/// that names the path, which serves for nothing else.
struct TileFile {
    int folder = -1;  ///< a descriptor, not owned
    const char* name = nullptr;
    const std::string& path;

    /// Bytes, or nothing when the tile is absent.
    std::optional<std::uint64_t> size() const;

    /// Fill `content` with the tile and say when it was modified, or nothing when it is absent.
    /// Throws `too_large` for a file that cannot be a tile.
    std::optional<std::chrono::system_clock::time_point> read(Bytes& content) const;
};

/// Whether the failed call met a name that is not there, rather than one that it could not look at:
/// links in a circle lead nowhere, and a name that is too long for the file system has no file.
bool is_absence(int error_number);

/// Makes files and links appear under their names in one step, with the folders that they need:
/// under a free name beside it first, then by rename. A program that ends between leaves a file
/// whose name starts with `.offgrid-`, which is no tile's. One thread at a time.
class FilePublisher {
public:
    /// `retries` is how often a name is tried again, whatever it failed with but a full disk, its
    /// folders made anew (MapCache `creation_retry`).
    explicit FilePublisher(int retries);

    /// Throws `no_space` on a full disk; the file that was there before then stays.
    void write(const std::string& path, BytesView content);
    void link(const std::string& path, const std::string& target);

private:
    /// Zero or an error number.
    using Create = std::function<int(const std::string& free_name)>;

    void publish(const std::string& path, const Create& create);
    std::string free_name_beside(const std::string& path);

    int retries_;
    std::uint64_t next_name_;
};

}  // namespace offgrid
