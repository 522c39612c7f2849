#pragma once

#include "formats/base/error.h"
#include "formats/store/tile_store.h"

#include <utility>

namespace offgrid {

/// Stands for a store that could not be opened, so that the stores beside it may be used: every
/// call throws why. Immutable; safe for concurrent use.
class FailedReader final : public TileReader {
public:
    FailedReader(StoreInfo info, Error failure)
        : info_{std::move(info)}, failure_{std::move(failure)} {}

    const StoreInfo& info() const override { return info_; }
    std::optional<Tile> get(const TileKey& /*key*/) const override { throw Error{failure_}; }

    /// Says that it can, so that a scan fails with the reason.
    bool can_scan() const override { return true; }
    void scan(const TileRange& /*range*/, const Visitor& /*visit*/) const override {
        throw Error{failure_};
    }

private:
    StoreInfo info_;
    Error failure_;
};

/// As FailedReader, for a writer. `commit` succeeds: nothing was put.
class FailedWriter final : public TileWriter {
public:
    explicit FailedWriter(Error failure) : failure_{std::move(failure)} {}

    void put(const TileKey& /*key*/, BytesView /*content*/) override { throw Error{failure_}; }
    void erase(const TileKey& /*key*/) override { throw Error{failure_}; }
    void commit() override {}

private:
    Error failure_;
};

}  // namespace offgrid
