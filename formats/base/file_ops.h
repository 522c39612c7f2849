#pragma once

#include "formats/base/bytes.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace offgrid {

/// A file that is being written front to back, a new one or the end of one. Owned by one thread.
///
/// Nothing is durable before `sync()`. The destructor closes the descriptor and promises nothing
/// more.
class OutputFile {
public:
    virtual ~OutputFile() = default;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    virtual void append(BytesView piece) = 0;
    virtual void sync() = 0;

protected:
    OutputFile() = default;
};

/// The only door to the disk for everything that must survive a power cut: depots and packages
/// change through it, so a test can stop, fail or kill the process at each step and look at what is
/// left.
///
/// Stateless and safe for concurrent use. Every failure is an Error that names the path; a full
/// disk is `no_space`.
class FileOps {
public:
    virtual ~FileOps() = default;
    FileOps(const FileOps&) = delete;
    FileOps& operator=(const FileOps&) = delete;

    /// Create the folder and its missing parents, each one durable in the folder above it.
    virtual void create_directories(const std::filesystem::path& path) = 0;

    /// The same for folders that need not outlive a power cut, which takes no wait for the disk.
    virtual void create_scratch_directories(const std::filesystem::path& path) {
        create_directories(path);
    }

    /// Open a file for writing that must not exist yet.
    virtual std::unique_ptr<OutputFile> create(const std::filesystem::path& path) = 0;

    /// The same for a file that nobody but its owner may open, from its first moment on.
    virtual std::unique_ptr<OutputFile> create_secret(const std::filesystem::path& path) = 0;

    /// Open a file for writing at its end, wherever that is by then (O_APPEND); made where there is
    /// none.
    virtual std::unique_ptr<OutputFile> append_to(const std::filesystem::path& path) = 0;

    /// Copy a regular file to a name that must not exist yet; shares the blocks where the file
    /// system can.
    virtual void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) = 0;

    /// Make the content of an existing file durable, however it was written.
    virtual void sync_file(const std::filesystem::path& path) = 0;

    /// Make the names in a folder durable: what was created, renamed or removed there.
    virtual void sync_directory(const std::filesystem::path& path) = 0;

    /// Rename within one file system; replaces an existing file in one step.
    virtual void rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;

    /// Swap two existing names in one step, so that neither is ever missing. On a file system that
    /// cannot (exFAT, NFS), in three: a crash between them leaves one name free.
    virtual void exchange(const std::filesystem::path& one, const std::filesystem::path& other) = 0;

    /// Remove a file or a whole folder; missing is fine.
    virtual void remove_all(const std::filesystem::path& path) = 0;

    /// Bytes that an unprivileged writer may still use on the file system of the path.
    virtual std::uint64_t free_bytes(const std::filesystem::path& path) = 0;

protected:
    FileOps() = default;
};

/// The real file system (POSIX). Needs no state; lives as long as the program.
FileOps& posix_file_ops();

/// Replace a small file so that a reader, or a power cut, sees the old content or the new one,
/// whole: write beside it, sync, rename, sync the folder.
void write_durably(FileOps& files, const std::filesystem::path& path, BytesView content);

/// The same without the last step: `sync_directory` of the folder is left to the caller, who has
/// several files to write.
void write_synced(FileOps& files, const std::filesystem::path& path, BytesView content);

/// The whole content of a file. Throws `too_large` beyond the limit, `not_found` when there is
/// none.
Bytes read_file(const std::filesystem::path& path, std::uint64_t limit_bytes);

}  // namespace offgrid
