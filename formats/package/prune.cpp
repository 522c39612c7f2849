#include "formats/package/prune.h"

#include "formats/base/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// The generation's file, locked against all who would lease it; not open when somebody has.
UniqueFd lock_unleased(const fs::path& path) {
    UniqueFd file{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    if (file.is_open() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        return UniqueFd{};
    }
    return file;
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
    std::vector<std::uint64_t> ancestry(const std::vector<std::uint64_t>& numbers) const;
    void read_kept();
    void note_live(const Generation& generation);
    void remove_generations();
    void sweep_nodes();
    void sweep_files();
    void remove(const fs::path& path, std::uint64_t& count);  // or look only

    FileOps& files_;
    const Depot& depot_;
    PruneMode mode_;
    CurrentNumbers current_;
    PruneReport report_;
    std::map<std::uint64_t, UniqueFd> locks_;   // of what is removed, until it is
    std::map<std::string, Hashes> live_nodes_;  // by layer: two may have the same list of files
    Hashes live_files_;
};

/// The current generation, the one it was made from, and so on.
std::vector<std::uint64_t> Pruning::ancestry(const std::vector<std::uint64_t>& numbers) const {
    std::vector<std::uint64_t> line{current_.number};
    for (;;) {
        const auto made_from = depot_.load_head(line.back()).generation.previous;
        if (!made_from || *made_from >= line.back() ||
            !std::ranges::binary_search(numbers, *made_from)) {
            return line;
        }
        line.push_back(*made_from);
    }
}

void Pruning::choose(std::size_t keep) {
    const auto numbers = depot_.numbers();
    auto order = ancestry(numbers);
    order.resize(std::min(order.size(), keep));
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
        } else if (auto lock = lock_unleased(depot_.generation_path(number)); lock.is_open()) {
            locks_.emplace(number, std::move(lock));
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
        const auto folder = depot_.stored_folder(name).string() + "/";
        visit_unseen(*manifest.files.root(), live_nodes_[name], [&](const PackageFile& file) {
            live_files_.insert(folder + stored_name(file));
        });
    }
}

void Pruning::remove_generations() {
    const auto folder = depot_.root() / "generations";
    std::vector<fs::path> dead;
    for (const auto number : report_.removed) {
        dead.push_back(depot_.generation_path(number));
    }
    for (const auto& entry : fs::directory_iterator{folder}) {
        if (entry.path().extension() == ".new") {  // of a writer that died
            dead.push_back(entry.path());
        }
    }
    if (mode_ == PruneMode::remove && !dead.empty()) {
        // The writer that made another generation current may have died before that was durable.
        files_.sync_directory(depot_.root());
    }
    for (const auto& path : dead) {
        std::uint64_t count = 0;
        remove(path, count);
    }
    locks_.clear();
    if (mode_ == PruneMode::remove && !dead.empty()) {
        files_.sync_directory(folder);  // before anything goes that they name
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
        if (entry.is_directory() && !entry.is_symlink()) {
            folders.push_back(entry.path());
        } else if (!live_files_.contains(entry.path().string())) {
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
