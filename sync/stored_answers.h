#pragma once

#include "formats/base/file_ops.h"
#include "formats/package/depot.h"
#include "serve/log.h"
#include "sync/reply.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace offgrid {

/// Which answers are kept when another is stored. Ages are counted between answers, never from the
/// clock of now: one that jumps (a device without a clock of its own finds a network) forgets
/// nothing.
struct AnswersToKeep {
    std::size_t count = 1000;    ///< the newest
    std::chrono::hours age{24};  ///< before the one that was stored last
};

/// The answers to requests that carried an Idempotency-Key, kept on the disk, so that a client that
/// has lost an answer may send its request again without having it done twice.
///
/// That holds across a crash as well. A change happens in one step, the rename of `CURRENT`, and
/// nothing else can be written in that step. So the answer is written before it, durably, under a
/// name that does not count yet (`ID.pending`), with the generation that the change is about to
/// make current: its number and the SHA-256 of its file. After the step it is renamed to what
/// counts (`ID.json`), which works on a full disk, too. Who finds an `ID.pending` that nobody is
/// working on asks the depot what became of it:
///
/// * The depot keeps that generation: it was current once, so the change was made, also where
///   others or a rollback came after it. `CURRENT` is made durable, then the answer counts.
/// * It does not: the step was not taken, and the answer is removed. A generation that was written
///   and never made current is removed before one with a higher number is current, so it is never
///   taken for one that is kept; and where its number is used again, the SHA-256 differs.
///
/// A generation that was current may be pruned, so all this is settled before the daemon changes
/// anything: at its start. An `offgrid prune` before that leaves what is current; only a generation
/// that a crash left unsettled, and that was then both rolled back and pruned by hand, is taken for
/// one that never was.
///
/// An answer is durable when `store` or `confirm` returns. Safe for concurrent use.
class StoredAnswers {
public:
    /// The folder, `answers` in the depot, is made with the first answer. Neither argument is
    /// owned. REQUIRES: the DepotLock.
    StoredAnswers(FileOps& files, const Depot& depot, AnswersToKeep keep = {});

    /// One key while a request with it runs. The StoredAnswers outlives it.
    class Claim {
    public:
        Claim(Claim&& other) noexcept;
        Claim& operator=(Claim&&) = delete;
        Claim(const Claim&) = delete;
        Claim& operator=(const Claim&) = delete;
        ~Claim();

    private:
        friend class StoredAnswers;
        Claim(StoredAnswers& answers, std::string id);

        StoredAnswers* answers_;
        std::string id_;
    };

    /// Claim the key of a caller; two callers may have the same. Throws `invalid_argument` for what
    /// is no key, `already_exists` while another request with it runs.
    Claim claim(const std::string& caller, const std::string& key);

    struct Answer {
        std::string request_sha256{};  ///< of the request that it answers
        Reply reply{};
    };

    /// What was stored for the key. Throws `io` for what cannot be read.
    std::optional<Answer> find(const Claim& claim);

    /// The request was done, and is answered so.
    void store(const Claim& claim, const Answer& answer);

    /// The request will have been done as soon as that generation, which is written, is current.
    /// The answer is the one to give after a crash.
    void announce(const Claim& claim, const Answer& answer, std::uint64_t generation);

    /// What was announced has happened.
    void confirm(const Claim& claim);

    /// What was announced, if anything, has ended with a failure: the depot tells whether it has
    /// happened all the same.
    void withdraw(const Claim& claim);

    /// Find out for all that was announced and no more, by a process that died, whether it has
    /// happened. What cannot be found out is told through `log`, and tried again when its key
    /// comes; then the result is false, and nothing may be pruned. Called before anything else
    /// changes the depot.
    bool settle_all(const Log& log);

private:
    std::filesystem::path path_of(const Claim& claim) const;
    std::filesystem::path pending_path_of(const Claim& claim) const;
    void write(const std::filesystem::path& path, const std::string& text);
    void settle(const std::filesystem::path& pending);
    void accept(const std::filesystem::path& pending);
    void remove_older_than(const std::filesystem::path& newest);

    FileOps& files_;
    const Depot& depot_;
    std::filesystem::path folder_;
    AnswersToKeep keep_;
    std::mutex mutex_;  // guards all below, and the folder
    std::set<std::string> running_;
};

}  // namespace offgrid
