#pragma once

#include "formats/base/file_ops.h"

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace offgrid::test {

/// The real file system with a visitor at the door: every step that changes the disk is announced
/// before and after it is taken, numbered from 1. The visitor may throw (the step fails) or end the
/// process (the power goes).
class FaultyFileOps final : public FileOps {
public:
    enum class When { before, after };
    using Visitor = std::function<void(When when, int step, std::string_view name)>;

    explicit FaultyFileOps(Visitor visitor) : visitor_{std::move(visitor)} {}

    int steps_taken() const { return steps_; }

    void create_directories(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> create(const std::filesystem::path& path) override;
    void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void sync_file(const std::filesystem::path& path) override;
    void sync_directory(const std::filesystem::path& path) override;
    void rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void exchange(const std::filesystem::path& one, const std::filesystem::path& other) override;
    void remove_all(const std::filesystem::path& path) override;
    std::uint64_t free_bytes(const std::filesystem::path& path) override;

private:
    friend class FaultyOutputFile;

    template <typename Step>
    auto take(std::string_view name, const Step& step);

    Visitor visitor_;
    std::atomic<int> steps_ = 0;
};

}  // namespace offgrid::test
