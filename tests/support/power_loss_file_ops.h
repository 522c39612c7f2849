#pragma once

#include "formats/base/file_ops.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace offgrid::test {

/// The real file system, with a second look at it: what would be left if the power went now. A
/// power cut keeps the content of a file as it was last synced, and surely no other names than
/// those that a sync of their folder saw. A test that kills a process cannot see that.
///
/// Knows the files below one folder, which are durable when it is made. Used by one thread.
class PowerLossFileOps final : public FileOps {
public:
    /// Which names a power cut leaves: only those that are sure, or all that were given; or the
    /// one in the folder itself and the other below it. The truth is anything between.
    enum class Names { synced, all, synced_at_top, synced_below };

    /// `after_step` is called after every step that changes the disk.
    PowerLossFileOps(std::filesystem::path root, std::function<void()> after_step);

    /// Write what a power cut would leave into a folder that does not exist yet.
    void write_remains(Names names, const std::filesystem::path& folder) const;

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
    friend class PowerLossOutputFile;

    /// What of a file's content is sure.
    struct Content {
        std::string synced{};
    };
    using NamesToContents = std::map<std::filesystem::path, std::shared_ptr<Content>>;

    std::unique_ptr<OutputFile> created(const std::filesystem::path& path,
                                        std::unique_ptr<OutputFile> file);
    bool leaves_all(Names names, const std::filesystem::path& path) const;
    std::shared_ptr<Content>& content_of(const std::filesystem::path& path);
    void note_sync(const std::filesystem::path& path);

    std::filesystem::path root_;
    std::function<void()> after_step_;
    std::set<std::filesystem::path> folders_;
    NamesToContents names_;         // as the system shows them
    NamesToContents synced_names_;  // as the disk surely has them
};

}  // namespace offgrid::test
