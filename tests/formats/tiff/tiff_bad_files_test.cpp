// Files that are damaged, of another kind, or out to hurt.

#include "formats/tiff/jpeg_stream.h"
#include "formats/tiff/tiff_store.h"
#include "formats/tiff/tiff_update.h"
#include "tests/formats/tiff/jpeg_tiles.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <random>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

using test::jpeg_tile;
using test::TempFolder;
using test::throws;
using testing::AllOf;
using testing::HasSubstr;
using tiff::Colours;
using tiff::complete_jpeg;

class BadTiff : public testing::Test {
protected:
    TiffReader reader() { return TiffReader{options_, slice_}; }

    void store(const TileKey& key, BytesView tile) {
        TiffWriter writer{options_, slice_, locker_};
        writer.put(key, tile);
        writer.commit();
    }

    /// All that can be asked of the file; an Error names it.
    void use() {
        const auto reading = reader();
        const auto attempt = [](const std::function<void()>& work) {
            try {
                work();
            } catch (const Error& error) {
                EXPECT_THAT(error.what(), HasSubstr("a.tif"));
            }
        };
        attempt([&] { reading.get({0, 0, 0}); });
        attempt([&] { reading.exists({0, 0, 0}); });
        attempt([&] { reading.scan({0, 0, 0, 1, 1}, [](const TileKey&, BytesView) {}); });
        attempt([&] { reading.files()->list_tiles(path_, [](const TileKey&, std::uint64_t) {}); });
        attempt([&] { store({0, 0, 0}, tile_); });
    }

    TempFolder folder_;
    std::string path_ = (folder_ / "a.tif").string();
    TiffOptions options_{.name = "pictures", .file = path_};
    TilesetSlice slice_;
    FileLocker locker_{{.folder = folder_.path()}};
    Bytes tile_ = jpeg_tile({200, 30, 40});
};

TEST_F(BadTiff, survives_every_damaged_file) {
    for (const auto& bad : test::shared_files("bad/tiff")) {
        fs::copy_file(bad, path_, fs::copy_options::overwrite_existing);
        SCOPED_TRACE(bad.filename());
        use();
    }
}

TEST_F(BadTiff, survives_a_file_cut_anywhere) {
    store({0, 0, 0}, tile_);
    const auto whole = test::read_text(path_);
    for (std::size_t size = 0; size < whole.size(); size += size < 100 || size > 1800 ? 1 : 19) {
        test::write_file(path_, std::string_view{whole}.substr(0, size));
        use();
    }
}

TEST_F(BadTiff, survives_any_bytes_in_the_directory) {
    options_.path.xcount = options_.path.ycount = 1;
    store({0, 0, 0}, tile_);
    const auto whole = test::read_text(path_);
    std::mt19937 random{7};  // NOLINT(cert-msc51-cpp): the same bytes each time
    for (int i = 0; i < 1000; ++i) {
        auto damaged = whole;
        for (int n = 0; n < 3; ++n) {
            // The tile lies between the first directory and the last.
            const auto from_end = random() % 2 == 0;
            const auto offset = random() % 260;
            damaged[from_end ? damaged.size() - 1 - offset : offset] =
                static_cast<char>(random() % 3 == 0 ? 0xFF : random());
        }
        test::write_file(path_, damaged);
        use();
    }
}

TEST_F(BadTiff, a_tile_beyond_the_end_is_no_absent_one) {
    store({0, 0, 0}, tile_);
    tiff::TiffUpdate update{*tiff::RandomFile::open(path_, tiff::RandomFile::Access::update),
                            posix_file_ops()};
    update.publish({{0, {1'000'000, 5000}}});
    EXPECT_THAT(
        [&] {
            reader().get({0, 0, 0});
        },
        throws(Errc::corrupt,
               AllOf(HasSubstr("cache 'pictures'"), HasSubstr(path_), HasSubstr("ends early"))));
    EXPECT_THAT([&] { reader().exists({0, 0, 0}); }, throws(Errc::corrupt, HasSubstr(path_)));
    update.publish({{0, {8, 50}}});
    EXPECT_THAT(
        [&] {
            reader().get({0, 0, 0});
        },
        throws(Errc::corrupt, HasSubstr("tile 0/0/0: what is stored is no JPEG")));
}

TEST_F(BadTiff, names_the_kind_of_file_that_it_cannot_read) {
    test::write_file(folder_ / "a.ppm", "P6 256 256 255\n" + std::string(256 * 256 * 3, 'x'));
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"-co", "TILED=YES", "-co", "COMPRESS=DEFLATE"}, "its compression is 8, not 7"},
        {{"-co", "TILED=YES"}, "its compression is 1, not 7"},
        {{"-co", "COMPRESS=JPEG"}, "it is not tiled"},
        {{"-co", "TILED=YES", "-co", "COMPRESS=JPEG", "-co", "BLOCKXSIZE=128"},
         "its tiles are 128 by 256 pixels"},
        {{"-co", "TILED=YES", "-co", "COMPRESS=JPEG", "-co", "BLOCKXSIZE=128", "-co",
          "BLOCKYSIZE=128"},
         "2 by 2 tiles of 128 pixels, not 1 by 1 of 256"},
        {{"-co", "TILED=YES", "-co", "COMPRESS=JPEG", "-outsize", "512", "512"},
         "2 by 2 tiles of 256 pixels, not 1 by 1 of 256"},
        {{"-co", "TILED=YES", "-co", "COMPRESS=JPEG", "-co", "INTERLEAVE=BAND"},
         "its samples are in separate planes"},
        {{"-co", "TILED=YES", "-co", "COMPRESS=JPEG", "-b", "1", "-b", "2", "-b", "3", "-b", "1"},
         "4 samples a pixel"},
    };
    for (const auto& [options, why] : cases) {
        std::vector<std::string> command{"gdal_translate", "-q", "-of", "GTiff"};
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(), {(folder_ / "a.ppm").string(), path_});
        const auto done = test::run(command);
        ASSERT_EQ(done.exit_code, 0) << done.err;
        EXPECT_THAT([&] { reader().get({0, 0, 0}); }, throws(Errc::unsupported, HasSubstr(why)));
        EXPECT_THAT([&] { store({0, 0, 0}, tile_); }, throws(Errc::unsupported, HasSubstr(why)));
    }
}

// --- JPEG streams

/// A tile without its tables, and the tables.
struct Split {
    Bytes tile{0xFF, 0xD8};
    Bytes tables{0xFF, 0xD8};
};

Split split(const Bytes& jpeg) {
    Split parts;
    std::size_t at = 2;
    while (jpeg[at + 1] != 0xDA) {
        const std::size_t length = 2 + (jpeg[at + 2] << 8 | jpeg[at + 3]);
        auto& to = jpeg[at + 1] == 0xDB || jpeg[at + 1] == 0xC4 ? parts.tables : parts.tile;
        to.insert(to.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(at),
                  jpeg.begin() + static_cast<std::ptrdiff_t>(at + length));
        at += length;
    }
    parts.tile.insert(parts.tile.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(at), jpeg.end());
    parts.tables.insert(parts.tables.end(), {0xFF, 0xD9});
    return parts;
}

TEST(CompleteJpeg, puts_the_tables_in_front) {
    const auto [tile, tables] = split(jpeg_tile({200, 30, 40}));
    Bytes expected{tables.begin(), tables.end() - 2};
    expected.insert(expected.end(), tile.begin() + 2, tile.end());
    EXPECT_EQ(complete_jpeg(tile, tables, Colours::as_marked, 256), expected);
    EXPECT_EQ(expected.size(), tile.size() + tables.size() - 4);
}

TEST(CompleteJpeg, leaves_a_tile_that_has_its_tables) {
    const auto tile = jpeg_tile({200, 30, 40});
    EXPECT_EQ(complete_jpeg(tile, jpeg_tables(50), Colours::as_marked, 256), tile);
    EXPECT_EQ(complete_jpeg(tile, {}, Colours::as_marked, 256), tile);
}

TEST(CompleteJpeg, says_when_there_are_no_tables_anywhere) {
    const auto parts = split(jpeg_tile({200, 30, 40}));
    for (const auto& tables : {Bytes{}, Bytes{0xFF, 0xD8, 0xFF}, Bytes(100)}) {
        EXPECT_THAT([&] { complete_jpeg(parts.tile, tables, Colours::as_marked, 256); },
                    throws(Errc::corrupt, HasSubstr("JPEGTables missing")));
    }
}

TEST(CompleteJpeg, marks_rgb_once) {
    const auto marked = jpeg_tile({200, 30, 40}, JpegColour::rgb);
    EXPECT_EQ(complete_jpeg(marked, {}, Colours::rgb, 256), marked);
    auto unmarked = marked;
    ASSERT_EQ(unmarked[3], 0xEE);
    unmarked.erase(unmarked.begin() + 2, unmarked.begin() + 18);
    EXPECT_EQ(complete_jpeg(unmarked, {}, Colours::rgb, 256), marked);
}

TEST(CompleteJpeg, refuses_a_tile_of_another_size) {
    EXPECT_THAT(
        [] {
            complete_jpeg(jpeg_tile({1, 2, 3}), {}, Colours::as_marked, 512);
        },
        throws(Errc::corrupt, HasSubstr("256 by 256 pixels, not 512")));
}

TEST(CompleteJpeg, survives_streams_cut_anywhere) {
    const auto tile = jpeg_tile({200, 30, 40});
    const auto scan = split(tile).tables.size() + 40;
    for (std::size_t size = 0; size < scan; ++size) {
        const Bytes cut{tile.begin(), tile.begin() + static_cast<std::ptrdiff_t>(size)};
        EXPECT_THAT([&] { complete_jpeg(cut, cut, Colours::rgb, 256); },
                    throws(Errc::corrupt, HasSubstr("no JPEG")))
            << size;
    }
}

}  // namespace
}  // namespace offgrid
