// PMTiles files that do harm, or would.

#include "formats/pmtiles/hilbert.h"
#include "formats/pmtiles/pmtiles_reader.h"
#include "formats/pmtiles/pmtiles_writer.h"
#include "tests/formats/pmtiles/raw_archive.h"
#include "tests/support/errors.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

namespace offgrid {
namespace {

using pmtiles::Compression;
using pmtiles::Directory;
using test::archive_of;
using test::RawArchive;
using test::TempFolder;
using test::throws;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

/// Open the file and visit all its tiles, at most 10 000, asking for each.
void read_all(const std::filesystem::path& path) {
    const PmtilesReader reader{{.file = path}};
    int visited = 0;
    for (int z = reader.info().min_zoom; z <= reader.info().max_zoom; ++z) {
        reader.scan(reader.info().grid->whole(z), [&](const TileKey& key, BytesView content) {
            EXPECT_EQ(reader.get(key)->content, (Bytes{content.begin(), content.end()}));
            if (++visited == 10'000) {
                throw Error{Errc::interrupted, "enough"};
            }
        });
    }
}

struct HostilePmtiles : testing::Test {
    void expect_refused(const RawArchive& archive, Errc code, const std::string& message) const {
        archive.write(path);
        EXPECT_THAT([&] { read_all(path); },
                    throws(code, AllOf(HasSubstr(path.string()), HasSubstr(message))));
    }

    TempFolder folder;
    const std::filesystem::path path = folder / "hostile.pmtiles";
};

TEST_F(HostilePmtiles, are_refused_by_their_header) {
    using Change = std::function<void(Bytes&)>;
    struct Case {
        Change change;
        Errc code;
        const char* message;
    };
    const auto set = [](std::size_t at, std::uint8_t value) {
        return [=](Bytes& bytes) { bytes[at] = value; };
    };
    for (const auto& [change, code, message] : std::vector<Case>{
             {set(0, 'X'), Errc::corrupt, "is no PMTiles file"},
             {set(7, 4), Errc::unsupported, "version 4"},
             {set(7, 2), Errc::unsupported, "version 2"},
             {[](Bytes& bytes) { bytes.resize(126); }, Errc::corrupt, "is no PMTiles file"},
             {[](Bytes& bytes) { bytes.clear(); }, Errc::corrupt, "is no PMTiles file"},
             {set(9, 200), Errc::corrupt, "ends before its root directory"},
             {set(15, 0xFF), Errc::corrupt, "ends before its root directory"},
             {set(23, 0xFF), Errc::corrupt, "ends before its root directory"},
             {set(39, 0x7F), Errc::corrupt, "ends before its metadata"},
             {set(55, 0x7F), Errc::corrupt, "ends before its leaf directories"},
             {set(71, 0x7F), Errc::corrupt, "ends before its tiles"},
             {set(16, 0), Errc::corrupt, "a directory ends early"},
             {set(97, 2), Errc::corrupt, "is no whole gzip stream"},
             {set(97, 3), Errc::unsupported, "Brotli"},
             {set(97, 4), Errc::unsupported, "Zstandard"},
             {set(97, 9), Errc::corrupt, "PMTiles does not have"},
             {set(98, 3), Errc::unsupported, "Brotli"},
             {set(98, 4), Errc::unsupported, "Zstandard"},
             {set(100, 5), Errc::corrupt, "zooms from 5 to 0"},
             {set(101, 32), Errc::corrupt, "zooms from 0 to 32"}}) {
        auto bytes = archive_of({{0, 0, 1, 1}}).bytes();
        change(bytes);
        test::write_file(path, as_text(bytes));
        EXPECT_THAT([&] { read_all(path); }, throws(code, HasSubstr(message))) << message;
    }
}

TEST_F(HostilePmtiles, are_refused_when_a_leaf_leads_to_itself) {
    RawArchive archive = archive_of({{0, 0, 5, 0}});
    archive.leaves = to_bytes(Directory{{0, 0, 5, 0}});
    ASSERT_EQ(archive.leaves.size(), 5U);
    expect_refused(archive, Errc::corrupt, "more than 4 directories below each other");
}

TEST_F(HostilePmtiles, are_refused_when_a_leaf_has_tiles_of_its_neighbour) {
    RawArchive archive = archive_of({{1, 0, 5, 0}, {3, 5, 5, 0}});
    archive.leaves = to_bytes(Directory{{1, 0, 1, 3}});
    const auto second = to_bytes(Directory{{3, 0, 1, 1}});
    archive.leaves.insert(archive.leaves.end(), second.begin(), second.end());
    expect_refused(archive, Errc::corrupt, "outside its part of the tiles");
    archive.leaves.assign(second.begin(), second.end());
    archive.leaves.insert(archive.leaves.end(), second.begin(), second.end());
    expect_refused(archive, Errc::corrupt, "outside its part of the tiles");
}

TEST_F(HostilePmtiles, are_refused_when_a_directory_unzips_to_too_much) {
    RawArchive archive = archive_of({});
    archive.header.internal_compression = Compression::gzip;
    archive.root.assign(std::size_t{64} << 20, 0);
    expect_refused(archive, Errc::too_large, "has more than 8388608 bytes");
}

TEST_F(HostilePmtiles, are_refused_when_their_metadata_unzips_to_too_much) {
    RawArchive archive = archive_of({{0, 0, 1, 1}});
    archive.header.internal_compression = Compression::gzip;
    archive.metadata.assign(std::size_t{64} << 20, ' ');
    expect_refused(archive, Errc::too_large, "its metadata");
}

TEST_F(HostilePmtiles, are_refused_when_their_metadata_takes_too_much_memory) {
    RawArchive archive = archive_of({{0, 0, 1, 1}});
    std::string json = R"({"vector_layers":[1)";
    for (int i = 0; i < 300'000; ++i) {
        json += ",1";
    }
    json += "]}";
    archive.metadata.assign(json.begin(), json.end());
    archive.write(path);
    EXPECT_THAT([&] { read_all(path); }, throws(Errc::too_large, HasSubstr("200000 values")));
}

TEST_F(HostilePmtiles, are_read_without_what_their_metadata_nests_too_deep) {
    RawArchive archive = archive_of({{0, 0, 1, 1}});
    const auto json = fmt::format(R"({{"vector_layers":{}{},"name":"deep"}})",
                                  std::string(100'000, '['), std::string(100'000, ']'));
    archive.metadata.assign(json.begin(), json.end());
    archive.write(path);
    const PmtilesReader reader{{.file = path}};
    EXPECT_EQ(reader.info().name, "deep");
    EXPECT_LT(reader.vector_layers().size(), 100U);
}

TEST_F(HostilePmtiles, give_no_tile_of_more_than_64_mib) {
    constexpr std::uint32_t length = 65 << 20;
    const auto archive = archive_of({{0, 0, length, 1}});
    auto bytes = archive.bytes();
    bytes[67] = 0x10;  // the tiles have 256 MiB
    test::write_file(path, as_text(bytes));
    std::filesystem::resize_file(path, std::uintmax_t{300} << 20);
    const PmtilesReader reader{{.file = path}};
    EXPECT_THAT(
        [&] {
            reader.get({0, 0, 0});
        },
        throws(Errc::too_large, HasSubstr("a tile of 68157440 bytes")));
}

TEST_F(HostilePmtiles, that_become_shorter_are_damaged_and_not_empty) {
    archive_of({{0, 0, 10, 1}}).write(path);
    const PmtilesReader reader{{.file = path}};
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
    EXPECT_THAT(
        [&] {
            reader.get({0, 0, 0});
        },
        throws(Errc::corrupt, HasSubstr("has become shorter")));
}

TEST_F(HostilePmtiles, are_no_folders_pipes_or_missing_files) {
    EXPECT_THAT([&] { read_all(folder.path()); }, throws(Errc::invalid_argument, testing::_));
    EXPECT_THAT([&] { read_all(path); }, throws(Errc::not_found, HasSubstr("cannot open")));
}

/// The file of a few leaves with each of its bytes changed, but for those of the tiles.
TEST_F(HostilePmtiles, are_read_or_refused_whatever_byte_is_changed) {
    RawArchive archive = archive_of({{0, 0, 1, 1}, {1, 0, 9, 0}, {3, 9, 9, 0}});
    archive.leaves = to_bytes(Directory{{1, 1, 1, 1}, {2, 2, 1, 1}});
    const auto second = to_bytes(Directory{{3, 3, 1, 2}, {5, 0, 9, 1}});
    ASSERT_EQ(archive.leaves.size(), 9U);
    ASSERT_EQ(second.size(), 9U);
    archive.leaves.insert(archive.leaves.end(), second.begin(), second.end());
    const std::string json = R"({"name":"n"})";
    archive.metadata.assign(json.begin(), json.end());
    const auto sound = archive.bytes();
    test::write_file(path, as_text(sound));
    EXPECT_NO_THROW(read_all(path));

    for (std::size_t at = 0; at < sound.size() - archive.tiles.size(); ++at) {
        for (const auto value : Bytes{0, 1, 2, 0x7F, 0x80, 0xFF}) {
            auto bytes = sound;
            bytes[at] = value;
            test::write_file(path, as_text(bytes));
            try {
                read_all(path);
            } catch (const Error& error) {
                EXPECT_THAT(error.code(), AnyOf(Errc::corrupt, Errc::unsupported, Errc::too_large,
                                                Errc::interrupted))
                    << at << ": " << error.what();
            }
        }
    }
}

TEST_F(HostilePmtiles, of_the_data_set_are_refused) {
    for (const auto& file : test::shared_files("bad/pmtiles")) {
        EXPECT_THAT([&] { read_all(file); },
                    testing::AnyOf(throws(Errc::corrupt, HasSubstr("is no PMTiles file")),
                                   throws(Errc::unsupported, HasSubstr("version 4"))))
            << file;
    }
}

}  // namespace
}  // namespace offgrid
