#include "formats/base/error.h"
#include "formats/base/unique_fd.h"
#include "formats/gwc/blob_store.h"
#include "formats/gwc/file_jobs.h"
#include "formats/gwc/file_moves.h"
#include "formats/gwc/store_file.h"
#include "formats/sqlite/cache_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

namespace offgrid::gwc {
namespace {

namespace fs = std::filesystem;
using Term = FileTemplate::Term;

// What changes of many files need, in the root.
constexpr const char* own_folder = ".offgrid";
constexpr const char* removed_folder = ".offgrid/removed";
constexpr const char* list_of_moves = ".offgrid/moves";
constexpr const char* lock_file = ".offgrid/lock";

/// Up to how many files are looked for one by one; beyond, the folders are walked.
constexpr std::size_t max_named_files = 4096;

/// Between programs; within one, a mutex does. Ends with the descriptor.
UniqueFd lock_root(const fs::path& path) {
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (!fd.is_open()) {
        throw system_error(errno, fmt::format("cannot open {}", path.string()));
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        throw Error{Errc::busy, fmt::format("{}: another program changes the files of the store",
                                            path.parent_path().parent_path().string())};
    }
    return fd;
}

/// What a list of moves is for when a layer gets another name.
struct Renaming {
    std::string layer{};
    std::string name{};
    bool has_reached_rows = false;  ///< those of `metadata.sqlite` may say the new name
};

constexpr std::string_view rename_files = "rename";
constexpr std::string_view rename_rows = "rename with rows";

std::string purpose_of(const Renaming& renaming) {
    return fmt::format("{}\t{}\t{}", renaming.has_reached_rows ? rename_rows : rename_files,
                       renaming.layer, renaming.name);
}

/// Nothing for another purpose.
std::optional<Renaming> renaming_in(const std::string& purpose) {
    const auto first = purpose.find('\t');
    const auto second = purpose.find('\t', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
        return std::nullopt;
    }
    const auto verb = std::string_view{purpose}.substr(0, first);
    if (verb != rename_files && verb != rename_rows) {
        return std::nullopt;
    }
    return Renaming{.layer = purpose.substr(first + 1, second - first - 1),
                    .name = purpose.substr(second + 1),
                    .has_reached_rows = verb == rename_rows};
}

}  // namespace

/// Run a change of many files while no other is under way.
template <typename Action>
auto BlobStore::while_alone(const Action& action) {
    const std::lock_guard guard{maintenance_};
    std::error_code failure;
    if (!fs::exists(options_.root_directory, failure)) {
        return action();  // there is nothing to change, and nothing is made for it
    }
    fs::create_directory(in_root(own_folder), failure);
    if (failure) {
        throw system_error(failure.value(),
                           fmt::format("cannot create the folder {}", in_root(own_folder)));
    }
    const auto lock = lock_root(in_root(lock_file));
    recover();
    try {
        return action();
    } catch (const Error& error) {
        try {
            recover();
        } catch (const Error& another) {  // the next change goes on with it
            throw Error{error.code(), fmt::format("{}; nor is it taken back yet: {}", error.what(),
                                                  another.what())};
        }
        throw;
    }
}

/// Take back what a failure or a crash has left half done, and finish what it has left all but
/// done.
void BlobStore::recover() {
    if (sqlite::identify(in_root(list_of_moves))) {
        const auto [purpose, moves] =
            FileMoves::take_back(files_, options_.root_directory, in_root(list_of_moves));
        if (const auto renaming = renaming_in(purpose)) {
            for_each_file(1, moves, OnFailure::go_on, [&](const FileMoves::Move& move) {
                rename_layer_in(in_root(move.from), renaming->name, renaming->layer);
            });
            if (renaming->has_reached_rows) {
                metadata_.rename_layer(renaming->name, renaming->layer);
            }
        }
        std::vector<std::string> targets;
        for (const auto& move : moves) {
            targets.push_back(move.to);
        }
        remove_empty_folders(targets);
        FileMoves::forget(files_, in_root(list_of_moves));
    }
    std::error_code failure;
    if (fs::exists(in_root(removed_folder), failure)) {
        files_.remove_all(in_root(removed_folder));
    }
}

/// Take a file out of its place, with what SQLite keeps beside it. False when there is none.
bool BlobStore::take(const std::string& path, const std::function<void()>& action) {
    pool_->close_idle_of({path});
    return while_nobody_writes(path, [&] {
        remove_side_files(path);
        action();
    });
}

Removed BlobStore::remove_files(const FileQuery& query) {
    const auto paths = found_.list(query);
    if (paths.empty()) {
        return {};
    }
    std::vector<FileMoves::Move> aside;
    for (const auto& path : paths) {
        aside.push_back({path, fmt::format("{}/{}", removed_folder, aside.size())});
    }
    {
        FileMoves moves{files_, options_.root_directory, in_root(list_of_moves), std::move(aside),
                        "remove"};
        for_each_file(options_.executor_concurrency, moves.moves(), OnFailure::stop,
                      [&](const FileMoves::Move& move) {
                          take(in_root(move.from), [&] { moves.move(move); });
                      });
        moves.commit();
    }
    files_.remove_all(in_root(removed_folder));
    remove_empty_folders(paths);
    return {.files = static_cast<std::int64_t>(paths.size())};
}

/// A folder with anything in it stays, and so does one that another program fills just now.
void BlobStore::remove_empty_folders(const std::vector<std::string>& files) const {
    std::set<fs::path, std::greater<>> folders;  // deepest first
    for (const auto& path : files) {
        for (auto folder = fs::path{path}.parent_path(); !folder.empty();
             folder = folder.parent_path()) {
            folders.insert(folder);
        }
    }
    for (const auto& folder : folders) {
        std::error_code is_used;
        fs::remove(in_root(folder.string()), is_used);
    }
}

Removed BlobStore::remove_layer(const std::string& layer) {
    require_term(Term::layer, "a layer");
    return while_alone([&] {
        const auto removed = remove_files({.layer = layer});
        metadata_.remove_layer(layer);
        return removed;
    });
}

Removed BlobStore::remove_grid_set(const std::string& layer, const std::string& grid_set) {
    require_term(Term::layer, "a layer");
    require_term(Term::grid_set, "a grid set");
    return while_alone([&] { return remove_files({.layer = layer, .grid_set = grid_set}); });
}

Removed BlobStore::remove_parameters(const std::string& layer, const std::string& id) {
    require_term(Term::layer, "a layer");
    require_term(Term::parameters, "a set of parameters");
    return while_alone([&] {
        const auto removed = remove_files({.layer = layer, .parameters_id = id});
        metadata_.remove_parameters(layer, id);
        return removed;
    });
}

Removed BlobStore::purge_orphans(const std::string& layer,
                                 const std::function<bool(const Parameters&)>& is_accepted) {
    Removed all;
    for (const auto& [id, parameters] : metadata_.parameter_sets(layer)) {
        if (!is_accepted(parameters)) {
            all.files += remove_parameters(layer, id).files;
        }
    }
    return all;
}

/// The files that are there of those that hold tiles of the ranges.
std::map<std::string, std::vector<SouthRange>> BlobStore::parts_on_disk(
    const TilesetId& id, const std::vector<SouthRange>& ranges) const {
    const auto& names = found_.names();
    std::map<std::string, std::vector<SouthRange>> parts;
    try {
        parts = names.parts_of(id, ranges, max_named_files);
        std::erase_if(parts,
                      [&](const auto& part) { return !sqlite::identify(in_root(part.first)); });
        return parts;
    } catch (const Error& error) {
        if (error.code() != Errc::too_large) {
            throw;
        }
    }
    const auto query = query_of(id);
    for (const auto& path : found_.list(query)) {
        const auto name = names.match(path, query);
        for (const auto& range : ranges) {
            if (const auto part = names.part_of(*name, range); !part.is_empty()) {
                parts[path].push_back(part);
            }
        }
    }
    return parts;
}

Removed BlobStore::remove_range(const TilesetId& id, const std::vector<SouthRange>& ranges) {
    const auto query = query_of(id);
    return while_alone([&] {
        const auto parts = parts_on_disk(id, ranges);
        std::vector<const std::pair<const std::string, std::vector<SouthRange>>*> jobs;
        for (const auto& part : parts) {
            jobs.push_back(&part);
        }
        std::atomic<std::int64_t> tiles = 0;
        std::atomic<std::int64_t> whole_files = 0;
        for_each_file(options_.executor_concurrency, jobs, OnFailure::go_on, [&](const auto* job) {
            const auto& [path, part] = *job;
            const auto name = names().match(path, query);
            const bool is_whole = name && std::ranges::any_of(part, [&](const auto& each) {
                                      return names().fills(*name, each);
                                  });
            const auto file = in_root(path);
            if (options_.eager_delete && is_whole) {
                whole_files += take(file, [&] { files_.remove_all(file); }) ? 1 : 0;
                return;
            }
            pool_->close_idle_of({file});
            const auto removed = remove_tiles(
                file, part, options_.eager_delete ? WhenEmpty::remove_file : WhenEmpty::keep_file);
            tiles += removed.is_gone ? 0 : removed.tiles;
            whole_files += removed.is_gone ? 1 : 0;
        });
        return Removed{.files = whole_files, .tiles = tiles};
    });
}

/// Throws unless the layer may be called so. Names in the list of moves have no control characters.
void BlobStore::check_new_name(const std::string& layer, const std::string& name) const {
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    };
    if (std::ranges::any_of(layer + name, is_control)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("blob store '{}': a layer whose name has control characters is not "
                                "renamed, nor called so",
                                options_.id)};
    }
    if (escaped(layer) == escaped(name) || !found_.list({.layer = name}).empty()) {
        throw Error{Errc::already_exists,
                    fmt::format("blob store '{}': layer '{}' has files", options_.id, name)};
    }
    if (metadata_.knows(name)) {
        throw Error{Errc::already_exists,
                    fmt::format("blob store '{}': layer '{}' has values or sets of parameters in "
                                "metadata.sqlite; remove it first",
                                options_.id, name)};
    }
}

void BlobStore::rename_layer(const std::string& layer, const std::string& name) {
    require_term(Term::layer, "a layer");
    while_alone([&] {
        const FileQuery query{.layer = layer};
        const auto paths = found_.list(query);
        if (paths.empty()) {
            throw Error{Errc::not_found, fmt::format("blob store '{}': layer '{}' has no files",
                                                     options_.id, layer)};
        }
        check_new_name(layer, name);
        std::vector<FileMoves::Move> renamed;
        for (const auto& path : paths) {
            renamed.push_back({path, names().match(path, query, name)->with_other_layer});
        }
        FileMoves moves{files_, options_.root_directory, in_root(list_of_moves), renamed,
                        purpose_of({.layer = layer, .name = name})};
        for_each_file(options_.executor_concurrency, moves.moves(), OnFailure::stop,
                      [&](const FileMoves::Move& move) {
                          const auto path = in_root(move.from);
                          rename_layer_in(path, layer, name);
                          take(path, [&] { moves.move(move); });
                      });
        moves.set_purpose(purpose_of({.layer = layer, .name = name, .has_reached_rows = true}));
        metadata_.rename_layer(layer, name);
        moves.commit();
        remove_empty_folders(paths);
    });
}

}  // namespace offgrid::gwc
