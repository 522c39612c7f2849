#include "tests/formats/package/large_depot.h"

#include "formats/base/hash.h"
#include "formats/package/replace.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>

namespace offgrid::test {
namespace {

constexpr int side = 128;  // columns and rows of zoom 7

}  // namespace

Depot make_depot_of(const std::filesystem::path& folder, int files) {
    Depot depot{folder};
    depot.create_if_missing(posix_file_ops());
    std::vector<PackageFile> all;
    for (int i = 0; i < files; ++i) {
        const auto name = fmt::format("z07-{}-{}.sqlite3", i / side, i % side);
        all.push_back({.name = name,
                       .bytes = 100'000,
                       .sha256 = sha256_hex(as_bytes(name)),
                       .min_zoom = 7,
                       .max_zoom = 9,
                       .tiles = 21});
    }
    const Manifest manifest{.layer = "kenya",
                            .title = "kenya",
                            .format = TileFormat::png,
                            .min_zoom = 7,
                            .max_zoom = 9,
                            .bounds = {-180, -85, 180, 85},
                            .pyramids = {{.min_zoom = 7,
                                          .max_zoom = 9,
                                          .names = "z{top}-{top_x}-{top_y}.sqlite3",
                                          .options = {.top = 7, .formats = {{"top", "%02d"}}}}},
                            .files = std::move(all)};
    depot.publish(posix_file_ops(), {.number = 1, .layers = {{"kenya", manifest}}, .previous = 0});
    return depot;
}

Generation replace_one(FileOps& files, const Depot& depot, const Generation& current,
                       const std::string& word) {
    ReplaceTransaction replace{files, depot, current, {files, depot}};
    const auto drawn = replace.staging() / "drawn";
    write_mbtiles(drawn, draw("z7@0,127: " + word));
    const auto upload = replace.staging() / "upload";
    files.create(upload)->append(as_bytes(read_text(drawn)));
    replace.add_file("kenya", "z07-0-0.sqlite3", upload);
    return replace.commit();
}

}  // namespace offgrid::test
