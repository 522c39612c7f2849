#include "formats/combine/composite_store.h"

#include <algorithm>
#include <utility>

namespace offgrid {

CompositeReader::CompositeReader(StoreInfo info, std::vector<Part> parts)
    : info_{std::move(info)}, parts_{std::move(parts)} {}

const TileReader* CompositeReader::reader_for(int zoom) const {
    const auto found = std::ranges::find_if(
        parts_, [&](const Part& part) { return zoom >= part.min_zoom && zoom <= part.max_zoom; });
    return found == parts_.end() ? nullptr : found->reader.get();
}

std::optional<Tile> CompositeReader::get(const TileKey& key) const {
    const auto* const reader = reader_for(key.z);
    return reader == nullptr ? std::nullopt : reader->get(key);
}

void CompositeReader::scan(const TileRange& range, const Visitor& visit) const {
    if (const auto* const reader = reader_for(range.z)) {
        reader->scan(range, visit);
    }
}

}  // namespace offgrid
