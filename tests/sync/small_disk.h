#pragma once

#include "formats/base/file_ops.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

namespace offgrid::test {

/// The real file system as a disk that has so many bytes free, less with each that is written.
class SmallDisk final : public FileOps {
public:
    explicit SmallDisk(std::uint64_t free_bytes) : free_bytes_{free_bytes} {}

    void set_free(std::uint64_t bytes) { free_bytes_ = bytes; }

    void create_directories(const std::filesystem::path& path) override {
        posix_file_ops().create_directories(path);
    }
    std::unique_ptr<OutputFile> create(const std::filesystem::path& path) override {
        return std::make_unique<File>(posix_file_ops().create(path), free_bytes_);
    }
    std::unique_ptr<OutputFile> append_to(const std::filesystem::path& path) override {
        return std::make_unique<File>(posix_file_ops().append_to(path), free_bytes_);
    }
    void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) override {
        posix_file_ops().copy_file(from, to);
        free_bytes_ -= std::filesystem::file_size(to);
    }
    void sync_file(const std::filesystem::path& path) override { posix_file_ops().sync_file(path); }
    void sync_directory(const std::filesystem::path& path) override {
        posix_file_ops().sync_directory(path);
    }
    void rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        posix_file_ops().rename(from, to);
    }
    void exchange(const std::filesystem::path& one, const std::filesystem::path& other) override {
        posix_file_ops().exchange(one, other);
    }
    void remove_all(const std::filesystem::path& path) override {
        posix_file_ops().remove_all(path);
    }
    std::uint64_t free_bytes(const std::filesystem::path&) override { return free_bytes_; }

private:
    class File final : public OutputFile {
    public:
        File(std::unique_ptr<OutputFile> file, std::atomic<std::uint64_t>& free_bytes)
            : file_{std::move(file)}, free_bytes_{free_bytes} {}
        void append(BytesView piece) override {
            file_->append(piece);
            free_bytes_ -= piece.size();
        }
        void sync() override { file_->sync(); }

    private:
        std::unique_ptr<OutputFile> file_;
        std::atomic<std::uint64_t>& free_bytes_;
    };

    std::atomic<std::uint64_t> free_bytes_;
};

}  // namespace offgrid::test
