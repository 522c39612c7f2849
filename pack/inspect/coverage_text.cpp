#include "pack/inspect/coverage_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

/// Misplaced tiles that people are shown; JSON has more.
constexpr std::size_t max_shown = 20;

std::string megabytes(std::optional<std::uint64_t> bytes) {
    return bytes ? fmt::format("{:.1f}", static_cast<double>(*bytes) / 1e6) : "?";
}

/// Rounded down, so that 100 % means all.
std::string share(const ZoomCoverage& zoom) {
    return zoom.expected == 0 ? "-" : fmt::format("{} %", 100 * zoom.tiles / zoom.expected);
}

void append_row(std::string& text, std::string_view head, const ZoomCoverage& zoom,
                std::optional<std::uint64_t> missing_bytes) {
    fmt::format_to(std::back_inserter(text), "{:>5} {:>14} {:>14} {:>14} {:>7} {:>11} {:>11}\n",
                   head, zoom.tiles, zoom.expected, zoom.missing(), share(zoom),
                   megabytes(zoom.bytes), megabytes(missing_bytes));
}

std::optional<std::uint64_t> missing_bytes_of(const std::vector<ZoomCoverage>& zooms) {
    std::uint64_t sum = 0;
    for (const auto& zoom : zooms) {
        const auto bytes = zoom.missing_bytes();
        if (!bytes) {
            return std::nullopt;
        }
        sum += *bytes;
    }
    return sum;
}

void append_files(std::string& text, const CoverageReport& report, FileTable files) {
    auto out = std::back_inserter(text);
    const auto& missing = report.missing_files;
    if (!missing.is_counted) {
        fmt::format_to(out, "files: {} are there\n", report.files.size());
    } else {
        fmt::format_to(out, "files: {} of {} are there, {} missing\n",
                       missing.expected - missing.missing, missing.expected, missing.missing);
    }
    for (const auto& name : missing.names) {
        fmt::format_to(out, "  missing: {}\n", name);
    }
    if (missing.missing > static_cast<std::int64_t>(missing.names.size())) {
        fmt::format_to(out, "  and {} more\n",
                       missing.missing - static_cast<std::int64_t>(missing.names.size()));
    }
    for (const auto& file : report.files) {
        if (!file.failure.empty()) {
            fmt::format_to(out, "{}: {}\n", file.name, file.failure);
        }
    }
    const auto shown = std::min(max_shown, report.misplaced_tiles.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& [file, key] = report.misplaced_tiles[i];
        fmt::format_to(out, "{}: {}/{}/{}: the name of the file does not cover it\n", file, key.z,
                       key.x, key.y);
    }
    if (report.misplaced > static_cast<std::int64_t>(shown)) {
        fmt::format_to(out, "and {} more misplaced tiles\n",
                       report.misplaced - static_cast<std::int64_t>(shown));
    }
    if (files == FileTable::on) {
        for (const auto& file : report.files) {
            fmt::format_to(out, "\n{}\n", file.name);
            for (const auto& zoom : file.zooms) {
                append_row(text, fmt::format("{}", zoom.zoom), zoom, zoom.missing_bytes());
            }
        }
    }
}

Json to_json(const ZoomCoverage& zoom) {
    Json json{{"tiles", zoom.tiles},
              {"expected", zoom.expected},
              {"missing", zoom.missing()},
              {"bytes", zoom.bytes}};
    const auto missing_bytes = zoom.missing_bytes();
    json["missing_bytes"] = missing_bytes ? Json(*missing_bytes) : Json(nullptr);
    return json;
}

Json to_json(const std::vector<ZoomCoverage>& zooms) {
    auto list = Json::array();
    for (const auto& zoom : zooms) {
        Json json{{"zoom", zoom.zoom}};
        json.update(to_json(zoom));
        list.push_back(std::move(json));
    }
    return list;
}

void add_files(Json& json, const CoverageReport& report, FileTable files) {
    auto unreadable = Json::array();
    auto table = Json::array();
    for (const auto& file : report.files) {
        if (!file.failure.empty()) {
            unreadable.push_back({{"file", file.name}, {"error", file.failure}});
        }
        if (files == FileTable::on) {
            table.push_back({{"file", file.name},
                             {"misplaced", file.misplaced},
                             {"zooms", to_json(file.zooms)}});
        }
    }
    auto misplaced = Json::array();
    for (const auto& [file, key] : report.misplaced_tiles) {
        misplaced.push_back({{"file", file}, {"z", key.z}, {"x", key.x}, {"y", key.y}});
    }
    json["misplaced"] = report.misplaced;
    json["misplaced_tiles"] = std::move(misplaced);
    json["unreadable_files"] = std::move(unreadable);
    const auto& missing = report.missing_files;
    if (missing.is_counted) {
        json["expected_files"] = missing.expected;
        json["missing_files"] = missing.missing;
        json["missing_file_names"] = missing.names;
    }
    if (files == FileTable::on) {
        json["files"] = std::move(table);
    }
}

}  // namespace

std::string to_text(const CoverageReport& report, FileTable files) {
    auto text = fmt::format("{:>5} {:>14} {:>14} {:>14} {:>7} {:>11} {:>11}\n", "zoom", "tiles",
                            "expected", "missing", "covered", "MB", "MB missing");
    for (const auto& zoom : report.zooms) {
        append_row(text, fmt::format("{}", zoom.zoom), zoom, zoom.missing_bytes());
    }
    append_row(text, "all", report.total(), missing_bytes_of(report.zooms));
    if (!report.empty_zooms.empty()) {
        fmt::format_to(std::back_inserter(text),
                       "not counted, for there are no tiles and no limit of zooms: zooms {} to {}"
                       " (--zoom counts them)\n",
                       report.empty_zooms.front(), report.empty_zooms.back());
    }
    if (report.has_files) {
        append_files(text, report, files);
    }
    return text;
}

std::string to_json(const CoverageReport& report, FileTable files) {
    auto json = to_json(report.total());
    const auto missing_bytes = missing_bytes_of(report.zooms);
    json["missing_bytes"] = missing_bytes ? Json(*missing_bytes) : Json(nullptr);
    json["zooms"] = to_json(report.zooms);
    json["empty_zooms"] = report.empty_zooms;
    if (report.has_files) {
        add_files(json, report, files);
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace offgrid
