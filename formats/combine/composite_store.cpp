#include "formats/combine/composite_store.h"

#include "formats/base/error.h"
#include "formats/combine/first_failure.h"

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

/// The first whose span has the zoom.
template <typename Spans>
auto find_span(const Spans& spans, int zoom) {
    return std::ranges::find_if(
        spans, [&](const auto& span) { return zoom >= span.min_zoom && zoom <= span.max_zoom; });
}

}  // namespace

CompositeReader::CompositeReader(StoreInfo info, std::vector<Part> parts,
                                 std::optional<std::string> cache)
    : info_{std::move(info)}, parts_{std::move(parts)}, cache_{std::move(cache)} {}

/// Null when no span has the zoom.
const TileReader* CompositeReader::reader_for(int zoom) const {
    const auto found = find_span(parts_, zoom);
    return found == parts_.end() ? nullptr : found->reader.get();
}

/// Null when the tile is absent because of its address.
const TileReader* CompositeReader::reader_of(const TileKey& key) const {
    const auto* const reader = reader_for(key.z);
    const bool should_be_there =
        key.z >= info_.min_zoom && key.z <= info_.max_zoom && info_.grid->contains(key);
    if (reader == nullptr && cache_ && should_be_there) {
        throw Error{Errc::not_found,
                    fmt::format("cache '{}': no cache for zoom {}", *cache_, key.z)};
    }
    return reader;
}

std::optional<Tile> CompositeReader::get(const TileKey& key) const {
    const auto* const reader = reader_of(key);
    return reader == nullptr ? std::nullopt : reader->get(key);
}

bool CompositeReader::exists(const TileKey& key) const {
    const auto* const reader = reader_of(key);
    return reader != nullptr && reader->exists(key);
}

std::optional<std::string> CompositeReader::redirect_url(const TileKey& key) const {
    const auto* const reader = reader_of(key);
    return reader == nullptr ? std::nullopt : reader->redirect_url(key);
}

bool CompositeReader::is_unchanging() const {
    return std::ranges::all_of(parts_,
                               [](const Part& part) { return part.reader->is_unchanging(); });
}

bool CompositeReader::can_scan() const {
    return std::ranges::all_of(parts_, [](const Part& part) { return part.reader->can_scan(); });
}

void CompositeReader::scan(const TileRange& range, const Visitor& visit) const {
    if (const auto* const reader = reader_for(range.z)) {
        reader->scan(range, visit);
    }
}

void CompositeReader::list(const TileRange& range, const SizeVisitor& visit) const {
    if (const auto* const reader = reader_for(range.z)) {
        reader->list(range, visit);
    }
}

std::vector<FileSet> CompositeReader::file_sets() const {
    std::vector<FileSet> all;
    for (const auto& part : parts_) {
        auto sets = part.reader->file_sets();
        if (sets.empty()) {
            return {};
        }
        for (auto& set : sets) {
            std::erase_if(set.zooms, [&](int z) { return reader_for(z) != part.reader.get(); });
            if (part.other_zooms == OtherZooms::misplaced) {
                set.other_zooms = OtherZooms::misplaced;
            }
            all.push_back(std::move(set));
        }
    }
    return all;
}

CompositeWriter::CompositeWriter(std::string name, std::vector<Span> spans,
                                 std::vector<std::unique_ptr<TileWriter>> writers)
    : name_{std::move(name)}, spans_{std::move(spans)}, writers_{std::move(writers)} {}

TileWriter* CompositeWriter::writer_for(int zoom) const {
    const auto found = find_span(spans_, zoom);
    return found == spans_.end() ? nullptr : writers_[found->writer].get();
}

void CompositeWriter::put(const TileKey& key, BytesView content) {
    auto* const writer = writer_for(key.z);
    if (writer == nullptr) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cache '{}' has no cache for zoom {}", name_, key.z)};
    }
    writer->put(key, content);
}

void CompositeWriter::erase(const TileKey& key) {
    if (auto* const writer = writer_for(key.z)) {
        writer->erase(key);
    }
}

void CompositeWriter::commit() {
    FirstFailure failure;
    for (const auto& writer : writers_) {
        failure.attempt([&] { writer->commit(); });
    }
    failure.rethrow();
}

}  // namespace offgrid
