#include "formats/config/time_interval.h"

#include "formats/base/parse_number.h"

#include <chrono>

namespace offgrid::config {
namespace {

namespace chrono = std::chrono;

constexpr std::size_t max_intervals = 100;

/// Take a number of so many digits from the front of the text.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    const auto value = parse_number<int>(text.substr(0, digits));
    if (text.size() < digits || !value || *value < 0) {
        return std::nullopt;
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

std::int64_t seconds_of(chrono::year_month_day day) {
    return chrono::sys_seconds{chrono::sys_days{day}}.time_since_epoch().count();
}

/// The rest of a time after its `T`: hours, minutes, seconds, and a final Z.
std::optional<TimeInterval> parse_clock(std::string_view text, std::int64_t midnight) {
    TimeInterval span{midnight, midnight};
    std::int64_t unit = 3600;
    for (const int limit : {24, 60, 61}) {
        const auto value = take_number(text, 2);
        if (!value || *value >= limit) {
            return std::nullopt;
        }
        span.start += *value * unit;
        span.end = span.start + unit;
        if (text == "Z") {
            return span;
        }
        if (unit == 1 || !take(text, ':')) {
            return std::nullopt;
        }
        unit /= 60;
    }
    return std::nullopt;
}

std::optional<TimeInterval> parse_time(std::string_view text) {
    const auto year_number = take_number(text, 4);
    if (!year_number) {
        return std::nullopt;
    }
    const chrono::year year{*year_number};
    const chrono::month_day first{chrono::January / 1};
    if (text.empty()) {
        return TimeInterval{seconds_of(year / first),
                            seconds_of((year + chrono::years{1}) / first)};
    }
    const auto month_number = take(text, '-') ? take_number(text, 2) : std::nullopt;
    if (!month_number || *month_number < 1 || *month_number > 12) {
        return std::nullopt;
    }
    const auto month = year / *month_number;
    if (text.empty()) {
        return TimeInterval{seconds_of(month / 1), seconds_of((month + chrono::months{1}) / 1)};
    }
    const auto day_number = take(text, '-') ? take_number(text, 2) : std::nullopt;
    if (!day_number || !(month / *day_number).ok()) {
        return std::nullopt;
    }
    const auto midnight = seconds_of(month / *day_number);
    if (text.empty()) {
        return TimeInterval{midnight, midnight + 86'400};
    }
    return take(text, 'T') ? parse_clock(text, midnight) : std::nullopt;
}

std::optional<TimeInterval> parse_interval(std::string_view text) {
    auto middle = text.find("--");
    std::size_t length = 2;
    if (middle == std::string_view::npos) {
        middle = text.find('/');
        length = 1;
    }
    if (middle == std::string_view::npos) {
        return parse_time(text);
    }
    const auto from = parse_time(text.substr(0, middle));
    const auto to = parse_time(text.substr(middle + length));
    if (!from || !to || to->end < from->start) {
        return std::nullopt;
    }
    return TimeInterval{from->start, to->end};
}

}  // namespace

std::optional<std::vector<TimeInterval>> parse_time_intervals(std::string_view text) {
    std::vector<TimeInterval> intervals;
    while (true) {
        const auto comma = text.find(',');
        const auto interval = parse_interval(text.substr(0, comma));
        if (!interval || intervals.size() == max_intervals) {
            return std::nullopt;
        }
        intervals.push_back(*interval);
        if (comma == std::string_view::npos) {
            return intervals;
        }
        text.remove_prefix(comma + 1);
    }
}

}  // namespace offgrid::config
