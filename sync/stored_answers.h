#pragma once

#include "formats/base/file_ops.h"
#include "sync/reply.h"

#include <chrono>
#include <cstddef>
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
/// An answer is durable when `store` returns. Safe for concurrent use.
class StoredAnswers {
public:
    /// The folder is made with the first answer. The FileOps is not owned.
    StoredAnswers(FileOps& files, std::filesystem::path folder, AnswersToKeep keep = {});

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
    std::optional<Answer> find(const Claim& claim) const;

    void store(const Claim& claim, const Answer& answer);

private:
    std::filesystem::path path_of(const Claim& claim) const;
    void remove_older_than(const std::filesystem::path& newest);

    FileOps& files_;
    std::filesystem::path folder_;
    AnswersToKeep keep_;
    std::mutex mutex_;  // guards all below, and the folder
    std::set<std::string> running_;
};

}  // namespace offgrid
