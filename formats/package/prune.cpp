#include "formats/package/prune.h"

#include "formats/base/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// The generation's file, locked against all who would lease it; nothing when somebody has.
std::optional<UniqueFd> lock_unleased(const fs::path& path) {
    UniqueFd file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    if (!file.is_open()) {
        throw system_error(errno, fmt::format("cannot open {}", path.string()));
    }
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
        return file;
    }
    if (errno != EWOULDBLOCK) {
        throw system_error(errno, fmt::format("cannot lock {}", path.string()));
    }
    return std::nullopt;
}

/// What a file is whatever path leads to it: device and inode.
using FileId = std::pair<dev_t, ino_t>;

struct HashFileId {
    std::size_t operator()(const FileId& id) const noexcept {
        return std::hash<ino_t>{}(id.second) ^ (std::hash<dev_t>{}(id.first) << 1);
    }
};

/// Nothing when there is no such file. Links are followed.
std::optional<FileId> id_of(const fs::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) {
        return FileId{info.st_dev, info.st_ino};
    }
    if (errno != ENOENT && errno != ENOTDIR) {
        throw system_error(errno, fmt::format("cannot look at {}", path.string()));
    }
    return std::nullopt;
}

using Hashes = std::unordered_set<std::string>;

/// Visit the files below the node, but for nodes that were seen.
template <typename Visit>
void visit_unseen(const FileListNode& node, Hashes& seen, const Visit& visit) {
    if (!seen.insert(node.sha256).second) {
        return;
    }
    for (const auto& child : node.children) {
        visit_unseen(*child, seen, visit);
    }
    for (const auto& file : node.files) {
        visit(file);
    }
}

}  // namespace

/// One run of `prune`.
class Pruning {
public:
    Pruning(FileOps& files, const Depot& depot, PruneMode mode)
        : files_{files}, depot_{depot}, mode_{mode}, current_{depot.current()} {}

    PruneReport run(std::size_t keep) {
        choose(keep);
        read_kept();
        remove_generations();
        sweep_nodes();
        sweep_files();
        return std::move(report_);
    }

private:
    void choose(std::size_t keep);
    std::vector<std::uint64_t> ancestry(const std::vector<std::uint64_t>& numbers,
                                        std::size_t keep) const;
    void read_kept();
    void note_live(const Generation& generation);
    void keep_leased(std::uint64_t number);
    void remove_generations();
    void sweep_nodes();
    void sweep_files();
    void remove(const fs::path& path, std::uint64_t& count);  // or look only

    FileOps& files_;
    const Depot& depot_;
    PruneMode mode_;
    CurrentNumbers current_;
    PruneReport report_;
    std::map<std::string, Hashes> live_nodes_;  // by layer: two may have the same list of files
    std::unordered_set<FileId, HashFileId> live_files_;  // a disk may fold case, a folder be a link
};

/// The current generation, the one it was made from, and so on: as many as are kept.
std::vector<std::uint64_t> Pruning::ancestry(const std::vector<std::uint64_t>& numbers,
                                             std::size_t keep) const {
    std::vector<std::uint64_t> line{current_.number};
    while (line.size() < keep) {
        const auto made_from = depot_.load_head(line.back()).generation.previous;
        if (!made_from || *made_from >= line.back() ||
            !std::ranges::binary_search(numbers, *made_from)) {
            break;
        }
        line.push_back(*made_from);
    }
    return line;
}

void Pruning::choose(std::size_t keep) {
    const auto numbers = depot_.numbers();
    if (!std::ranges::binary_search(numbers, current_.number)) {
        throw Error{Errc::corrupt, fmt::format("{} is missing: it is the current generation",
                                               depot_.generation_path(current_.number).string())};
    }
    auto order = ancestry(numbers, keep);
    for (auto newest = numbers.rbegin(); newest != numbers.rend() && order.size() < keep;
         ++newest) {
        const bool was_current = *newest <= current_.highest;
        if (was_current && std::ranges::find(order, *newest) == order.end()) {
            order.push_back(*newest);
        }
    }
    for (const auto number : numbers) {
        if (std::ranges::find(order, number) != order.end()) {
            report_.kept.push_back(number);
        } else if (lock_unleased(depot_.generation_path(number))) {
            report_.removed.push_back(number);
        } else {
            report_.kept.push_back(number);
            report_.in_use.push_back(number);
        }
    }
}

void Pruning::read_kept() {
    Generation known;
    for (const auto number : report_.kept) {
        known = depot_.load(number, known);
        note_live(known);
    }
}

void Pruning::note_live(const Generation& generation) {
    for (const auto& [name, manifest] : generation.layers) {
        if (manifest.files.empty()) {
            continue;
        }
        visit_unseen(*manifest.files.root(), live_nodes_[name],
                     [&, &layer = name](const PackageFile& file) {
                         if (const auto id = id_of(depot_.stored_path(layer, file))) {
                             live_files_.insert(*id);
                         }
                     });
    }
}

/// Somebody has leased what was free a moment ago: it is kept after all.
void Pruning::keep_leased(std::uint64_t number) {
    note_live(depot_.load(number));
    std::erase(report_.removed, number);
    report_.kept.insert(std::ranges::lower_bound(report_.kept, number), number);
    report_.in_use.insert(std::ranges::lower_bound(report_.in_use, number), number);
}

/// One after the other: each is locked while it goes, and there may be more of them than
/// descriptors.
void Pruning::remove_generations() {
    const auto folder = depot_.root() / "generations";
    std::vector<fs::path> leftovers;
    for (const auto& entry : fs::directory_iterator{folder}) {
        if (entry.path().extension() == ".new") {  // of a writer that died
            leftovers.push_back(entry.path());
        }
    }
    if (mode_ == PruneMode::remove) {
        // The writer that made another generation current may have died before that was durable.
        files_.sync_directory(depot_.root());
    }
    std::uint64_t count = 0;
    for (const auto number : std::vector{report_.removed}) {
        if (const auto lock = lock_unleased(depot_.generation_path(number))) {
            remove(depot_.generation_path(number), count);
        } else {
            keep_leased(number);
        }
    }
    for (const auto& path : leftovers) {
        remove(path, count);
    }
    if (mode_ == PruneMode::remove) {
        // Before anything goes that they name, or that those named which another prune removed.
        files_.sync_directory(folder);
    }
}

void Pruning::sweep_nodes() {
    std::vector<fs::path> dead;
    for (const auto& entry : fs::directory_iterator{depot_.nodes().folder()}) {
        const auto name = entry.path().filename().string();
        if (std::ranges::none_of(live_nodes_,
                                 [&](const auto& layer) { return layer.second.contains(name); })) {
            dead.push_back(entry.path());
        }
    }
    for (const auto& path : dead) {
        remove(path, report_.nodes);
    }
}

void Pruning::sweep_files() {
    std::vector<fs::path> dead;
    std::vector<fs::path> folders;
    for (const auto& entry : fs::recursive_directory_iterator{depot_.root() / "files"}) {
        if (entry.is_symlink()) {
            continue;  // nothing here makes one: somebody has moved what is behind it
        }
        if (entry.is_directory()) {
            folders.push_back(entry.path());
        } else if (const auto id = id_of(entry.path()); !id || !live_files_.contains(*id)) {
            dead.push_back(entry.path());
        }
    }
    for (const auto& path : dead) {
        remove(path, report_.files);
    }
    if (mode_ == PruneMode::remove) {
        for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {  // inner first
            if (fs::is_empty(*folder)) {
                files_.remove_all(*folder);
            }
        }
    }
}

void Pruning::remove(const fs::path& path, std::uint64_t& count) {
    std::error_code no_size;
    const auto bytes = fs::file_size(path, no_size);
    if (mode_ == PruneMode::remove) {
        files_.remove_all(path);
    }
    ++count;
    report_.bytes += no_size ? 0 : bytes;
}

PruneReport prune(FileOps& files, const Depot& depot, std::size_t keep, PruneMode mode) {
    if (keep == 0) {
        throw Error{Errc::invalid_argument, "at least one generation is kept: the current one"};
    }
    try {
        return Pruning{files, depot, mode}.run(keep);
    } catch (const fs::filesystem_error& error) {
        throw Error{Errc::io, fmt::format("cannot prune depot {}: {}", depot.root().string(),
                                          error.code().message())};
    }
}

}  // namespace offgrid
