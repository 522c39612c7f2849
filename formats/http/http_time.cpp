#include "formats/http/http_time.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>

namespace offgrid::http {
namespace {

/// A time taken apart, in UTC. Not strftime, which heeds the locale.
struct Fields {
    explicit Fields(Time time)
        : days{std::chrono::floor<std::chrono::days>(time)},
          date{days},
          clock{std::chrono::floor<std::chrono::seconds>(time - days)} {}

    std::chrono::sys_days days;
    std::chrono::year_month_day date;
    std::chrono::hh_mm_ss<std::chrono::seconds> clock;
};

}  // namespace

std::string basic_time(Time time) {
    const Fields at{time};
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(at.date.year()),
                       static_cast<unsigned>(at.date.month()), static_cast<unsigned>(at.date.day()),
                       at.clock.hours().count(), at.clock.minutes().count(),
                       at.clock.seconds().count());
}

std::string http_time(Time time) {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const Fields at{time};
    return fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        days[std::chrono::weekday{at.days}.c_encoding()], static_cast<unsigned>(at.date.day()),
        months[static_cast<unsigned>(at.date.month()) - 1], static_cast<int>(at.date.year()),
        at.clock.hours().count(), at.clock.minutes().count(), at.clock.seconds().count());
}

std::optional<Time> parse_http_time(std::string_view text) {
    const auto seconds = curl_getdate(std::string{text}.c_str(), nullptr);
    return seconds < 0 ? std::nullopt
                       : std::optional{std::chrono::system_clock::from_time_t(seconds)};
}

}  // namespace offgrid::http
