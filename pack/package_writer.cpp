#include "pack/package_writer.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/tile/lonlat.h"
#include "pack/mapcache_xml.h"
#include "pack/mbtiles_metadata.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

/// A place to look at first: the box of all covers may be the whole world, with nothing in its
/// middle, where a source lies across the antimeridian.
const Box& largest_cover(const Plan& plan) {
    const auto area = [](const Cover& cover) { return cover.box.width() * cover.box.height(); };
    return std::ranges::max_element(plan.covers, {}, area)->box;
}

}  // namespace

PackageWriter::PackageWriter(const Plan& plan, std::filesystem::path folder, FileOps& files)
    : plan_{plan}, folder_{std::move(folder)}, files_{files}, open_(plan.manifest.pyramids.size()) {
    for (const auto& pyramids : plan.manifest.pyramids) {
        names_.emplace_back(pyramids.names, pyramids.options);
    }
}

void PackageWriter::put(const EncodedTile& tile) {
    const auto& all = plan_.manifest.pyramids;
    const auto* const pyramids = plan_.manifest.pyramids_of(tile.key.z);
    const auto index = static_cast<std::size_t>(pyramids - all.data());
    auto& open = open_[index];
    auto name = names_[index].render(plan_.grid(), tile.key);
    if (open.name != name) {
        end(open);
        open = begin(name, tile.key);
    }
    open.writer->put_with_id(tile.key, tile.id, tile.content);
    ++made_.tiles;
    made_.bytes += tile.content.size();
    ++made_.tiles_of_zoom[tile.key.z];
    auto& file = open.file;
    file.min_zoom = std::min(file.min_zoom, tile.key.z);
    file.max_zoom = std::max(file.max_zoom, tile.key.z);
    ++file.tiles;
}

PackageWriter::Open PackageWriter::begin(const std::string& name, const TileKey& first) {
    const auto& pyramids = *plan_.manifest.pyramids_of(first.z);
    Open open{.name = name, .writer = nullptr, .file = {}};
    open.writer = std::make_unique<sqlite::MbtilesWriter>(folder_ / name, plan_.grid(),
                                                          metadata(pyramids, first));
    open.file.name = name;
    open.file.min_zoom = first.z;
    open.file.max_zoom = first.z;
    return open;
}

std::optional<PackageFile> PackageWriter::end(Open& open) {
    if (!open.writer) {
        return std::nullopt;
    }
    open.writer->set_metadata("minzoom", fmt::to_string(open.file.min_zoom));
    open.writer->set_metadata("maxzoom", fmt::to_string(open.file.max_zoom));
    open.writer->commit();
    open.writer.reset();
    const auto path = folder_ / open.name;
    files_.sync_file(path);
    open.file.bytes = std::filesystem::file_size(path);
    open.file.sha256 = sha256_hex_of_file(path);
    open.name.clear();
    done_.push_back(open.file);
    return std::move(open.file);
}

std::optional<PackageFile> PackageWriter::finish_pyramid() {
    const auto* const pyramids = plan_.manifest.pyramids_of(plan_.max_zoom());
    auto file = end(open_[static_cast<std::size_t>(pyramids - plan_.manifest.pyramids.data())]);
    if (file) {
        files_.sync_directory(folder_);
    }
    return file;
}

void PackageWriter::adopt(const Pyramid& pyramid) {
    note_shown(pyramid.shown);
    if (pyramid.file) {
        done_.push_back(*pyramid.file);
    }
}

std::map<std::string, std::string> PackageWriter::metadata(const Pyramids& pyramids,
                                                           const TileKey& first) const {
    const auto& manifest = plan_.manifest;
    Box bounds = manifest.bounds;
    Box middle = to_lonlat(plan_.grid().srs(), largest_cover(plan_)).value_or(bounds);
    if (const int top = pyramids.options.top; top > 0) {
        const int levels = first.z - top;
        const TileKey tile =
            levels >= 0 ? TileKey{top, first.x >> levels, first.y >> levels} : first;
        const auto box =
            to_lonlat(plan_.grid().srs(), intersection(plan_.box, plan_.grid().box_of(tile)));
        bounds = box.value_or(bounds);
        middle = bounds;
    }
    return mbtiles_metadata(manifest, pyramids.min_zoom, pyramids.max_zoom, bounds, middle);
}

Manifest PackageWriter::finish_shard() {
    auto manifest = plan_.manifest;
    manifest.files = FileList{done_};
    files_.sync_directory(folder_);
    return manifest;
}

Manifest PackageWriter::finish() {
    auto manifest = plan_.manifest;
    // The box of the plan may reach beyond what the sources show.
    const auto box = intersection(plan_.box, shown_);
    manifest.bounds =
        intersection(to_lonlat(plan_.grid().srs(), box).value_or(manifest.bounds), manifest.bounds);
    for (std::size_t i = 0; i < open_.size(); ++i) {
        if (open_[i].writer && manifest.pyramids[i].options.top == 0) {
            open_[i].writer->set_metadata("bounds", bounds_text(manifest.bounds));
        }
        end(open_[i]);
    }
    if (done_.empty()) {
        throw Error{Errc::unsupported,
                    fmt::format("layer '{}': the sources show nothing there: all is transparent",
                                plan_.manifest.layer)};
    }
    manifest.files = FileList{done_};
    const auto write = [&](std::string_view name, const std::string& content) {
        const auto file = files_.create(folder_ / name);
        file->append(as_bytes(content));
        file->sync();
    };
    write(mapcache_xml_name, mapcache_xml(manifest, box));
    write(manifest_name, to_json(manifest));
    files_.sync_directory(folder_);
    return manifest;
}

}  // namespace offgrid
