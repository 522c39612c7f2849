#include "formats/tiff/cog_reader.h"
#include "formats/tiff/cog_writer.h"
#include "formats/tiff/tiff_store.h"
#include "tests/formats/tiff/jpeg_tiles.h"
#include "tests/support/store_contract.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::TempFolder;

// The words of the contract travel as comments of JPEG tiles.

class WordWriter final : public TileWriter {
public:
    explicit WordWriter(std::unique_ptr<TileWriter> writer) : writer_{std::move(writer)} {}
    void put(const TileKey& key, BytesView content) override {
        writer_->put(key, content.empty() ? Bytes{} : test::jpeg_with_comment(content));
    }
    void erase(const TileKey& key) override { writer_->erase(key); }
    void commit() override { writer_->commit(); }

private:
    std::unique_ptr<TileWriter> writer_;
};

class WordReader final : public TileReader {
public:
    explicit WordReader(std::unique_ptr<TileReader> reader) : reader_{std::move(reader)} {}
    const StoreInfo& info() const override { return reader_->info(); }
    std::optional<Tile> get(const TileKey& key) const override {
        const auto tile = reader_->get(key);
        EXPECT_EQ(reader_->exists(key), tile.has_value());
        return tile ? std::optional{Tile{test::comment_in(tile->content)}} : std::nullopt;
    }
    void scan(const TileRange& range, const Visitor& visit) const override {
        reader_->scan(range, [&](const TileKey& key, BytesView content) {
            visit(key, test::comment_in(content));
        });
    }

private:
    std::unique_ptr<TileReader> reader_;
};

template <int tiles_a_side>
struct TiffStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        const auto writer = create();
        for (const auto& [key, word] : pyramid) {
            writer->put(key, test::png_bytes(word));
        }
        writer->commit();
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<WordWriter>(std::make_unique<TiffWriter>(options(), slice, locker));
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<WordReader>(std::make_unique<TiffReader>(options(), slice));
    }

    TiffOptions options() const {
        return {.name = "pictures",
                .file = (folder / "{z}/{x}-{y}.tif").string(),
                .path = {.xcount = tiles_a_side, .ycount = tiles_a_side}};
    }

    TilesetSlice slice;
    TempFolder folder;
    FileLocker locker{{.folder = folder.path()}};
};

struct CogStore : test::StoreUnderTest {
    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        const auto writer = create();
        for (const auto& [key, word] : pyramid) {
            writer->put(key, test::png_bytes(word));
        }
        writer->commit();
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<WordWriter>(std::make_unique<CogWriter>(options(), TilesetSlice{}));
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<WordReader>(
            std::make_unique<CogReader>(options(), Grid::google_maps_compatible()));
    }
    bool reaches_everywhere() const override { return false; }

    CogOptions options() const {
        return {.name = "image", .file = (folder / "image.tif").string()};
    }

    TempFolder folder;
};

using TiffStores = testing::Types<TiffStore<10>, TiffStore<3>, TiffStore<1>, CogStore>;

}  // namespace
}  // namespace offgrid

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Tiff, StoreContract, TiffStores);
}  // namespace offgrid::test
