#include "serve/access_log.h"

#include "formats/base/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <functional>
#include <iterator>
#include <thread>
#include <utility>

namespace offgrid {
namespace {

constexpr std::chrono::milliseconds flush_interval{200};

/// What a thread may be ahead of the disk.
constexpr std::size_t max_buffered_bytes = 4 << 20;

UniqueFd open_log(const std::filesystem::path& path) {
    if (path == "-") {
        return UniqueFd{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
    }
    return UniqueFd{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)};
}

constexpr bool is_plain(char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/// What needs no quotes around it.
constexpr bool is_plain_in_word(char c) {
    return is_plain(c) && c != ' ';
}

template <bool (*is_kept)(char) = is_plain>
void append_escaped(std::string& text, std::string_view value) {
    while (!value.empty()) {
        const auto end = std::ranges::find_if_not(value, is_kept);
        const auto plain = static_cast<std::size_t>(end - value.begin());
        text.append(value.substr(0, plain));
        value.remove_prefix(plain);
        if (!value.empty()) {
            constexpr std::string_view digits = "0123456789ABCDEF";
            const auto byte = static_cast<unsigned char>(value.front());
            text.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
            value.remove_prefix(1);
        }
    }
}

void append_quoted(std::string& text, std::string_view value) {
    text.append(" \"");
    append_escaped(text, value.empty() ? std::string_view{"-"} : value);
    text.push_back('"');
}

void append_number(std::string& text, std::size_t number) {
    const fmt::format_int digits{number};
    text.append(1, ' ').append(digits.data(), digits.size());
}

void append_word(std::string& text, std::string_view value) {
    append_escaped<is_plain_in_word>(text, value.empty() ? std::string_view{"-"} : value);
}

/// ` [22/Nov/2026:03:39:58 +0000] "`, whatever the locale.
std::string middle_of(std::time_t second) {
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    ::gmtime_r(&second, &utc);
    return fmt::format(" [{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000] \"", utc.tm_mday,
                       months.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                       utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::time_t coarse_second() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec;
}

}  // namespace

AccessLog::AccessLog(std::filesystem::path file, Log report)
    : path_{std::move(file)}, report_{std::move(report)}, file_{open_log(path_)} {
    if (!file_.is_open()) {
        throw system_error(errno, fmt::format("cannot open the access log {}", path_.string()));
    }
    ticker_.emplace(flush_interval, [this] { flush(); });
}

AccessLog::~AccessLog() {
    ticker_.reset();
    flush();
}

void AccessLog::write(const AccessEntry& entry) noexcept {
    const auto thread = std::hash<std::thread::id>{}(std::this_thread::get_id());
    auto& shard = shards_[thread % shard_count];
    const auto second = coarse_second();
    const std::lock_guard lock{shard.mutex};
    auto& text = shard.text;
    if (text.size() >= max_buffered_bytes) {
        ++lost_;
        return;
    }
    const auto old_size = text.size();
    try {
        if (second != shard.second) {
            shard.second_text = middle_of(second);
            shard.second = second;
        }
        const auto& request = entry.request;
        append_word(text, request.client);
        text.append(" - ");
        append_word(text, entry.user);
        text.append(shard.second_text);
        append_escaped(text, request.method);
        text.push_back(' ');
        append_escaped(text, entry.target);
        text.push_back(' ');
        append_escaped(text, entry.version);
        text.push_back('"');
        append_number(text, static_cast<std::size_t>(entry.status));
        append_number(text, entry.body_bytes);
        append_quoted(text, request.referer);
        append_quoted(text, request.user_agent);
        text.push_back('\n');
    } catch (const std::exception&) {  // no memory
        text.resize(old_size);
        ++lost_;
    }
}

void AccessLog::reopen() noexcept {
    flush();
    auto file = open_log(path_);
    if (!file.is_open()) {
        report_(fmt::format("cannot open the access log {} again: {}", path_.string(),
                            std::strerror(errno)));
        return;
    }
    const std::lock_guard lock{file_mutex_};
    file_ = std::move(file);
}

void AccessLog::flush() noexcept {
    const std::lock_guard file_lock{file_mutex_};
    for (auto& shard : shards_) {
        emptying_.clear();
        {
            const std::lock_guard lock{shard.mutex};
            emptying_.swap(shard.text);
        }
        write_out(emptying_);
    }
    if (const auto lost = lost_.exchange(0); lost > 0) {
        report_(fmt::format("{} lines of the access log were lost", lost));
    }
}

void AccessLog::write_out(std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(file_.get(), text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            lost_ += static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
            if (!std::exchange(is_failing_, true)) {
                report_(fmt::format("cannot write the access log {}: {}", path_.string(),
                                    std::strerror(errno)));
            }
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
        is_failing_ = false;
    }
}

}  // namespace offgrid
