#pragma once

#include "formats/base/file_ops.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::test {

/// The real file system with a visitor at the door: every step that changes the disk is announced
/// before and after it is taken, numbered from 1. The visitor may throw (the step fails) or end the
/// process (the power goes). Steps that were taken are remembered.
class FaultyFileOps final : public FileOps {
public:
    enum class When { before, after };
    using Visitor = std::function<void(When when, int step, std::string_view name)>;

    /// One step that was taken: what, and on which path. A rename, an exchange and a copy also say
    /// where `to`.
    struct Step {
        std::string name{};
        std::filesystem::path path{};
        std::filesystem::path to{};

        friend bool operator==(const Step&, const Step&) = default;
    };

    explicit FaultyFileOps(Visitor visitor) : visitor_{std::move(visitor)} {}

    int steps_taken() const { return steps_; }

    /// All steps so far, in the order in which they ended.
    std::vector<Step> trace() const;

    void create_directories(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> create(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> create_secret(const std::filesystem::path& path) override;
    std::unique_ptr<OutputFile> append_to(const std::filesystem::path& path) override;
    void copy_file(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void sync_file(const std::filesystem::path& path) override;
    void sync_directory(const std::filesystem::path& path) override;
    void rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    void exchange(const std::filesystem::path& one, const std::filesystem::path& other) override;
    void remove_all(const std::filesystem::path& path) override;
    std::uint64_t free_bytes(const std::filesystem::path& path) override;

private:
    friend class FaultyOutputFile;

    template <typename Action>
    auto take(Step step, const Action& action);
    void finish(int number, Step step);

    Visitor visitor_;
    std::atomic<int> steps_ = 0;
    mutable std::mutex mutex_;
    std::vector<Step> trace_;
};

}  // namespace offgrid::test
