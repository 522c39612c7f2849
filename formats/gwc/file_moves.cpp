#include "formats/gwc/file_moves.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

namespace offgrid::gwc {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_list_bytes = std::uint64_t{256} << 20;
constexpr std::string_view end_of_list = "end";

std::string text_of(const std::vector<FileMoves::Move>& moves, const std::string& purpose) {
    auto text = purpose + '\n';
    for (const auto& move : moves) {
        text.append(move.from).append("\n").append(move.to).append("\n");
    }
    return text.append(end_of_list).append("\n");
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

bool is_there(const fs::path& path) {
    std::error_code failure;
    return fs::symlink_status(path, failure).type() != fs::file_type::not_found;
}

}  // namespace

FileMoves::FileMoves(FileOps& files, fs::path folder, fs::path list, std::vector<Move> moves,
                     const std::string& purpose)
    : files_{files}, folder_{std::move(folder)}, list_{std::move(list)}, moves_{std::move(moves)} {
    for (const auto& move : moves_) {
        if (is_there(folder_ / move.to)) {
            throw Error{Errc::already_exists, fmt::format("there is a file {} already", move.to)};
        }
    }
    write_durably(files_, list_, as_bytes(text_of(moves_, purpose)));
    std::set<fs::path> folders;
    for (const auto& move : moves_) {
        folders.insert((folder_ / move.to).parent_path());
    }
    try {
        for (const auto& each : folders) {
            files_.create_directories(each);
        }
    } catch (const Error&) {
        files_.remove_all(list_);  // nothing has moved
        throw;
    }
}

FileMoves::~FileMoves() {
    if (is_committed_) {
        return;
    }
    try {
        take_back(files_, folder_, moves_);
        files_.remove_all(list_);
    } catch (const std::exception&) {
        // The list is still there, so the next `recover` goes on.
    }
}

void FileMoves::move(const Move& one) {
    if (is_there(folder_ / one.to)) {
        throw Error{Errc::already_exists, fmt::format("there is a file {} already", one.to)};
    }
    files_.rename(folder_ / one.from, folder_ / one.to);
}

void FileMoves::sync_folders() {
    std::set<fs::path> folders;
    for (const auto& move : moves_) {
        folders.insert((folder_ / move.from).parent_path());
        folders.insert((folder_ / move.to).parent_path());
    }
    for (const auto& each : folders) {
        files_.sync_directory(each);
    }
}

void FileMoves::commit() {
    sync_folders();
    files_.remove_all(list_);  // the one step that decides
    is_committed_ = true;
    try {
        files_.sync_directory(list_.parent_path());
    } catch (const Error&) {
        // It is decided. Should the power go now, the list may be back: then all is taken back.
    }
}

FileMoves::Recovered FileMoves::recover(FileOps& files, const fs::path& folder,
                                        const fs::path& list) {
    const auto content = read_file(list, max_list_bytes);
    const auto lines = lines_of(as_text(content));
    Recovered recovered{.purpose = lines.empty() ? std::string{} : lines.front()};
    const bool is_whole = lines.size() >= 2 && lines.back() == end_of_list && lines.size() % 2 == 0;
    for (std::size_t i = 1; is_whole && i + 1 < lines.size(); i += 2) {
        recovered.moves.push_back({lines[i], lines[i + 1]});
    }
    take_back(files, folder, recovered.moves);
    return recovered;
}

void FileMoves::forget(FileOps& files, const fs::path& list) {
    files.remove_all(list);
    files.sync_directory(list.parent_path());
}

void FileMoves::take_back(FileOps& files, const fs::path& folder, const std::vector<Move>& moves) {
    std::set<fs::path> folders;
    for (const auto& move : moves) {
        if (is_there(folder / move.to) && !is_there(folder / move.from)) {
            files.create_directories((folder / move.from).parent_path());
            files.rename(folder / move.to, folder / move.from);
            folders.insert((folder / move.from).parent_path());
        }
    }
    for (const auto& each : folders) {
        files.sync_directory(each);
    }
}

}  // namespace offgrid::gwc
