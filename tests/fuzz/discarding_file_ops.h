#pragma once

#include "formats/base/file_ops.h"

#include <cstdlib>
#include <utility>

namespace offgrid {

/// A disk that forgets everything, and ends the program when anything is written outside one
/// folder: for a fuzzer.
class DiscardingFileOps final : public FileOps {
public:
    explicit DiscardingFileOps(std::filesystem::path folder) : folder_{std::move(folder)} {}

    void create_directories(const std::filesystem::path& path) override { check(path); }
    std::unique_ptr<OutputFile> create(const std::filesystem::path& path) override {
        check(path);
        return std::make_unique<Nothing>();
    }
    std::unique_ptr<OutputFile> create_secret(const std::filesystem::path& path) override {
        return create(path);
    }
    std::unique_ptr<OutputFile> append_to(const std::filesystem::path& path) override {
        return create(path);
    }
    void copy_file(const std::filesystem::path&, const std::filesystem::path& to) override {
        check(to);
    }
    void sync_file(const std::filesystem::path&) override {}
    void sync_directory(const std::filesystem::path&) override {}
    void rename(const std::filesystem::path&, const std::filesystem::path& to) override {
        check(to);
    }
    void exchange(const std::filesystem::path&, const std::filesystem::path& other) override {
        check(other);
    }
    void remove_all(const std::filesystem::path& path) override { check(path); }
    std::uint64_t free_bytes(const std::filesystem::path&) override {
        return std::uint64_t{1} << 40;
    }

private:
    class Nothing final : public OutputFile {
        void append(BytesView) override {}
        void sync() override {}
    };

    void check(const std::filesystem::path& path) const {
        const auto inside = path.lexically_normal().lexically_relative(folder_);
        if (inside.empty() || *inside.begin() == "..") {
            std::abort();
        }
    }

    std::filesystem::path folder_;
};

}  // namespace offgrid
