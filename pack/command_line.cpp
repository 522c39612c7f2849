#include "pack/command_line.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace offgrid {
namespace {

/// The texts of options that are parsed after CLI11 is done, so that errors read the same
/// everywhere.
struct Texts {
    std::string output;
    std::string zooms;
    std::string encoding;
    std::string bbox;
};

void add_options(CLI::App& app, PackCommand& command, Texts& texts) {
    auto& pack = command.pack;
    app.add_option("SRC", pack.sources, "Rasters that GDAL reads; later ones lie on top")
        ->required();
    app.add_option("-o,--output", texts.output, "The package folder to make")->required();
    app.add_option("--layer", pack.layer, "Name of the layer [the name of the folder]");
    app.add_option("--zoom", texts.zooms,
                   "MIN-MAX [0 to the zoom nearest the source's resolution]");
    app.add_option("--top", pack.top,
                   "Zoom of the tiles that have a file each [8, or two above the deepest zoom]");
    app.add_option("--format", texts.encoding,
                   "jpeg, png, png8, webp, webp-lossless or mixed "
                   "[jpeg where the source is opaque, else png]")
        ->check(CLI::IsMember(encodings()));
    app.add_option("--quality", pack.quality, "Of JPEG and WebP, 1 to 100")->capture_default_str();
    app.add_option("--bbox", texts.bbox, "W,S,E,N in degrees [all of the sources]");
    app.add_option("--threads", pack.threads, "1 to 256 that read and encode [one a processor]");
    app.add_option("--attribution", pack.attribution, "Whom to credit for the data");
    app.add_flag_callback(
        "--overwrite", [&pack] { pack.overwrite = Overwrite::yes; },
        "Replace the package when it exists");
    app.add_flag("--quiet", command.is_quiet, "Show no progress");
    app.add_flag("--json", command.is_json, "Print one JSON object at the end");
}

}  // namespace

Box parse_bbox(const std::string& text) {
    std::array<double, 4> edges{};
    std::string_view rest = text;
    bool is_sound = std::ranges::count(text, ',') == 3;
    for (double& each : edges) {
        const auto comma = std::min(rest.find(','), rest.size());
        const auto edge = parse_number<double>(rest.substr(0, comma));
        is_sound = is_sound && edge;
        each = edge.value_or(0);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    const Box box{edges[0], edges[1], edges[2], edges[3]};
    if (is_sound && box.min_y > box.max_y) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--bbox {}: the south {} is above the north {}: the order is "
                                "west,south,east,north",
                                text, box.min_y, box.max_y)};
    }
    if (is_sound && (box.min_x > box.max_x || box.max_x > 180)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--bbox {}: reaches across 180 degrees: take W,S,180,N and "
                                "-180,S,E,N one after the other",
                                text)};
    }
    if (!is_sound || box.is_empty() || box.min_x < -180 || box.max_x > 180 || box.min_y < -90 ||
        box.max_y > 90) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--bbox {}: must be west,south,east,north in degrees", text)};
    }
    return box;
}

std::pair<int, int> parse_zooms(const std::string& text) {
    const auto dash = text.find('-');
    const auto low = parse_number<int>(std::string_view{text}.substr(0, dash));
    const auto high = dash == std::string::npos
                          ? low
                          : parse_number<int>(std::string_view{text}.substr(dash + 1));
    if (!low || !high) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--zoom {}: must be MIN-MAX, for example 0-12", text)};
    }
    return {*low, *high};
}

std::variant<PackCommand, CommandLineAnswer> parse_command_line(int argc, const char* const* argv) {
    CLI::App app{"Pack rasters into offline tile packages", "offgrid"};
    app.require_subcommand(1);
    app.footer("Other verbs: transfer, coverage, verify, stores; each has a --help of its own");
    auto& pack = *app.add_subcommand("pack", "Make a package from georeferenced rasters");
    PackCommand command;
    Texts texts;
    add_options(pack, command, texts);
    for (auto* const each : {&app, &pack}) {
        each->set_version_flag("--version", "offgrid " OFFGRID_VERSION);
    }
    try {
        app.parse(argc, argv);
        command.pack.output = texts.output;
        if (!texts.zooms.empty()) {
            command.pack.zooms = parse_zooms(texts.zooms);
        }
        if (!texts.encoding.empty()) {
            command.pack.encoding = encodings().at(texts.encoding);
        }
        if (!texts.bbox.empty()) {
            command.pack.bbox = parse_bbox(texts.bbox);
        }
    } catch (const CLI::CallForHelp&) {
        return CommandLineAnswer{app.help(), 0};
    } catch (const CLI::CallForVersion& version) {
        return CommandLineAnswer{std::string{version.what()} + "\n", 0};
    } catch (const CLI::ParseError& error) {
        return CommandLineAnswer{
            fmt::format("offgrid-pack: {} (see offgrid pack --help)\n", error.what()), 2};
    } catch (const Error& error) {
        return CommandLineAnswer{fmt::format("offgrid-pack: {}\n", error.what()), 2};
    }
    return command;
}

}  // namespace offgrid
