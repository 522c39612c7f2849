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

void require_one_line(const std::string& name) {
    if (name.find('\n') != std::string::npos) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' cannot be moved: its name has a line end", name)};
    }
}

bool is_there(const fs::path& path) {
    std::error_code failure;
    return fs::symlink_status(path, failure).type() != fs::file_type::not_found;
}

}  // namespace

FileMoves::FileMoves(FileOps& files, fs::path folder, fs::path list, std::vector<Move> moves,
                     const std::string& purpose)
    : files_{files}, folder_{std::move(folder)}, list_{std::move(list)}, moves_{std::move(moves)} {
    require_one_line(purpose);
    for (const auto& move : moves_) {
        require_one_line(move.from);
        require_one_line(move.to);
        if (is_there(folder_ / move.to)) {
            throw Error{Errc::already_exists, fmt::format("there is a file {} already", move.to)};
        }
    }
    write_durably(files_, list_, as_bytes(text_of(moves_, purpose)));
    std::set<fs::path> folders;
    for (const auto& move : moves_) {
        folders.insert((folder_ / move.to).parent_path());
    }
    for (const auto& each : folders) {
        files_.create_directories(each);
    }
}

void FileMoves::move(const Move& one) const {
    if (is_there(folder_ / one.to)) {
        throw Error{Errc::already_exists, fmt::format("there is a file {} already", one.to)};
    }
    files_.rename(folder_ / one.from, folder_ / one.to);
}

void FileMoves::set_purpose(const std::string& purpose) {
    require_one_line(purpose);
    write_durably(files_, list_, as_bytes(text_of(moves_, purpose)));
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
    try {
        files_.sync_directory(list_.parent_path());
    } catch (const Error&) {
        // It is decided. Should the power go now, the list may be back: then all is taken back.
    }
}

FileMoves::TakenBack FileMoves::take_back(FileOps& files, const fs::path& folder,
                                          const fs::path& list) {
    const auto content = read_file(list, max_list_bytes);
    const auto lines = lines_of(as_text(content));
    if (lines.size() < 2 || lines.back() != end_of_list || lines.size() % 2 != 0) {
        throw Error{Errc::corrupt,
                    fmt::format("{} is no list of files that were moved", list.string())};
    }
    TakenBack taken{.purpose = lines.front()};
    std::set<fs::path> folders;
    std::string conflict;
    for (std::size_t i = 1; i + 1 < lines.size(); i += 2) {
        const auto& move = taken.moves.emplace_back(Move{lines[i], lines[i + 1]});
        if (!is_there(folder / move.to)) {
            continue;
        }
        if (is_there(folder / move.from)) {
            conflict = fmt::format(
                "both {} and {} are in {}, one of them made by another program while files were "
                "moved: take away the one that is not to have the first name",
                move.from, move.to, folder.string());
            continue;
        }
        files.create_directories((folder / move.from).parent_path());
        files.rename(folder / move.to, folder / move.from);
        folders.insert((folder / move.from).parent_path());
    }
    for (const auto& each : folders) {
        files.sync_directory(each);
    }
    if (!conflict.empty()) {
        throw Error{Errc::already_exists, conflict};
    }
    return taken;
}

void FileMoves::forget(FileOps& files, const fs::path& list) {
    files.remove_all(list);
    files.sync_directory(list.parent_path());
}

}  // namespace offgrid::gwc
