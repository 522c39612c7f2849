#include "sync/stored_answers.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t max_key_bytes = 255;

/// A report of a package with 65 536 files, with room.
constexpr std::uint64_t max_answer_bytes = 64 << 20;

bool is_key(const std::string& key) {
    return !key.empty() && key.size() <= max_key_bytes &&
           std::ranges::all_of(key, [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

constexpr std::string_view pending_extension = ".pending";

/// What `read` makes of the JSON in the file. Throws `not_found` when there is none, `io` for what
/// is not as it was written.
template <typename Read>
auto read_json(const fs::path& path, const Read& read) {
    const auto content = read_file(path, max_answer_bytes);
    try {
        return read(Json::parse(as_text(content)));
    } catch (const Json::exception& error) {
        throw Error{Errc::io, fmt::format("{}: {}", path.string(), error.what())};
    }
}

Json to_value(const StoredAnswers::Answer& answer) {
    return {{"request", answer.request_sha256},
            {"status", answer.reply.status},
            {"media_type", answer.reply.media_type},
            {"body", answer.reply.body}};
}

StoredAnswers::Answer from_value(const Json& json) {
    StoredAnswers::Answer answer;
    answer.request_sha256 = json.at("request").get<std::string>();
    answer.reply.status = json.at("status").get<int>();
    answer.reply.media_type = json.at("media_type").get<std::string>();
    answer.reply.body = json.at("body").get<std::string>();
    return answer;
}

std::string text_of(const Json& json) {
    return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

/// Whether the generation that a pending answer tells of was ever made current.
bool has_happened(const Depot& depot, const Json& pending) {
    const auto number = pending.at("generation").get<std::uint64_t>();
    return depot.keeps(number) && sha256_hex_of_file(depot.generation_path(number)) ==
                                      pending.at("generation_sha256").get<std::string>();
}

}  // namespace

StoredAnswers::StoredAnswers(FileOps& files, const Depot& depot, AnswersToKeep keep)
    : files_{files}, depot_{depot}, folder_{depot.root() / "answers"}, keep_{keep} {}

StoredAnswers::Claim::Claim(StoredAnswers& answers, std::string id)
    : answers_{&answers}, id_{std::move(id)} {}

StoredAnswers::Claim::Claim(Claim&& other) noexcept
    : answers_{std::exchange(other.answers_, nullptr)}, id_{std::move(other.id_)} {}

StoredAnswers::Claim::~Claim() {
    if (answers_ != nullptr) {
        const std::lock_guard lock{answers_->mutex_};
        answers_->running_.erase(id_);
    }
}

StoredAnswers::Claim StoredAnswers::claim(const std::string& caller, const std::string& key) {
    if (!is_key(key)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("an Idempotency-Key is 1 to {} ASCII characters", max_key_bytes)};
    }
    auto id = sha256_hex(as_bytes(fmt::format("{}:{}{}", caller.size(), caller, key)));
    const std::lock_guard lock{mutex_};
    if (!running_.insert(id).second) {
        throw Error{Errc::already_exists, "a request with this Idempotency-Key is still running"};
    }
    return {*this, std::move(id)};
}

std::optional<StoredAnswers::Answer> StoredAnswers::find(const Claim& claim) {
    const std::lock_guard lock{mutex_};
    if (const auto pending = pending_path_of(claim); fs::exists(pending)) {
        settle(pending);
    }
    try {
        return read_json(path_of(claim), from_value);
    } catch (const Error& error) {
        if (error.code() == Errc::not_found) {
            return std::nullopt;
        }
        throw;
    }
}

void StoredAnswers::store(const Claim& claim, const Answer& answer) {
    const std::lock_guard lock{mutex_};
    write(path_of(claim), text_of(to_value(answer)));
    remove_older_than(path_of(claim));
}

void StoredAnswers::announce(const Claim& claim, const Answer& answer, std::uint64_t generation) {
    auto json = to_value(answer);
    json["generation"] = generation;
    json["generation_sha256"] = sha256_hex_of_file(depot_.generation_path(generation));
    const std::lock_guard lock{mutex_};
    write(pending_path_of(claim), text_of(json));
}

void StoredAnswers::confirm(const Claim& claim) {
    const std::lock_guard lock{mutex_};
    accept(pending_path_of(claim));
}

void StoredAnswers::withdraw(const Claim& claim) {
    const std::lock_guard lock{mutex_};
    if (const auto pending = pending_path_of(claim); fs::exists(pending)) {
        settle(pending);  // a commit may fail after it has happened
    }
}

bool StoredAnswers::settle_all(const Log& log) {
    const std::lock_guard lock{mutex_};
    bool is_settled = true;
    const auto attempt = [&](const char* what, const auto& work) {
        try {
            work();
        } catch (const std::exception& error) {
            log(fmt::format("{}: {}", what, error.what()));
            is_settled = false;
        }
    };
    std::vector<fs::path> left;
    attempt("what was promised before cannot be listed", [&] {
        if (fs::exists(folder_)) {
            for (const auto& entry : fs::directory_iterator{folder_}) {
                left.push_back(entry.path());
            }
        }
    });
    for (const auto& path : left) {
        if (path.extension() == pending_extension) {
            attempt("whether a request was done cannot be told", [&] { settle(path); });
        } else if (path.extension() == ".new") {
            attempt("an answer that was being written is left", [&] { files_.remove_all(path); });
        }
    }
    return is_settled;
}

/// REQUIRES: the mutex, as all that follow.
void StoredAnswers::settle(const fs::path& pending) {
    if (!read_json(pending, [this](const Json& json) { return has_happened(depot_, json); })) {
        files_.remove_all(pending);
        return;
    }
    // Who made it current may have died before that was durable.
    files_.sync_directory(depot_.root());
    accept(pending);
}

/// Let a pending answer count.
void StoredAnswers::accept(const fs::path& pending) {
    auto path = pending;
    path.replace_extension(".json");
    files_.rename(pending, path);
    files_.sync_directory(folder_);
    remove_older_than(path);
}

fs::path StoredAnswers::path_of(const Claim& claim) const {
    return folder_ / (claim.id_ + ".json");
}

fs::path StoredAnswers::pending_path_of(const Claim& claim) const {
    return folder_ / fmt::format("{}{}", claim.id_, pending_extension);
}

void StoredAnswers::write(const fs::path& path, const std::string& text) {
    files_.create_directories(folder_);
    write_durably(files_, path, as_bytes(text));
}

void StoredAnswers::remove_older_than(const fs::path& newest) {
    std::vector<std::pair<fs::file_time_type, fs::path>> others;
    for (const auto& entry : fs::directory_iterator{folder_}) {
        if (entry.path() != newest && entry.path().extension() != pending_extension) {
            others.emplace_back(entry.last_write_time(), entry.path());
        }
    }
    std::ranges::sort(others, std::ranges::greater{});
    const auto oldest = fs::last_write_time(newest) - keep_.age;
    for (std::size_t i = 0; i < others.size(); ++i) {
        if (i + 1 >= keep_.count || others[i].first < oldest) {
            files_.remove_all(others[i].second);
        }
    }
}

}  // namespace offgrid
