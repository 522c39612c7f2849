#include "sync/stored_answers.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
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

StoredAnswers::Answer parse_answer(std::string_view text) {
    const auto json = Json::parse(text);
    StoredAnswers::Answer answer;
    answer.request_sha256 = json.at("request").get<std::string>();
    answer.reply.status = json.at("status").get<int>();
    answer.reply.media_type = json.at("media_type").get<std::string>();
    answer.reply.body = json.at("body").get<std::string>();
    return answer;
}

}  // namespace

StoredAnswers::StoredAnswers(FileOps& files, fs::path folder, AnswersToKeep keep)
    : files_{files}, folder_{std::move(folder)}, keep_{keep} {}

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

std::optional<StoredAnswers::Answer> StoredAnswers::find(const Claim& claim) const {
    const auto path = path_of(claim);
    try {
        return parse_answer(as_text(read_file(path, max_answer_bytes)));
    } catch (const Error& error) {
        if (error.code() == Errc::not_found) {
            return std::nullopt;
        }
        throw;
    } catch (const Json::exception& error) {
        throw Error{Errc::io, fmt::format("{}: {}", path.string(), error.what())};
    }
}

void StoredAnswers::store(const Claim& claim, const Answer& answer) {
    const Json json{{"request", answer.request_sha256},
                    {"status", answer.reply.status},
                    {"media_type", answer.reply.media_type},
                    {"body", answer.reply.body}};
    const auto text = json.dump(1, ' ', false, Json::error_handler_t::replace);
    const std::lock_guard lock{mutex_};
    files_.create_directories(folder_);
    write_durably(files_, path_of(claim), as_bytes(text));
    remove_older_than(path_of(claim));
}

fs::path StoredAnswers::path_of(const Claim& claim) const {
    return folder_ / (claim.id_ + ".json");
}

void StoredAnswers::remove_older_than(const fs::path& newest) {
    std::vector<std::pair<fs::file_time_type, fs::path>> others;
    for (const auto& entry : fs::directory_iterator{folder_}) {
        if (entry.path() != newest) {
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
