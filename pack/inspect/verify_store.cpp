#include "pack/inspect/verify_store.h"

#include "formats/base/error.h"
#include "formats/package/verify.h"
#include "formats/sqlite/mbtiles_store.h"
#include "pack/inspect/covered_tiles.h"
#include "pack/inspect/stop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <map>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// A step of a check reads many pages before it returns a row.
constexpr std::chrono::minutes check_deadline{10};

std::string shown(std::int64_t z, std::int64_t x, std::int64_t y) {
    return fmt::format("{}/{}/{}", z, x, y);
}

/// Reports problems and sums up.
class Findings {
public:
    explicit Findings(const VerifyContext& context) : context_{context} {}

    void check_stop() const { offgrid::check_stop(context_.is_stopped); }

    void add(Problem problem) {
        ++summary.problems;
        if (context_.report) {
            context_.report(problem);
        }
    }

    /// A failure that is a finding; not one of a check that was stopped.
    void add_failure(const std::string& where, const Error& error) {
        check_stop();
        add({.where = where, .what = error.what()});
    }

    VerifySummary summary;

private:
    const VerifyContext& context_;
};

enum class Journal { none, write_ahead };

/// How an SQLite file is written (sqlite.org/fileformat2.html, section 1.3), or nothing for another
/// file.
std::optional<Journal> sqlite_journal_of(const fs::path& path) {
    std::array<char, 20> header{};
    std::ifstream file{path, std::ios::binary};
    file.read(header.data(), header.size());
    if (!file || !std::string_view{header.data(), header.size()}.starts_with(
                     std::string_view{"SQLite format 3\0", 16})) {
        return std::nullopt;
    }
    return header[18] == 1 ? Journal::none : Journal::write_ahead;
}

/// Throws `corrupt` when pages of the database are damaged.
void check_pages(sqlite::Db& db) {
    db.set_deadline(check_deadline);
    auto check = db.prepare("PRAGMA quick_check(1)");
    if (!check.step() || check.text(0) != "ok") {
        throw Error{Errc::corrupt, fmt::format("is damaged: {}", check.text(0))};
    }
}

/// Pages are checked where no other program can be writing them.
void check_pages_of(const fs::path& path) {
    if (sqlite_journal_of(path) == Journal::none && !fs::exists(path.string() + "-journal")) {
        sqlite::Db db{path, sqlite::OpenMode::immutable};
        check_pages(db);
    }
}

/// The address of a row, counted from the north where the grid has its zoom.
struct RowAddress {
    TileKey key{};
    std::string text{};
};

/// Nothing when it is not made of numbers.
std::optional<RowAddress> address_of(const sqlite::MbtilesFile::Row& row, const Grid& grid) {
    if (!row.zoom || !row.column || !row.row) {
        return std::nullopt;
    }
    const bool is_zoom = *row.zoom >= 0 && *row.zoom < grid.levels();
    const int z = is_zoom ? static_cast<int>(*row.zoom) : -1;
    const TileKey key{z, *row.column, is_zoom ? grid.flip(z, *row.row) : *row.row};
    return RowAddress{key, shown(*row.zoom, key.x, key.y)};
}

/// Check each row and count it in `rows`.
void check_rows(sqlite::MbtilesFile& file, const std::string& name, const Grid& grid,
                const ContentCheck& content, Findings& findings, std::int64_t& rows) {
    file.visit_rows([&](const sqlite::MbtilesFile::Row& row) {
        findings.check_stop();
        ++rows;
        const auto address = address_of(row, grid);
        if (!address) {
            findings.add({.where = name, .what = "has a tile whose address is not a number"});
        } else if (!grid.contains(address->key)) {
            findings.add({name, address->text, "lies outside the grid"});
        } else if (!row.content) {
            findings.add({name, address->text, "has no content"});
        } else if (auto problem = content.problem(*row.content)) {
            findings.add({name, address->text, *std::move(problem)});
        }
    });
}

/// Checks the files of a store one after the other.
class FileVerifier {
public:
    FileVerifier(const TileReader& reader, const FileSet& set, const ContentCheck& content,
                 Findings& findings)
        : reader_{reader}, set_{set}, content_{content}, findings_{findings} {}

    void verify(const std::string& name) {
        ++findings_.summary.files;
        const CoveredTiles covered{set_, *reader_.info().grid, name};
        if (!covered.is_known()) {
            findings_.add({.where = name, .what = "its name does not say which tiles it holds"});
            return;
        }
        try {
            check_pages_of(name);
            const auto extents = check_places(name, covered);
            for (const auto& [z, extent] : extents) {
                check_content(name, extent);
            }
        } catch (const Error& error) {
            findings_.add_failure(name, error);
        }
    }

private:
    /// Around the tiles of each zoom that are where they belong.
    std::map<int, TileRange> check_places(const std::string& name, const CoveredTiles& covered) {
        const auto& grid = *reader_.info().grid;
        std::map<int, TileRange> extents;
        set_.files->list_tiles(name, [&](const TileKey& key, std::uint64_t bytes) {
            findings_.check_stop();
            const auto placement = covered.placement(key);
            if (placement == Placement::elsewhere) {
                return;
            }
            ++findings_.summary.tiles;
            if (placement == Placement::wrong) {
                findings_.add({name, shown(key.z, key.x, key.y),
                               grid.contains(key) ? "the name of the file does not cover it"
                                                  : "lies outside the grid"});
                return;
            }
            if (bytes == 0) {
                findings_.add({name, shown(key.z, key.x, key.y), "is empty"});
                return;
            }
            auto& extent = extents.try_emplace(key.z, TileRange{key.z, key.x, key.y, key.x, key.y})
                               .first->second;
            extent = {key.z, std::min(extent.min_x, key.x), std::min(extent.min_y, key.y),
                      std::max(extent.max_x, key.x + 1), std::max(extent.max_y, key.y + 1)};
        });
        return extents;
    }

    void check_content(const std::string& name, const TileRange& extent) {
        reader_.scan(extent, [&](const TileKey& key, BytesView tile) {
            findings_.check_stop();
            auto problem = tile.empty() ? std::nullopt : content_.problem(tile);
            if (problem) {
                findings_.add({name, shown(key.z, key.x, key.y), *std::move(problem)});
            }
        });
    }

    const TileReader& reader_;
    const FileSet& set_;
    const ContentCheck& content_;
    Findings& findings_;
};

}  // namespace

VerifySummary verify_package_files(const Manifest& manifest, const LocateFile& locate,
                                   const VerifyContext& context) {
    const auto& grid = *manifest.grid;
    const ContentCheck content{manifest.format, grid.tile_size(), context.depth};
    Findings findings{context};
    for (const auto& expected : manifest.files) {
        const auto path = locate(expected);
        ++findings.summary.files;
        try {
            if (!fs::is_regular_file(fs::symlink_status(path))) {
                throw Error{Errc::corrupt, "is in the manifest but not in the package"};
            }
            const auto verified =
                verify_file(path, expected.name, manifest, [&] { findings.check_stop(); });
            findings.summary.tiles += verified.file.tiles;
            if (verified.file != expected) {
                throw Error{Errc::corrupt, "is not the one that the manifest describes"};
            }
            if (context.depth == Depth::pixels) {
                sqlite::MbtilesFile file{path};
                std::int64_t counted_above = 0;
                check_rows(file, path.string(), grid, content, findings, counted_above);
            }
        } catch (const Error& error) {
            findings.add_failure(path.string(), error);
        }
    }
    return findings.summary;
}

VerifySummary verify_mbtiles_file(const fs::path& path, const Grid& grid,
                                  const VerifyContext& context) {
    Findings findings{context};
    findings.summary.files = 1;
    if (!fs::is_regular_file(path)) {
        throw Error{Errc::not_found, fmt::format("{} is no file", path.string())};
    }
    try {
        if (!sqlite_journal_of(path)) {
            throw Error{Errc::corrupt, "is not an SQLite database"};
        }
        sqlite::MbtilesFile file{path, "it"};
        check_pages(file.db());
        try {
            file.check_addresses();
        } catch (const Error& error) {
            findings.add_failure(path.string(), error);  // the rows can be read all the same
        }
        const auto metadata = file.metadata();
        const auto format = metadata.find("format");
        const ContentCheck content{
            format == metadata.end() ? std::nullopt : format_named(format->second),
            grid.tile_size(), context.depth};
        check_rows(file, path.string(), grid, content, findings, findings.summary.tiles);
    } catch (const Error& error) {
        findings.add_failure(path.string(), error);
    }
    return findings.summary;
}

VerifySummary verify_store(const std::string& name, const TileReader& reader,
                           const std::function<TileRange(int z)>& limits,
                           const VerifyContext& context) {
    const auto& info = reader.info();
    const ContentCheck content{info.format, info.grid->tile_size(), context.depth};
    Findings findings{context};
    const auto sets = reader.file_sets();
    for (const auto& set : sets) {
        FileVerifier verifier{reader, set, content, findings};
        for (const auto& file : set.files->list()) {
            findings.check_stop();
            verifier.verify(file);
        }
    }
    if (!sets.empty()) {
        return findings.summary;
    }
    if (!reader.can_scan()) {
        throw Error{Errc::unsupported, fmt::format("{}: cannot list its tiles", name)};
    }
    for (int z = info.min_zoom; z <= info.max_zoom; ++z) {
        try {
            reader.scan(limits(z), [&](const TileKey& key, BytesView tile) {
                findings.check_stop();
                ++findings.summary.tiles;
                if (auto problem = content.problem(tile)) {
                    findings.add({name, shown(key.z, key.x, key.y), *std::move(problem)});
                }
            });
        } catch (const Error& error) {
            if (error.code() != Errc::corrupt) {
                throw;  // it could not be looked at, which says nothing of what is there
            }
            findings.add_failure(name, error);
        }
    }
    return findings.summary;
}

}  // namespace offgrid
