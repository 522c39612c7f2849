#include "pack/command_line.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "pack/job_file.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace offgrid {
namespace {

/// The texts of options that are parsed after CLI11 is done, so that errors read the same
/// everywhere.
struct Texts {
    std::string job;
    std::string output;
    std::string zooms;
    std::string encoding;
    std::string resampling;
    std::string bbox;
    std::string order;
    std::string bands;
    std::string stretch;
    std::string nodata;
    std::string as = "ztop";
    std::vector<std::string> regions;
    std::string on_damage = "fail";
    std::string shard;
    bool is_merge = false;
};

const std::map<std::string, OutputKind>& output_kinds() {
    static const std::map<std::string, OutputKind> kinds{
        {"ztop", OutputKind::ztop},       {"mbtiles", OutputKind::mbtiles},
        {"pmtiles", OutputKind::pmtiles}, {"gpkg", OutputKind::gpkg},
        {"cog", OutputKind::cog},         {"geotiff", OutputKind::geotiff},
        {"disk", OutputKind::disk},       {"store", OutputKind::store}};
    return kinds;
}

const std::map<std::string, OnDamage>& on_damage_words() {
    static const std::map<std::string, OnDamage> words{
        {"fail", OnDamage::fail}, {"report", OnDamage::report}, {"skip", OnDamage::skip}};
    return words;
}

void add_source_options(CLI::App& app, Texts& texts) {
    app.add_option("--order", texts.order,
                   "Which source lies on top: the last that is given, the newest (by its metadata, "
                   "else by the time of its file), or the one of the highest-resolution [given]")
        ->check(CLI::IsMember(source_orders()));
    app.add_option("--bands", texts.bands,
                   "Those to show: N as grey, R,G,B or R,G,B,ALPHA [red, green and blue where they "
                   "are marked or there are three, else 1]");
    app.add_option("--stretch", texts.stretch,
                   "Values that become 0 to 255: MIN,MAX, the same for each band "
                   "(MIN,MAX:MIN,MAX:MIN,MAX), auto (2 to 98 % of all) or none [none for bytes, "
                   "else auto]");
    app.add_option("--nodata", texts.nodata,
                   "V or V,V,V, one a band: where all bands have them a pixel is absent; nan is "
                   "one; none: no pixel is [what the source says]");
}

void add_options(CLI::App& app, PackCommand& command, Texts& texts) {
    auto& pack = command.pack;
    app.add_option(
        "SRC", pack.sources,
        "Rasters that GDAL reads, folders of them, patterns ('2024/**/*.tif'), stores of "
        "tiles as in offgrid transfer, or servers (https://HOST/{z}/{x}/{y}.png, "
        "WMS:URL, WMTS:URL); later ones lie on top");
    app.add_option(
           "--job", texts.job,
           "FILE (- is standard input): what to pack, and how, as JSON; the words beside it "
           "win over its members")
        ->excludes(app.get_option("SRC"));
    add_source_options(app, texts);
    app.add_option("-o,--output", texts.output, "The folder or file to make");
    app.add_option("--as", texts.as,
                   "What to make: ztop (a package), mbtiles, pmtiles, gpkg, cog, geotiff, disk, "
                   "store (-o names it: mapcache.xml#tileset)")
        ->check(CLI::IsMember(output_kinds()))
        ->capture_default_str();
    app.add_option("--layer", pack.layer, "Name of the layer [the name of the folder]");
    app.add_option(
        "--grid", pack.grid,
        "Name, FILE.json (OGC TileMatrixSet) or mapcache.xml#GRID [GoogleMapsCompatible; "
        "GoogleMapsCompatible_512 has tiles of 512 pixels]");
    app.add_option("--zoom", texts.zooms,
                   "MIN-MAX [0 to the zoom nearest the source's resolution]");
    app.add_option("--top", pack.top,
                   "Zoom of the tiles that have a file each [8, or two above the deepest zoom]");
    app.add_option("--format", texts.encoding,
                   "jpeg, png, png8, webp, webp-lossless or mixed [jpeg where the source is "
                   "opaque, else png; png with --resampling nearest or mode]")
        ->check(CLI::IsMember(encodings()));
    app.add_option("--quality", pack.quality, "Of JPEG and WebP, 1 to 100")->capture_default_str();
    app.add_option("--resampling", texts.resampling,
                   "nearest, bilinear, cubic, lanczos, average or mode, for overviews too "
                   "[bilinear, but nearest for a palette]")
        ->check(CLI::IsMember(resamplings()));
    app.add_flag_callback(
        "--gamma", [&pack] { pack.light = Light::linear; },
        "Make overviews the mean of the light, not of the values that stand for it (sRGB)");
    app.add_flag_callback(
        "--keep-empty", [&pack] { pack.keeps_empty = true; },
        "Store tiles in which nothing shows too, where a source lies");
    app.add_flag_callback(
        "--skip-empty", [&pack] { pack.keeps_empty = false; }, "Store no such tiles (the default)");
    app.add_option("--bbox", texts.bbox,
                   "W,S,E,N in degrees; across the antimeridian W is greater than E [all of the "
                   "sources]");
    app.add_option("--region", texts.regions,
                   "FILE[:ZOOM]: polygons, and the deepest zoom in them; may be given often");
    app.add_option("--buffer", pack.buffer_m, "METRES by which the regions are grown");
    app.add_option("--overview", pack.overview,
                   "Down to this ZOOM, pack what lies outside the regions too");
    app.add_flag("--clip", pack.is_clipped, "Make pixels outside the regions transparent");
    app.add_option("--threads", pack.threads, "1 to 256 that read and encode [one a processor]");
    app.add_option("--attribution", pack.attribution, "Whom to credit for the data");
    app.add_flag_callback(
        "--overwrite", [&pack] { pack.overwrite = Overwrite::yes; },
        "Replace the package when it exists");
    app.add_flag_callback(
        "--resume", [&pack] { pack.resume = Resume::yes; },
        "Go on where the same command ended before its end");
    app.add_option(texts.on_damage,
                   "Where a source cannot be read: fail, or leave it out and report or skip it")
        ->check(CLI::IsMember(on_damage_words()))
        ->capture_default_str();
    app.add_option("--rate-limit", pack.online.rate_limit,
                   "Requests a second to the servers of online sources [no limit]")
        ->check(CLI::PositiveNumber);
    app.add_option("--retries", pack.online.retries,
                   "Further attempts after a request that failed, 0 to 20, each later")
        ->capture_default_str();
    app.add_option("--connections", pack.online.connections,
                   "Requests that are under way at a time, 1 to 64")
        ->capture_default_str();
    app.add_option("--shard", texts.shard,
                   "I/N: make only the I-th of N parts of the top tiles; needs --layer");
    app.add_flag(
        "--dry-run", command.is_dry_run,
        "Write nothing: say how many tiles and bytes it would be, as offgrid estimate does");
    auto* const merge = app.add_flag("--merge", texts.is_merge, "SRC are all N shards: join them");
    // How they were packed is in the shards.
    for (const char* const word :
         {"--job",         "--order",      "--bands",   "--stretch",     "--nodata",
          "--layer",       "--grid",       "--zoom",    "--top",         "--format",
          "--quality",     "--resampling", "--gamma",   "--keep-empty",  "--skip-empty",
          "--bbox",        "--region",     "--buffer",  "--overview",    "--clip",
          "--attribution", "--rate-limit", "--retries", "--connections", "--shard",
          "--dry-run"}) {
        merge->excludes(app.get_option(word));
    }
    app.add_flag("--quiet", command.is_quiet, "Show no progress");
    app.add_flag("--json", command.is_json,
                 "Print progress as JSON objects, a line each, on standard error, and "
                 "one of the result at the end");
}

}  // namespace

Box parse_bbox(const std::string& text, Crossing crossing) {
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
    Box box{edges[0], edges[1], edges[2], edges[3]};
    if (is_sound && box.min_y > box.max_y) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--bbox {}: the south {} is above the north {}: the order is "
                                "west,south,east,north",
                                text, box.min_y, box.max_y)};
    }
    const bool is_crossing = box.min_x > box.max_x || box.max_x > 180;
    if (is_sound && is_crossing && crossing == Crossing::no) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--bbox {}: reaches across 180 degrees: take W,S,180,N and "
                                "-180,S,E,N one after the other",
                                text)};
    }
    if (box.max_x > 180 && box.max_x - box.min_x < 360) {
        box.max_x -= 360;
    }
    const auto is_longitude = [](double x) { return x >= -180 && x <= 180; };
    if (!is_sound || box.min_x == box.max_x || !(box.min_y < box.max_y) ||
        !is_longitude(box.min_x) || !is_longitude(box.max_x) || box.min_y < -90 || box.max_y > 90) {
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

RegionOption parse_region(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) {
        return {.file = text, .max_zoom = std::nullopt};
    }
    const auto zoom = parse_number<int>(std::string_view{text}.substr(colon + 1));
    if (!zoom) {  // a colon of the name
        return {.file = text, .max_zoom = std::nullopt};
    }
    return {.file = text.substr(0, colon), .max_zoom = zoom};
}

Shard parse_shard(const std::string& text) {
    const auto slash = std::min(text.find('/'), text.size());
    const auto number = parse_number<int>(std::string_view{text}.substr(0, slash));
    const auto count =
        parse_number<int>(std::string_view{text}.substr(std::min(slash + 1, text.size())));
    if (!number || !count || *number < 1 || *number > *count) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--shard {}: must be I/N, from 1/N to N/N", text)};
    }
    return {.index = *number - 1, .count = *count};
}

namespace {

using Parsed = std::variant<PackCommand, CommandLineAnswer>;

/// The options that have a text of their own.
void take_texts(const Texts& texts, PackOptions& pack) {
    pack.output = texts.output.empty() ? "estimate" : texts.output;
    if (!texts.zooms.empty()) {
        pack.zooms = parse_zooms(texts.zooms);
    }
    pack.as = output_kinds().at(texts.as);
    if (!texts.regions.empty()) {
        pack.regions.clear();
    }
    for (const auto& region : texts.regions) {
        pack.regions.push_back(parse_region(region));
    }
    pack.on_damage = on_damage_words().at(texts.on_damage);
    if (!texts.shard.empty()) {
        pack.shard = parse_shard(texts.shard);
        if (pack.layer.empty()) {
            throw Error{Errc::invalid_argument, "--shard: needs --layer, the same for all shards"};
        }
    }
    if (texts.is_merge) {
        pack.merged.assign(pack.sources.begin(), pack.sources.end());
        pack.sources.clear();
    }
    if (!texts.order.empty()) {
        pack.order = source_orders().at(texts.order);
    }
    if (!texts.bands.empty()) {
        pack.bands.bands = parse_bands(texts.bands);
    }
    if (!texts.stretch.empty()) {
        pack.bands.stretch = parse_stretch(texts.stretch);
    }
    if (!texts.nodata.empty()) {
        pack.bands.nodata = parse_nodata(texts.nodata);
    }
    if (!texts.encoding.empty()) {
        pack.encoding = encodings().at(texts.encoding);
    }
    if (!texts.resampling.empty()) {
        pack.resampling = resamplings().at(texts.resampling);
    }
    if (!texts.bbox.empty()) {
        pack.bbox = parse_bbox(texts.bbox, Crossing::yes);
    }
}

/// Read the words over what the job says, where there is one.
Parsed parse_over(const std::optional<PackOptions>& job, int argc, const char* const* argv) {
    CLI::App app{"Pack rasters into offline tile packages", "offgrid"};
    app.require_subcommand(1);
    app.footer("Other verbs: transfer, coverage, verify, stores; each has a --help of its own");
    auto& pack = *app.add_subcommand("pack", "Make a package from georeferenced rasters");
    auto& estimate = *app.add_subcommand(
        "estimate", "Say how many tiles and bytes a pack would make, and how long it would take");
    PackCommand command{.pack = job.value_or(PackOptions{})};
    Texts texts;
    add_options(pack, command, texts);
    add_options(estimate, command, texts);
    for (auto* const each : {&app, &pack, &estimate}) {
        each->set_version_flag("--version", "offgrid " OFFGRID_VERSION);
    }
    try {
        app.parse(argc, argv);
        if (!texts.job.empty() && !job) {
            return parse_over(load_job(texts.job), argc, argv);
        }
        if (command.pack.sources.empty()) {
            throw Error{Errc::invalid_argument,
                        "SRC is required, or a --job (see offgrid pack --help)"};
        }
        command.is_dry_run = command.is_dry_run || estimate.parsed();
        if (texts.output.empty() && !command.is_dry_run) {
            throw Error{Errc::invalid_argument, "--output is required (see offgrid pack --help)"};
        }
        take_texts(texts, command.pack);
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

}  // namespace

std::variant<PackCommand, CommandLineAnswer> parse_command_line(int argc, const char* const* argv) {
    return parse_over(std::nullopt, argc, argv);
}

}  // namespace offgrid
