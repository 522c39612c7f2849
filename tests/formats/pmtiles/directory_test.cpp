#include "formats/pmtiles/directory.h"

#include "formats/pmtiles/hilbert.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace offgrid::pmtiles {
namespace {

using test::throws;
using testing::HasSubstr;

constexpr DirectoryLimits limits{
    .first_id = 0, .end_id = end_of_ids, .tile_bytes = 1000, .leaf_bytes = 1000};

TEST(PmtilesDirectory, is_read_as_it_was_written) {
    const Directory directory{{0, 0, 10, 1},
                              {1, 10, 20, 3},
                              {7, 0, 10, 1},
                              {300, 30, 5, 70'000},
                              {end_of_ids - 1, 900, 100, 1}};
    EXPECT_EQ(parse_directory(to_bytes(directory), limits), directory);
}

TEST(PmtilesDirectory, has_the_bytes_of_the_specification) {
    const Directory directory{{5, 0, 300, 1}, {6, 300, 2, 2}, {9, 0, 300, 1}};
    EXPECT_EQ(to_bytes(directory), (Bytes{3,                    //
                                          5, 1, 3,              // ids, as differences
                                          1, 2, 1,              // run lengths
                                          0xAC, 2, 2, 0xAC, 2,  // lengths
                                          1, 0, 1}));           // offsets: 0 follows the one before
}

TEST(PmtilesDirectory, finds_the_last_entry_up_to_an_id) {
    const Directory directory{{5, 0, 1, 1}, {7, 0, 1, 3}};
    EXPECT_EQ(last_up_to(directory, 4), nullptr);
    EXPECT_EQ(last_up_to(directory, 5), &directory[0]);
    EXPECT_EQ(last_up_to(directory, 6), &directory[0]);
    EXPECT_EQ(last_up_to(directory, 99), &directory[1]);
}

TEST(PmtilesDirectory, is_refused_where_it_is_damaged) {
    struct Case {
        Bytes bytes;
        const char* message;
    };
    const Bytes eleven(11, 0x80);
    const std::vector<Case> cases{
        {{}, "ends early"},
        {{0}, "is empty"},
        {{0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 1, 1, 1}, "ends early"},
        {eleven, "more than 64 bits"},
        {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}, "more than 64 bits"},
        {{1, 0, 1, 1}, "ends early"},
        {{1, 0, 1, 0, 1}, "without content"},
        {{1, 0, 1, 1, 0}, "begins behind"},
        {{1, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 1}, "more than 32 bits"},
        {{1, 0, 1, 1, 0xE9, 7}, "points outside"},
        {{1, 0, 1, 0xE9, 7, 1}, "points outside"},
        {{1, 0, 1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1}, "points outside"},
        {{1, 0, 0, 1, 0xE9, 7}, "points outside"},
        {{2, 0, 0, 1, 1, 1, 1, 1, 1}, "overlap"},
        {{2, 0, 1, 2, 1, 1, 1, 1, 1}, "overlap"},
        {{1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 1, 1}, "outside its part"},
        {{2, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 1, 1, 1, 1, 1},
         "tile id of more than 64 bits"}};
    for (std::size_t i = 0; i < cases.size(); ++i) {
        EXPECT_THAT([&] { parse_directory(cases[i].bytes, limits); },
                    throws(Errc::corrupt, HasSubstr(cases[i].message)))
            << "case " << i;
    }
}

TEST(PmtilesDirectory, keeps_to_its_part_of_the_ids) {
    const auto bytes = to_bytes(Directory{{5, 0, 1, 1}, {7, 1, 1, 3}});
    auto part = limits;
    part.first_id = 5;
    part.end_id = 10;
    EXPECT_EQ(parse_directory(bytes, part).size(), 2U);
    part.end_id = 9;
    EXPECT_THAT([&] { parse_directory(bytes, part); },
                throws(Errc::corrupt, HasSubstr("outside its part")));
    part = {.first_id = 6, .end_id = 10, .tile_bytes = 1000};
    EXPECT_THAT([&] { parse_directory(bytes, part); },
                throws(Errc::corrupt, HasSubstr("leave its part")));
}

}  // namespace
}  // namespace offgrid::pmtiles
