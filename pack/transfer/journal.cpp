#include "pack/transfer/journal.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
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

/// Throws `invalid_argument` naming the parts that differ.
void require_same(const TransferIdentity& kept, const TransferIdentity& asked) {
    std::vector<std::string> different;
    for (const auto& [part, text] : asked) {
        const auto found = kept.find(part);
        if (found == kept.end() || found->second != text) {
            different.push_back(part);
        }
    }
    if (!different.empty() || kept.size() != asked.size()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("not the same: {}",
                                different.empty() ? std::string{"what it names"}
                                                  : fmt::format("{}", fmt::join(different, ", ")))};
    }
}

TransferMark parse_mark(const nlohmann::json& json) {
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

void Journal::create_folder() {
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
        const auto json = nlohmann::json::parse(content);
        require_same(json.at("of").get<TransferIdentity>(), identity_);
        return parse_mark(json);
    } catch (const nlohmann::json::exception& error) {
        throw Error{Errc::corrupt, fmt::format("{} is no journal of a transfer: {}", path_.string(),
                                               error.what())};
    } catch (const Error& error) {
        rethrow_with(error, "{} is no journal of {} transfer", path_.string(),
                     error.code() == Errc::invalid_argument ? "this" : "a");
    }
}

void Journal::keep(const TransferMark& mark) {
    const nlohmann::ordered_json json{
        {"of", identity_},
        {"last", shown(mark.last)},
        {"written", mark.written ? shown(*mark.written) : std::string{}},
        {"tiles", mark.counts.tiles},
        {"bytes", mark.counts.bytes},
        {"failed", mark.counts.failed},
        {"present", mark.counts.present},
        {"absent", mark.counts.absent}};
    const auto text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    write_durably(files_, path_, as_bytes(text));
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
    add_line(fmt::format("{}\t{}", shown(key), cause));
}

void FailedLog::add(const std::string& file, int z, std::string_view cause) {
    add_line(fmt::format("# {} from zoom {} on: {}", file, z, cause));
}

void FailedLog::add_line(std::string line) {
    std::ranges::replace_if(
        line, [](char each) { return each == '\n' || each == '\r'; }, ' ');
    const std::lock_guard lock{mutex_};
    if (!file_.is_open()) {
        file_.open(path_, existing_ == Existing::continued ? std::ios::app : std::ios::trunc);
    }
    file_ << line << '\n' << std::flush;
    if (!file_) {
        throw system_error(errno, fmt::format("cannot write {}", path_.string()));
    }
    has_unsynced_ = true;
    if (first_.empty()) {
        first_ = std::move(line);
    }
}

std::string FailedLog::first() const {
    const std::lock_guard lock{mutex_};
    return first_;
}

void FailedLog::sync() {
    const std::lock_guard lock{mutex_};
    if (has_unsynced_) {
        files_.sync_file(path_);
        files_.sync_directory(path_.has_parent_path() ? path_.parent_path() : ".");
        has_unsynced_ = false;
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
        if (address.empty() || address.front() == '#') {
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
