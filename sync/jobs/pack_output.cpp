#include "sync/jobs/pack_output.h"

#include "formats/base/parse_number.h"
#include "formats/base/text.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace offgrid {
namespace {

using Json = nlohmann::json;

/// More than any count of tiles; a share that is nearly 0 says nothing.
constexpr double max_total = 1e15;

std::int64_t total_of(std::int64_t tiles, double share) {
    const double total = share > 0 ? static_cast<double>(tiles) / share : max_total;
    return total < max_total ? std::llround(total) : -1;
}

/// `1:02:03` or `2:03` in seconds.
std::optional<std::int64_t> seconds_in(std::string_view clock) {
    std::int64_t seconds = 0;
    while (true) {
        const auto colon = clock.find(':');
        const auto part = parse_number<int>(clock.substr(0, colon));
        if (!part || *part < 0 || seconds > 1'000'000) {
            return std::nullopt;
        }
        seconds = seconds * 60 + *part;
        if (colon == std::string_view::npos) {
            return seconds;
        }
        clock.remove_prefix(colon + 1);
    }
}

/// The number before the word, in a list with commas: 1024 of "…, 1024 tiles, …".
std::optional<std::string_view> before(std::string_view line, std::string_view word) {
    const auto end = line.find(word);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const auto comma = line.rfind(',', end);
    const auto start = comma == std::string_view::npos ? 0 : comma + 1;
    return trimmed(line.substr(start, end - start));
}

std::optional<JobProgress> progress_in_text(std::string_view line) {
    const auto tiles_text = before(line, " tiles,");
    const auto tiles = tiles_text ? parse_number<std::int64_t>(*tiles_text) : std::nullopt;
    if (!tiles || *tiles < 0 || !line.ends_with(" tiles/s")) {
        return std::nullopt;
    }
    JobProgress progress{.tiles = *tiles};
    if (const auto percent = before(line, " %")) {
        progress.tiles_total = total_of(*tiles, parse_number<double>(*percent).value_or(0) / 100);
    }
    if (const auto left = before(line, " left")) {
        progress.seconds_left = seconds_in(*left).value_or(-2);
    }
    return progress;
}

std::int64_t number_or(const Json& json, const char* name, std::int64_t otherwise) {
    const auto found = json.find(name);
    const bool is_sane = found != json.end() && found->is_number() && found->get<double>() >= 0 &&
                         found->get<double>() < max_total;
    return is_sane ? static_cast<std::int64_t>(found->get<double>()) : otherwise;
}

std::optional<JobProgress> progress_in_json(std::string_view line) {
    const auto is_flat = [](int depth, Json::parse_event_t, Json&) { return depth <= 4; };
    const auto json = Json::parse(line, is_flat, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("tiles")) {
        return std::nullopt;
    }
    JobProgress progress{.tiles = number_or(json, "tiles", 0),
                         .tiles_total = number_or(json, "tiles_total", -1),
                         .seconds_left = number_or(json, "seconds_left", -2)};
    const auto share = json.find("share");
    if (progress.tiles_total < 0 && share != json.end() && share->is_number()) {
        progress.tiles_total = total_of(progress.tiles, share->get<double>());
    }
    return progress;
}

/// What the result says, which is the last object: what was noted, a line each. Nothing: it is no
/// result.
std::optional<std::vector<std::string>> notes_in_result(std::string_view line) {
    if (!line.starts_with('{')) {
        return std::nullopt;
    }
    const auto json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("package")) {
        return std::nullopt;
    }
    std::vector<std::string> notes;
    if (const auto found = json.find("notes"); found != json.end() && found->is_array()) {
        for (const auto& note : *found) {
            notes.push_back("note: " + (note.is_string() ? note.get<std::string>() : note.dump()));
        }
    }
    return notes;
}

}  // namespace

std::optional<JobProgress> progress_in(std::string_view line) {
    return line.starts_with('{') ? progress_in_json(line) : progress_in_text(line);
}

void PackOutput::take(std::string_view line) {
    const auto progress = progress_in(line);
    if (const auto notes = notes_in_result(line)) {
        if (progress) {
            progress_ = {
                .tiles = progress->tiles, .tiles_total = progress->tiles, .seconds_left = 0};
        }
        for (const auto& note : *notes) {
            add(note);
        }
        return;
    }
    if (progress) {
        progress_ = *progress;
        return;
    }
    add(line);
}

void PackOutput::add(std::string_view line) {
    lines_.emplace_back(line.substr(0, max_line_bytes));
    if (lines_.size() > max_lines) {
        lines_.pop_front();
    }
}

}  // namespace offgrid
