#include "formats/http/http_time.h"

#include <curl/curl.h>
#include <fmt/format.h>

namespace offgrid::http {

std::string basic_time(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<Time> parse_http_time(std::string_view text) {
    const auto seconds = curl_getdate(std::string{text}.c_str(), nullptr);
    return seconds < 0 ? std::nullopt
                       : std::optional{std::chrono::system_clock::from_time_t(seconds)};
}

}  // namespace offgrid::http
