#include "tests/support/power_loss_file_ops.h"

#include "tests/support/temp_folder.h"

#include <stdexcept>
#include <utility>

namespace offgrid::test {

namespace fs = std::filesystem;

class PowerLossOutputFile final : public OutputFile {
public:
    PowerLossOutputFile(PowerLossFileOps& files, fs::path path, std::unique_ptr<OutputFile> file)
        : files_{files}, path_{std::move(path)}, file_{std::move(file)} {}

    void append(BytesView piece) override {
        file_->append(piece);
        files_.after_step_();
    }
    void sync() override {
        file_->sync();
        files_.note_sync(path_);
        files_.after_step_();
    }

private:
    PowerLossFileOps& files_;
    fs::path path_;
    std::unique_ptr<OutputFile> file_;
};

PowerLossFileOps::PowerLossFileOps(fs::path root, std::function<void()> after_step)
    : root_{std::move(root)}, after_step_{std::move(after_step)} {
    for (const auto& entry : fs::recursive_directory_iterator{root_}) {
        if (entry.is_directory()) {
            folders_.insert(entry.path());
        } else {
            note_sync(entry.path());
        }
    }
    synced_names_ = names_;
}

void PowerLossFileOps::write_remains(Names names, const fs::path& folder) const {
    fs::create_directories(folder);
    for (const auto& path : folders_) {
        fs::create_directories(folder / path.lexically_relative(root_));
    }
    for (const auto& [path, content] : names_) {
        if (leaves_all(names, path)) {
            write_file(folder / path.lexically_relative(root_), content->synced);
        }
    }
    for (const auto& [path, content] : synced_names_) {
        if (!leaves_all(names, path)) {
            write_file(folder / path.lexically_relative(root_), content->synced);
        }
    }
}

/// Whether all names of the path's folder are left, or only those that are sure.
bool PowerLossFileOps::leaves_all(Names names, const fs::path& path) const {
    const bool is_at_top = path.parent_path() == root_;
    return names == Names::all || names == (is_at_top ? Names::synced_below : Names::synced_at_top);
}

std::shared_ptr<PowerLossFileOps::Content>& PowerLossFileOps::content_of(const fs::path& path) {
    auto& content = names_[path];
    if (!content) {
        content = std::make_shared<Content>();
    }
    return content;
}

void PowerLossFileOps::note_sync(const fs::path& path) {
    content_of(path)->synced = read_text(path);
}

void PowerLossFileOps::create_directories(const fs::path& path) {
    posix_file_ops().create_directories(path);
    for (auto folder = path; folder != root_ && !folder.empty() && folder != folder.root_path();
         folder = folder.parent_path()) {
        folders_.insert(folder);
    }
    after_step_();
}

std::unique_ptr<OutputFile> PowerLossFileOps::create(const fs::path& path) {
    return created(path, posix_file_ops().create(path));
}

std::unique_ptr<OutputFile> PowerLossFileOps::create_secret(const fs::path& path) {
    return created(path, posix_file_ops().create_secret(path));
}

std::unique_ptr<OutputFile> PowerLossFileOps::created(const fs::path& path,
                                                      std::unique_ptr<OutputFile> file) {
    names_[path] = std::make_shared<Content>();
    after_step_();
    return std::make_unique<PowerLossOutputFile>(*this, path, std::move(file));
}

std::unique_ptr<OutputFile> PowerLossFileOps::append_to(const fs::path& path) {
    auto file =
        std::make_unique<PowerLossOutputFile>(*this, path, posix_file_ops().append_to(path));
    content_of(path);
    after_step_();
    return file;
}

void PowerLossFileOps::copy_file(const fs::path& from, const fs::path& to) {
    posix_file_ops().copy_file(from, to);
    names_[to] = std::make_shared<Content>();
    after_step_();
}

void PowerLossFileOps::sync_file(const fs::path& path) {
    posix_file_ops().sync_file(path);
    note_sync(path);
    after_step_();
}

void PowerLossFileOps::sync_directory(const fs::path& path) {
    posix_file_ops().sync_directory(path);
    std::erase_if(synced_names_,
                  [&](const auto& some) { return some.first.parent_path() == path; });
    for (const auto& [name, content] : names_) {
        if (name.parent_path() == path) {
            synced_names_[name] = content;
        }
    }
    after_step_();
}

void PowerLossFileOps::rename(const fs::path& from, const fs::path& to) {
    posix_file_ops().rename(from, to);
    names_[to] = content_of(from);
    names_.erase(from);
    after_step_();
}

void PowerLossFileOps::exchange(const fs::path& one, const fs::path& other) {
    posix_file_ops().exchange(one, other);
    std::swap(content_of(one), content_of(other));
    after_step_();
}

void PowerLossFileOps::remove_all(const fs::path& path) {
    posix_file_ops().remove_all(path);
    const auto below = path.string() + "/";
    std::erase_if(names_, [&](const auto& some) {
        return some.first == path || some.first.string().starts_with(below);
    });
    after_step_();
}

std::uint64_t PowerLossFileOps::free_bytes(const fs::path& path) {
    return posix_file_ops().free_bytes(path);
}

}  // namespace offgrid::test
