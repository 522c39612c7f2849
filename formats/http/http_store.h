#pragma once

#include "formats/http/http_options.h"
#include "formats/store/tile_store.h"
#include "formats/store/tileset_slice.h"

#include <memory>
#include <optional>

namespace offgrid {

/// Reads tiles from a web server or an object store. Absent is what the server says is absent (404,
/// 410, an S3 error body `NoSuchKey`); any other failure is an Error with its status. Cannot scan.
/// Safe for concurrent use.
class HttpReader final : public TileReader {
public:
    HttpReader(const HttpOptions& options, TilesetSlice slice);
    ~HttpReader() override;

    const StoreInfo& info() const override;
    std::optional<Tile> get(const TileKey& key) const override;
    bool exists(const TileKey& key) const override;
    bool can_scan() const override { return false; }
    void scan(const TileRange& range, const Visitor& visit) const override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Writes tiles to a web server or an object store, one PUT each.
class HttpWriter final : public TileWriter {
public:
    HttpWriter(const HttpOptions& options, TilesetSlice slice);
    ~HttpWriter() override;

    void put(const TileKey& key, BytesView content) override;
    void erase(const TileKey& key) override;
    void commit() override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace offgrid
