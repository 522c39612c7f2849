#include "pack/inspect/verify_store.h"

#include "formats/base/error.h"
#include "formats/package/package_reader.h"
#include "formats/package/verify.h"
#include "formats/sqlite/mbtiles_store.h"

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

    void check_stop() const {
        if (context_.is_stopped) {
            throw Error{Errc::interrupted, "interrupted"};
        }
    }

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

void check_rows(sqlite::MbtilesFile& file, const std::string& name, const Grid& grid,
                const ContentCheck& content, Findings& findings) {
    file.scan_rows([&](std::int64_t z, std::int64_t x, std::int64_t row, BytesView tile) {
        findings.check_stop();
        ++findings.summary.tiles;
        const bool is_zoom = z >= 0 && z < grid.levels();
        const TileKey key{is_zoom ? static_cast<int>(z) : -1, x,
                          is_zoom ? grid.flip(static_cast<int>(z), row) : row};
        if (!grid.contains(key)) {
            findings.add({name, shown(z, x, key.y), "lies outside the grid"});
        } else if (auto problem = content.problem(tile)) {
            findings.add({name, shown(z, x, key.y), *std::move(problem)});
        }
    });
}

/// Checks the files of a store one after the other.
class FileVerifier {
public:
    FileVerifier(const TileReader& reader, const TileFiles& files, const ContentCheck& content,
                 Findings& findings)
        : reader_{reader}, files_{files}, content_{content}, findings_{findings} {}

    void verify(const std::string& name) {
        ++findings_.summary.files;
        const auto match = files_.names().match(name);
        if (!match) {
            findings_.add({.where = name, .what = "its name does not say which tiles it holds"});
            return;
        }
        try {
            check_pages_of(name);
            const auto extents = check_places(name, *match);
            for (const auto& [z, extent] : extents) {
                check_content(name, extent);
            }
        } catch (const Error& error) {
            findings_.add_failure(name, error);
        }
    }

private:
    /// Around the tiles of each zoom that are where they belong.
    std::map<int, TileRange> check_places(const std::string& name,
                                          const PathTemplate::Match& match) {
        const auto& grid = *reader_.info().grid;
        std::map<int, TileRange> covered;
        std::map<int, TileRange> extents;
        files_.list_tiles(name, [&](const TileKey& key, std::uint64_t bytes) {
            findings_.check_stop();
            ++findings_.summary.tiles;
            if (!grid.contains(key)) {
                findings_.add({name, shown(key.z, key.x, key.y), "lies outside the grid"});
                return;
            }
            auto range = covered.find(key.z);
            if (range == covered.end()) {
                range = covered.emplace(key.z, files_.names().range_of(match, grid, key.z)).first;
            }
            if (!range->second.contains(key)) {
                findings_.add(
                    {name, shown(key.z, key.x, key.y), "the name of the file does not cover it"});
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
    const TileFiles& files_;
    const ContentCheck& content_;
    Findings& findings_;
};

}  // namespace

VerifySummary verify_package_folder(const fs::path& folder, const VerifyContext& context) {
    const auto manifest = read_manifest(folder);
    const auto& grid = *manifest.grid;
    const ContentCheck content{manifest.format, grid.tile_size(), context.depth};
    Findings findings{context};
    for (const auto& expected : manifest.files) {
        const auto path = folder / expected.name;
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
                const auto counted = findings.summary.tiles;
                check_rows(file, path.string(), grid, content, findings);
                findings.summary.tiles = counted;  // once
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
        file.check_addresses();
        const auto metadata = file.metadata();
        const auto format = metadata.find("format");
        const ContentCheck content{
            format == metadata.end() ? std::nullopt : format_named(format->second),
            grid.tile_size(), context.depth};
        check_rows(file, path.string(), grid, content, findings);
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
    if (const auto* const files = reader.files()) {
        FileVerifier verifier{reader, *files, content, findings};
        for (const auto& file : files->list()) {
            findings.check_stop();
            verifier.verify(file);
        }
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
            findings.add_failure(name, error);
        }
    }
    return findings.summary;
}

}  // namespace offgrid
