#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/replace.h"
#include "serve/access/identity.h"
#include "serve/log.h"

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// A change of a depot, as it is remembered. A value. Texts may come from outside as they are: long
/// ones are cut.
struct AuditEntry {
    Identity who{};
    std::string from{};    ///< the address it was asked from; empty: a command on this machine
    std::string action{};  ///< `replace`, `rollback`, `prune`, `seed`, …
    std::string layer{};   ///< empty: no single one
    std::optional<std::uint64_t> generation{};  ///< that is current since
    std::vector<FileChange> files{};            ///< the first ones are listed, the rest is counted
    std::string outcome = "done";               ///< or what it failed with: `corrupt: …`
};

/// What an entry says of a change that failed: `corrupt: …`.
std::string outcome_of(const std::exception& error);

/// The audit log of a depot, `audit.log` in its folder: one line of JSON for each change, only ever
/// appended to. README.md here says what is in a line.
///
/// Each line holds the SHA-256 of the line before it, so that one which is removed or changed
/// shows. A line is durable when `record` returns. What a crash has torn is ended and noted when
/// the log is next opened. On a full disk a reserve beside the log (`audit.reserve`) is given up
/// for it; see `record` for when even that is not enough.
///
/// One process at a time: REQUIRES the DepotLock. Safe for concurrent use by its threads.
class AuditLog {
public:
    using Clock = std::function<std::chrono::system_clock::time_point()>;

    /// Opens the log, or makes one. Never throws for a log that cannot be written: that is told
    /// through `log`, and tried again with each record. The FileOps is not owned.
    AuditLog(FileOps& files, const std::filesystem::path& depot, Log log,
             Clock clock = std::chrono::system_clock::now);

    /// Append a line and make it durable. False when that cannot be: the change has happened and is
    /// reported all the same, so the whole line goes to `log` instead, and the next line that can
    /// be written tells how many were missed. Does not throw.
    bool record(const AuditEntry& entry) noexcept;

    /// Tell which generation is current as the log is opened. When no line says so, because the
    /// power went between the change and its line, or something else changed the depot, a line
    /// `found` does.
    void note_current(std::uint64_t generation) noexcept;

private:
    void open();
    void write(const AuditEntry& entry);
    void append(std::string_view line);
    void give_up_reserve();
    void keep_reserve();
    std::string line_of(const AuditEntry& entry) const;

    FileOps& files_;
    std::filesystem::path path_;
    std::filesystem::path reserve_;
    Log log_;
    Clock clock_;
    std::mutex mutex_;  // guards all that follows
    std::unique_ptr<OutputFile> file_;
    std::string previous_;  // SHA-256 of the last line; empty before the first
    std::string unsure_;    // SHA-256 of the line that was being written as that failed
    std::optional<std::uint64_t> generation_;  // that the lines say is current
    std::uint64_t missed_ = 0;                 // entries since the last line that could be written
};

/// Do the work and record what came of it: of `entry`, which the work completes.
template <typename Work>
auto recorded(AuditLog& audit, AuditEntry& entry, const Work& work) {
    try {
        auto report = work();
        audit.record(entry);
        return report;
    } catch (const std::exception& error) {
        entry.outcome = outcome_of(error);
        audit.record(entry);
        throw;
    }
}

/// What reading a whole log has shown.
struct AuditCheck {
    std::uint64_t lines = 0;
    std::string last_sha256{};  ///< of the last line; note it elsewhere, and a log cut short shows
    std::vector<std::string> problems{};  ///< `line 7: …`; the first ones
};

/// Read the audit log of a depot, oldest line first; `visit` gets each line as it stands there.
/// Throws `not_found` when there is none.
AuditCheck read_audit_log(const std::filesystem::path& depot,
                          const std::function<void(std::string_view line)>& visit);

}  // namespace offgrid
