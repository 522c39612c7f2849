#include "tests/formats/pmtiles/raw_archive.h"

#include "tests/support/temp_folder.h"

#include <utility>

namespace offgrid::test {

using namespace pmtiles;

Bytes RawArchive::bytes() const {
    const auto stored = [&](const Bytes& part) {
        return header.internal_compression == Compression::gzip ? gzipped(part) : part;
    };
    const auto stored_root = stored(root);
    const auto stored_metadata = metadata.empty() ? metadata : stored(metadata);
    auto full = header;
    std::uint64_t end = header_bytes;
    const auto place = [&](std::uint64_t length) {
        return Section{std::exchange(end, end + length), length};
    };
    full.root = place(stored_root.size());
    full.metadata = place(stored_metadata.size());
    full.leaves = place(leaves.size());
    full.tiles = place(tiles.size());
    const auto first = to_bytes(full);
    Bytes all{first.begin(), first.end()};
    for (const auto part :
         {BytesView{stored_root}, BytesView{stored_metadata}, BytesView{leaves}, as_bytes(tiles)}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

void RawArchive::write(const std::filesystem::path& path) const {
    write_file(path, as_text(bytes()));
}

RawArchive archive_of(const Directory& root, std::string tiles) {
    RawArchive archive;
    archive.root = to_bytes(root);
    archive.tiles = std::move(tiles);
    return archive;
}

}  // namespace offgrid::test
