#include "pack/commands/transfer_options.h"

#include "formats/base/error.h"

#include <fmt/format.h>

namespace offgrid {
namespace {

constexpr const char* description =
    "Copy tiles from one store to another, unchanged\n"
    "A store is FILE.mbtiles, FILE.pmtiles, FILE.gpkg#TABLE, FILE.tif, FOLDER/{z}/{x}/{y}.EXT,\n"
    "http://HOST/{z}/{x}/{y}.EXT, a package folder, mapcache.xml#TILESET or\n"
    "geowebcache.xml#LAYER@GRIDSET@EXT. FILE.tif is a Cloud Optimized GeoTIFF: its blocks are\n"
    "tiles of the grid. Interrupted, the same command goes on where it was; a PMTiles file, a\n"
    "GeoPackage and a GeoTIFF are made as a whole, and begun anew.\n"
    "Tiles of SRC that lie in a file its name does not cover are not found, as in serving;\n"
    "coverage counts these.\n"
    "Ends with 0: all is done; 3: some tiles failed; 1: given up; 2: wrong use; 130: interrupted";

/// The texts of options that are parsed after CLI11 is done.
struct Texts {
    SelectionOptions selection;
    std::string encoding;
    std::optional<double> rate;
    std::string retry_failed;
    std::string failed_log;
    std::string journal;
};

void add_options(CLI::App& app, TransferCommand& command, Texts& texts) {
    app.add_option("SRC", command.source, "Store to copy from")->required();
    app.add_option("DST", command.destination, "Store to copy to")->required();
    texts.selection.add_to(app);
    app.add_option("--reencode", texts.encoding,
                   "jpeg, png, png8, webp, webp-lossless or mixed [bytes as they are]")
        ->check(CLI::IsMember(encodings()));
    app.add_option("--quality", command.quality, "Of JPEG and WebP, 1 to 100")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    app.add_flag("--missing", command.is_missing_only, "Copy only what DST does not have");
    app.add_option("--threads", command.threads,
                   "1 to 256 that fetch, convert and, behind a network, write [as fits the stores]")
        ->check(CLI::Range(1, 256));
    app.add_option("--rate-limit", texts.rate, "Tiles a second that SRC is asked for [no limit]");
    app.add_option("--retry-failed", texts.retry_failed,
                   "Only the tiles in this log of a former run, a line each: z/x/y");
    app.add_option("--failed-log", texts.failed_log,
                   "Where tiles that fail are written [beside the journal]");
    app.add_option("--journal", texts.journal,
                   "Where a run keeps how far it is [in $XDG_STATE_HOME/offgrid]");
    app.add_flag("--restart", command.restarts, "Begin anew whatever a former run has done");
    app.add_flag("--dry-run", command.is_dry_run, "Show what would be copied");
    app.add_flag("--quiet", command.is_quiet, "Show no progress");
    app.add_flag("--json", command.is_json, "Print one JSON object at the end");
    app.add_flag("--progress-json", command.has_json_progress,
                 "Show progress as lines of JSON on standard error");
}

void check(const TransferCommand& command, const Texts& texts) {
    if (texts.rate && !(*texts.rate > 0)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--rate-limit {}: must be more than 0", *texts.rate)};
    }
    const auto& selection = command.selection;
    if (!texts.retry_failed.empty() &&
        (!selection.zooms.empty() || selection.bbox || !selection.region.empty())) {
        throw Error{
            Errc::invalid_argument,
            "--retry-failed names its tiles: --zoom, --bbox and --region do not go with it"};
    }
}

}  // namespace

std::variant<TransferCommand, CommandLineAnswer> parse_transfer(Words words) {
    CLI::App app{description, "offgrid transfer"};
    TransferCommand command;
    Texts texts;
    add_options(app, command, texts);
    auto answer = parse_words(app, words, [&] {
        command.selection = texts.selection.read();
        command.tiles_per_second = texts.rate.value_or(0);
        command.retry_failed = texts.retry_failed;
        command.failed_log = texts.failed_log;
        command.journal = texts.journal;
        if (!texts.encoding.empty()) {
            command.reencode = encodings().at(texts.encoding);
        }
        check(command, texts);
    });
    if (answer) {
        return *std::move(answer);
    }
    return command;
}

}  // namespace offgrid
