#include "pack/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace offgrid {
namespace {

using namespace std::chrono_literals;

constexpr auto between_bars = 100ms;
constexpr auto between_lines = 5s;
constexpr int bar_width = 30;

std::string time_left(const ShownProgress& progress, double seconds) {
    const auto left_seconds = seconds_left(progress, seconds);
    if (!left_seconds) {
        return "?";
    }
    const auto left = static_cast<long>(*left_seconds + 0.5);
    return left >= 3600 ? fmt::format("{}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60)
                        : fmt::format("{}:{:02}", left / 60, left % 60);
}

}  // namespace

std::optional<double> seconds_left(const ShownProgress& progress, double seconds) {
    const double now = std::clamp(progress.share.value_or(0), 0.0, 1.0) - progress.share_before;
    if (now <= 0) {
        return std::nullopt;
    }
    return seconds / now * std::max(0.0, 1 - *progress.share);
}

ProgressDisplay::ProgressDisplay(std::FILE* stream)
    : stream_{stream},
      is_terminal_{::isatty(::fileno(stream)) == 1},
      start_{std::chrono::steady_clock::now()} {
    next_ = start_ + (is_terminal_ ? between_bars : std::chrono::milliseconds{between_lines});
}

void ProgressDisplay::show(const ShownProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) {
        return;
    }
    next_ = now + (is_terminal_ ? between_bars : std::chrono::milliseconds{between_lines});
    const double seconds = std::chrono::duration<double>(now - start_).count();
    if (is_terminal_) {
        show_bar(progress, seconds);
    } else {
        show_line(progress, seconds);
    }
    std::fflush(stream_);
}

void ProgressDisplay::show_bar(const ShownProgress& progress, double seconds) {
    fmt::print(stream_, "\r");
    if (progress.share) {
        const double done = std::clamp(*progress.share, 0.0, 1.0);
        const auto full = static_cast<std::size_t>(done * bar_width);
        fmt::print(stream_, "[{}{}] {:3.0f} %  {} left  ", std::string(full, '#'),
                   std::string(bar_width - full, '.'), 100 * done, time_left(progress, seconds));
    }
    fmt::print(stream_, "{} tiles  {:.0f}/s  {}\x1b[K", progress.tiles,
               static_cast<double>(progress.tiles) / seconds, progress.detail);
    has_bar_ = true;
}

void ProgressDisplay::show_line(const ShownProgress& progress, double seconds) {
    if (progress.share) {
        const double done = std::clamp(*progress.share, 0.0, 1.0);
        fmt::print(stream_, "{:.0f} %, {} left, ", 100 * done, time_left(progress, seconds));
    }
    fmt::print(stream_, "{} tiles, {:.0f} tiles/s{}{}\n", progress.tiles,
               static_cast<double>(progress.tiles) / seconds, progress.detail.empty() ? "" : ", ",
               progress.detail);
}

void ProgressDisplay::finish() {
    if (has_bar_) {
        fmt::print(stream_, "\r\x1b[K");
        std::fflush(stream_);
        has_bar_ = false;
    }
}

}  // namespace offgrid
