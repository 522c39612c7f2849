#include "pack/transfer/journal.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_journal_bytes = 64 << 10;

std::string shown(const TileKey& key) {
    return fmt::format("{}/{}/{}", key.z, key.x, key.y);
}

TransferMark parse_mark(const Bytes& content) {
    const auto json = nlohmann::json::parse(content);
    const auto last = parse_key(json.at("last").get<std::string>());
    if (!last) {
        throw Error{Errc::corrupt, "'last' is no tile"};
    }
    return {.last = *last,
            .written = parse_key(json.at("written").get<std::string>()),
            .counts = {.tiles = json.at("tiles").get<std::int64_t>(),
                       .bytes = json.at("bytes").get<std::uint64_t>(),
                       .failed = json.at("failed").get<std::int64_t>(),
                       .present = json.at("present").get<std::int64_t>(),
                       .absent = json.at("absent").get<std::int64_t>()}};
}

}  // namespace

Journal::Journal(FileOps& files, fs::path path) : files_{files}, path_{std::move(path)} {
    if (path_.has_parent_path()) {
        files_.create_directories(path_.parent_path());
    }
}

std::optional<TransferMark> Journal::read() const {
    if (!fs::exists(path_)) {
        return std::nullopt;
    }
    const auto content = read_file(path_, max_journal_bytes);
    try {
        return parse_mark(content);
    } catch (const nlohmann::json::exception& error) {
        throw Error{Errc::corrupt, fmt::format("{} is no journal of a transfer: {}", path_.string(),
                                               error.what())};
    } catch (const Error& error) {
        rethrow_with(error, "{} is no journal of a transfer", path_.string());
    }
}

void Journal::keep(const TransferMark& mark) {
    const nlohmann::ordered_json json{
        {"last", shown(mark.last)},
        {"written", mark.written ? shown(*mark.written) : std::string{}},
        {"tiles", mark.counts.tiles},
        {"bytes", mark.counts.bytes},
        {"failed", mark.counts.failed},
        {"present", mark.counts.present},
        {"absent", mark.counts.absent}};
    write_durably(files_, path_, as_bytes(json.dump() + "\n"));
}

void Journal::remove() {
    files_.remove_all(path_);
}

fs::path journal_folder() {
    const auto variable = [](const char* name) {
        const char* const value = std::getenv(name);
        return fs::path{value != nullptr ? value : ""};
    };
    const auto state = variable("XDG_STATE_HOME");
    if (state.is_absolute()) {  // the XDG specification: a relative one is ignored
        return state / "offgrid";
    }
    const auto home = variable("HOME");
    if (home.empty()) {
        throw Error{Errc::not_found,
                    "neither XDG_STATE_HOME nor HOME is set: name a journal with --journal"};
    }
    return home / ".local/state/offgrid";
}

void FailedLog::add(const TileKey& key, std::string_view cause) {
    if (!file_.is_open()) {
        file_.open(path_, existing_ == Existing::continued ? std::ios::app : std::ios::trunc);
    }
    std::string line{cause};
    std::ranges::replace_if(
        line, [](char each) { return each == '\n' || each == '\r'; }, ' ');
    file_ << shown(key) << '\t' << line << '\n' << std::flush;
    if (!file_) {
        throw system_error(errno, fmt::format("cannot write {}", path_.string()));
    }
}

std::vector<TileKey> read_failed_log(const fs::path& path, const Grid& grid) {
    std::ifstream file{path};
    if (!file) {
        throw system_error(errno, fmt::format("cannot open {}", path.string()));
    }
    std::vector<TileKey> keys;
    std::int64_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        const std::string_view address{line.data(),
                                       std::min(line.find_first_of(" \t\r"), line.size())};
        if (address.empty()) {
            continue;
        }
        const auto key = parse_key(address);
        if (!key || !grid.contains(*key)) {
            throw Error{Errc::invalid_argument,
                        fmt::format("{}:{}: '{}' is no tile of grid '{}': z/x/y is", path.string(),
                                    number, address, grid.name())};
        }
        keys.push_back(*key);
    }
    if (file.bad()) {
        throw system_error(errno, fmt::format("cannot read {}", path.string()));
    }
    std::ranges::sort(keys);
    const auto repeated = std::ranges::unique(keys);
    keys.erase(repeated.begin(), repeated.end());
    return keys;
}

std::optional<TileKey> parse_key(std::string_view text) {
    const auto first = text.find('/');
    const auto second = first == std::string_view::npos ? first : text.find('/', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const auto z = parse_number<int>(text.substr(0, first));
    const auto x = parse_number<std::int64_t>(text.substr(first + 1, second - first - 1));
    const auto y = parse_number<std::int64_t>(text.substr(second + 1));
    return z && x && y ? std::optional{TileKey{*z, *x, *y}} : std::nullopt;
}

}  // namespace offgrid
