#pragma once

#include "formats/tiff/tiff_directory.h"

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace offgrid::tiff {

/// No encoded tile is larger; bounds what a damaged file can ask for.
inline constexpr std::uint64_t max_tile_bytes = 64U << 20;

/// Where a tile is in its file.
struct Extent {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// What kind of image a file holds: tiles of 8-bit samples in JPEG. A value.
struct ImageLayout {
    std::uint64_t across = 0;     ///< tiles
    std::uint64_t down = 0;       ///< tiles
    std::uint64_t tile_size = 0;  ///< pixels, both ways
    std::uint64_t photometric = 0;
    std::uint64_t samples = 0;
    int chroma_width_factor = 1;   ///< pixels that share a chroma sample
    int chroma_height_factor = 1;  ///< rows that do

    friend bool operator==(const ImageLayout&, const ImageLayout&) = default;
};

/// The full-resolution image of a TIFF file that is open for reading: tiled JPEG, any byte order,
/// classic or BigTIFF; overviews and masks are passed over. What the file's directory said when it
/// was opened stays valid while others append to the file. Immutable; safe for concurrent use.
class TiffFile {
public:
    /// Null when there is no file of that name. Throws `corrupt` for a damaged file, `unsupported`
    /// for a kind of image that is no cache of tiles in JPEG, naming what it is.
    static std::unique_ptr<const TiffFile> open(const std::string& path);

    /// The image in a file that is open already.
    explicit TiffFile(RandomFile file);
    TiffFile(const TiffFile&) = delete;
    TiffFile& operator=(const TiffFile&) = delete;

    const std::string& path() const { return file_.path(); }
    const struct stat& status() const { return file_.status(); }  ///< when it was opened
    const ImageLayout& layout() const { return layout_; }
    BytesView tables() const { return tables_; }  ///< JPEGTables; empty: none
    std::chrono::system_clock::time_point modified() const;

    /// The north of the first pixel in the units of the SRS; nothing without a tie point there.
    std::optional<double> north() const { return north_; }

    /// Where the tile is; nothing for one that was never written. Throws `corrupt` for one beyond
    /// the end of the file. REQUIRES: index < across * down.
    std::optional<Extent> find(std::uint64_t index) const;

    Bytes read(const Extent& extent) const;

    /// Whether the name still stands for this file, and the file for this directory.
    bool is_current() const;

private:
    void read_layout();
    void check_sampling();
    std::uint64_t number(Tag tag, std::optional<std::uint64_t> missing = std::nullopt) const;

    RandomFile file_;
    DirectoryReader reader_;
    Directory directory_;
    ImageLayout layout_;
    Entry offsets_;
    Entry sizes_;
    Bytes tables_;
    std::optional<double> north_;
};

/// The files that were read last, open: at most `capacity` of them. A file that has changed is
/// opened anew. Safe for concurrent use; files outlive the cache while they are leased.
class TiffFileCache {
public:
    explicit TiffFileCache(std::size_t capacity) : capacity_{capacity} {}

    /// Null when there is no file of that name.
    std::shared_ptr<const TiffFile> acquire(const std::string& path);

private:
    struct Place {
        std::string path;
        std::shared_ptr<const TiffFile> file;
    };
    using Places = std::list<Place>;  // used last first

    std::shared_ptr<const TiffFile> find(const std::string& path);
    void keep(const std::string& path, std::shared_ptr<const TiffFile> file);

    const std::size_t capacity_;
    std::mutex mutex_;  // guards all below
    Places places_;
    std::unordered_map<std::string, Places::iterator> by_path_;
};

}  // namespace offgrid::tiff
