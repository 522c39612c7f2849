#include "pack/finished_pyramids.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace offgrid {

namespace fs = std::filesystem;

namespace {

fs::path path_of(const fs::path& folder, const PackageFile& file) {
    return folder / PyramidJournal::folder_name / file.name;
}

Error not_what_was_packed(const fs::path& folder, const PackageFile& file) {
    return {Errc::corrupt,
            fmt::format("{}: is not the file that was packed", path_of(folder, file).string())};
}

bool is_there(const fs::path& folder, const PackageFile& file) {
    if (fs::path{file.name}.filename() != file.name) {
        return false;  // a shard comes from elsewhere: its journal may name what is not in it
    }
    std::error_code failure;
    const auto bytes = fs::file_size(path_of(folder, file), failure);
    return !failure && bytes == file.bytes;
}

}  // namespace

FinishedPyramids::FinishedPyramids(PyramidJournal& own, fs::path folder,
                                   const std::vector<fs::path>& shards, FileOps& files)
    : own_{own}, folder_{std::move(folder)}, files_{files} {
    forget_what_has_no_file();
    for (const auto& entry : own_.entries()) {
        tops_.insert(entry.top);
    }
    add_shards(shards);
}

/// A file may be missing after a power cut on a disk that lies about what is durable.
void FinishedPyramids::forget_what_has_no_file() {
    for (const auto& [top, file] : own_.entries()) {
        if (file && !is_there(folder_, *file)) {
            own_.remove(top);
        }
    }
}

void FinishedPyramids::add_shards(const std::vector<fs::path>& folders) {
    std::vector<std::string> seen(folders.size());
    for (const auto& folder : folders) {
        const auto refuse = [&](const std::string& cause) {
            throw Error{Errc::invalid_argument, fmt::format("{}: {}", folder.string(), cause)};
        };
        if (!PyramidJournal::is_in(folder)) {
            refuse("is no shard");
        }
        auto journal = PyramidJournal::open(folder);
        const auto& shard = journal.shard();
        if (!journal.is_complete()) {
            refuse("is not finished: pack it again with --resume");
        }
        if (journal.identity() != own_.identity()) {
            refuse("is a shard of other sources, or of a pack with other options");
        }
        if (shard.count != static_cast<int>(folders.size())) {
            refuse(fmt::format("is one of {} shards, not of {}", shard.count, folders.size()));
        }
        auto& name = seen[static_cast<std::size_t>(shard.index)];
        if (!name.empty()) {
            refuse(fmt::format("is the same shard as {}", name));
        }
        name = folder.string();
        for (const auto& entry : journal.entries()) {
            if (tops_.insert(entry.top).second) {
                shard_of_.emplace(entry.top, shards_.size());
            }
        }
        shards_.push_back({folder, std::move(journal)});
    }
}

Pyramid FinishedPyramids::take(const TileKey& top) {
    const auto found = shard_of_.find(top);
    if (found == shard_of_.end()) {
        return own_.get(top);
    }
    auto& shard = shards_[found->second];
    auto pyramid = shard.journal.get(top);
    if (pyramid.file) {
        if (!is_there(shard.folder, *pyramid.file)) {
            throw not_what_was_packed(shard.folder, *pyramid.file);
        }
        const auto copy = path_of(folder_, *pyramid.file);
        files_.copy_file(path_of(shard.folder, *pyramid.file), copy);
        if (sha256_hex_of_file(copy) != pyramid.file->sha256) {
            throw not_what_was_packed(shard.folder, *pyramid.file);
        }
        files_.sync_file(copy);
        files_.sync_directory(copy.parent_path());
    }
    own_.add(pyramid);
    return pyramid;
}

std::unordered_set<std::string> FinishedPyramids::names_in_folder() {
    const std::string journal{PyramidJournal::file_name};
    std::unordered_set<std::string> names{journal, journal + "-journal",
                                          PyramidJournal::folder_name};
    for (const auto& entry : own_.entries()) {
        if (entry.file) {
            names.insert(PyramidJournal::folder_name / entry.file->name);
        }
    }
    return names;
}

}  // namespace offgrid
