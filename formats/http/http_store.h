#pragma once

#include "formats/http/http_cache.h"
#include "formats/http/http_options.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <optional>
#include <set>
#include <string>

namespace offgrid {

/// Reads tiles from a web server or an object store, a URL each: MapCache's caches `rest`, `s3`,
/// `azure` and `google`. Cannot scan. Safe for concurrent use; connections are kept and shared.
///
/// Absent is what the server says is absent: 404, 410, and 403 with S3's `NoSuchKey`, which S3
/// answers where the caller may not list. Every other failure is an Error with the status and the
/// beginning of what the server said: `denied` for 401 and 403, `busy` for 429, 503 and when the
/// time is up, `too_large` beyond 64 MiB, else `io`. A missing bucket or container is `not_found`
/// where the server tells it from a missing tile. `corrupt` is an answer without content, and one
/// that is no image for a tileset of images (a login page with status 200).
///
/// `modified` is the answer's Last-Modified. Credentials and header files are read at each request.
class HttpReader final : public TileReader {
public:
    /// Throws `invalid_argument` for options that no request can be made of; asks the server
    /// nothing.
    HttpReader(const HttpOptions& options, TilesetSlice slice)
        : cache_{options, std::move(slice)} {}

    const StoreInfo& info() const override { return cache_.slice().info; }
    std::optional<Tile> get(const TileKey& key) const override;

    /// Asks with HEAD. S3 answers 403 for an absent tile where the caller may not list: an Error.
    bool exists(const TileKey& key) const override;
    bool can_scan() const override { return false; }
    void scan(const TileRange& range, const Visitor& visit) const override;

    /// The tile's URL where the options say so and it has no password.
    std::optional<std::string> redirect_url(const TileKey& key) const override;

private:
    http::Cache cache_;
};

/// Writes tiles to a web server or an object store, one PUT each. Each is there, whole, as soon as
/// `put` returns; `commit` has nothing left to do.
///
/// Where a WebDAV server answers 409 for want of the folder, the folders are created and the tile
/// is sent again. With `leaves_out_blank` a fully transparent tile is not sent, and one that was
/// stored before is deleted.
class HttpWriter final : public TileWriter {
public:
    HttpWriter(const HttpOptions& options, TilesetSlice slice)
        : cache_{options, std::move(slice)} {}

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override {}

private:
    bool make_folders_of(const std::string& url);

    http::Cache cache_;
    std::set<std::string> folders_;  ///< URLs of those that were made, or refused, before
};

}  // namespace offgrid
