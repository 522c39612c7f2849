#include "sync/audit.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>
#include <fstream>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* log_name = "audit.log";
constexpr const char* reserve_name = "audit.reserve";

/// A hundred lines or more.
constexpr std::size_t reserve_bytes = 64 << 10;

/// A disk with less is left alone until there is more.
constexpr std::uint64_t free_bytes_for_reserve = 16 << 20;

constexpr std::size_t max_files = 100;
constexpr std::size_t max_text_bytes = 512;

/// Longer than the longest line.
constexpr std::uint64_t max_tail_bytes = 1 << 20;

constexpr std::size_t max_problems = 20;

/// Of who writes the lines that nobody's request has caused.
constexpr const char* own_name = "offgrid";
constexpr const char* repair_action = "repair";

std::string cut(const std::string& text) {
    return text.size() <= max_text_bytes ? text : text.substr(0, max_text_bytes) + "…";
}

Json or_null(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

Json to_json(const FileChange& file) {
    return {{"name", cut(file.name)},
            {"old_sha256", or_null(file.old_sha256)},
            {"new_sha256", or_null(file.new_sha256)}};
}

/// RFC 3339, in UTC.
std::string to_text(std::chrono::system_clock::time_point time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::floor<std::chrono::seconds>(time));
}

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string sha256_of(std::string_view line) {
    return sha256_hex(as_bytes(line));
}

/// What the last of the lines that name a generation names.
std::optional<std::uint64_t> last_generation_in(std::string_view lines) {
    while (!lines.empty()) {
        const auto start = lines.find_last_of('\n') + 1;  // npos + 1 is 0
        const auto line = Json::parse(lines.substr(start), nullptr, false);
        if (line.is_object() && line.contains("generation") &&
            line["generation"].is_number_unsigned()) {
            return line["generation"].get<std::uint64_t>();
        }
        lines = lines.substr(0, start == 0 ? 0 : start - 1);
    }
    return std::nullopt;
}

/// The end of a file, whole if it is short. Nothing when there is no file.
std::optional<std::string> tail_of(const fs::path& path) {
    std::ifstream file{path, std::ios::binary | std::ios::ate};
    if (!file) {
        if (fs::exists(path)) {
            throw Error{Errc::io, fmt::format("cannot read {}", path.string())};
        }
        return std::nullopt;
    }
    const auto size = static_cast<std::uint64_t>(file.tellg());
    const auto length = std::min(size, max_tail_bytes);
    file.seekg(static_cast<std::streamoff>(size - length));
    std::string tail(length, '\0');
    file.read(tail.data(), static_cast<std::streamsize>(length));
    if (!file) {
        throw Error{Errc::io, fmt::format("cannot read {}", path.string())};
    }
    return tail;
}

}  // namespace

std::string outcome_of(const std::exception& error) {
    const auto* const known = dynamic_cast<const Error*>(&error);
    return fmt::format("{}: {}", known == nullptr ? "failed" : name_of(known->code()),
                       error.what());
}

AuditLog::AuditLog(FileOps& files, const fs::path& depot, Log log, Clock clock)
    : files_{files},
      path_{depot / log_name},
      reserve_{depot / reserve_name},
      log_{std::move(log)},
      clock_{std::move(clock)} {
    try {
        keep_reserve();
        open();
    } catch (const std::exception& error) {
        log_(fmt::format("the audit log cannot be opened: {}", error.what()));
    }
}

bool AuditLog::record(const AuditEntry& entry) noexcept {
    const std::lock_guard lock{mutex_};
    try {
        try {
            write(entry);
        } catch (const Error& error) {
            file_.reset();
            if (error.code() != Errc::no_space) {
                throw;
            }
            give_up_reserve();
            write(entry);
        }
    } catch (const std::exception& error) {
        file_.reset();
        unsure_.clear();
        ++missed_;
        log_(fmt::format("NOT IN THE AUDIT LOG, which cannot be written ({}): {}", error.what(),
                         line_of(entry)));
        return false;
    }
    try {
        keep_reserve();
    } catch (const std::exception& error) {
        log_(fmt::format("the audit log has no reserve: {}", error.what()));
    }
    return true;
}

void AuditLog::note_current(std::uint64_t generation) noexcept {
    {
        const std::lock_guard lock{mutex_};
        if (generation == generation_.value_or(0)) {
            return;
        }
    }
    record({.who = {.name = own_name},
            .action = "found",
            .generation = generation,
            .outcome = "current, and no line says since when"});
}

void AuditLog::open() {
    const auto tail = tail_of(path_);
    file_ = files_.append_to(path_);
    if (!tail) {
        fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_write |
                                   fs::perms::group_read);  // it names people
        files_.sync_directory(path_.parent_path());
        return;
    }
    if (tail->empty()) {
        return;
    }
    generation_ = last_generation_in(*tail);
    std::string_view last = *tail;
    const bool is_ended = last.ends_with('\n');
    last.remove_suffix(is_ended ? 1 : 0);
    last.remove_prefix(last.find_last_of('\n') + 1);  // npos + 1 is 0
    previous_ = sha256_of(last);
    if (is_ended && Json::accept(last)) {
        return;
    }
    if (!is_ended) {
        file_->append(as_bytes("\n"));
    }
    append(
        line_of({.who = {.name = own_name},
                 .action = repair_action,
                 .outcome = fmt::format("the line before was torn after {} bytes", last.size())}));
}

void AuditLog::write(const AuditEntry& entry) {
    if (file_ == nullptr) {
        open();
    }
    if (!unsure_.empty() && previous_ == std::exchange(unsure_, {})) {
        file_->sync();  // it is there already, but perhaps not for long
    } else {
        append(line_of(entry));
    }
    generation_ = entry.generation ? entry.generation : generation_;
}

void AuditLog::append(std::string_view line) {
    unsure_ = sha256_of(line);
    file_->append(as_bytes(std::string{line} + "\n"));
    file_->sync();
    previous_ = std::exchange(unsure_, {});
    missed_ = 0;
}

void AuditLog::give_up_reserve() {
    files_.remove_all(reserve_);
    files_.sync_directory(reserve_.parent_path());
}

void AuditLog::keep_reserve() {
    if (fs::exists(reserve_) ||
        files_.free_bytes(reserve_.parent_path()) < free_bytes_for_reserve) {
        return;
    }
    const auto reserve = files_.create(reserve_);
    reserve->append(as_bytes(std::string(reserve_bytes, '\n')));
    reserve->sync();
}

std::string AuditLog::line_of(const AuditEntry& entry) const {
    Json line{{"time", to_text(clock_())},
              {"who", cut(entry.who.name)},
              {"role", name_of(entry.who.role)},
              {"from", cut(entry.from)},
              {"action", cut(entry.action)},
              {"layer", cut(entry.layer)},
              {"generation", entry.generation ? Json(*entry.generation) : Json(nullptr)},
              {"files", Json::array()}};
    const auto listed = std::min(entry.files.size(), max_files);
    std::for_each_n(entry.files.begin(), listed,
                    [&](const FileChange& file) { line["files"].push_back(to_json(file)); });
    line["more_files"] = entry.files.size() - listed;
    line["outcome"] = cut(entry.outcome);
    line["missed"] = missed_;
    line["previous"] = previous_.empty() ? Json(nullptr) : Json(previous_);
    return dump(line);
}

AuditCheck read_audit_log(const fs::path& depot,
                          const std::function<void(std::string_view line)>& visit) {
    const auto path = depot / log_name;
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        throw Error{Errc::not_found, fmt::format("cannot open {}", path.string())};
    }
    AuditCheck check;
    const auto report = [&](std::uint64_t line, std::string_view problem) {
        if (check.problems.size() < max_problems) {
            check.problems.push_back(fmt::format("line {}: {}", line, problem));
        }
    };
    bool is_torn = false;  // the line before
    for (std::string text; std::getline(file, text);) {
        ++check.lines;
        visit(text);
        const auto json = Json::parse(text, nullptr, false);
        const auto wanted = check.last_sha256.empty() ? Json(nullptr) : Json(check.last_sha256);
        const bool is_entry = json.is_object();
        if (is_torn && (!is_entry || json.value("action", Json()) != repair_action)) {
            report(check.lines - 1, "is no entry, and nothing says that it was torn");
        }
        if (is_entry && json.value("previous", Json()) != wanted) {
            report(check.lines,
                   "does not follow the line before: that one was changed, or lines "
                   "between the two were removed");
        }
        is_torn = !is_entry || file.eof();
        check.last_sha256 = sha256_of(text);
    }
    if (is_torn) {
        report(check.lines, "is torn");
    }
    return check;
}

}  // namespace offgrid
