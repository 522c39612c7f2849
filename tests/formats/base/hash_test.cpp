#include "formats/base/hash.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using testing::HasSubstr;

// FIPS 180-4 examples: "abc" and the empty message.
constexpr const char* sha256_of_abc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* sha256_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Hash, sha256_agrees_with_the_standard) {
    EXPECT_EQ(sha256_hex(as_bytes("abc")), sha256_of_abc);
    EXPECT_EQ(sha256_hex({}), sha256_of_nothing);
}

TEST(Hash, sha256_in_pieces_is_that_of_the_whole) {
    Sha256 digest;
    digest.update(as_bytes("a"));
    digest.update({});
    digest.update(as_bytes("bc"));
    EXPECT_EQ(digest.finish_hex(), sha256_of_abc);
}

TEST(Hash, sha256_of_a_file_is_that_of_its_content) {
    const test::TempFolder folder;
    test::write_file(folder / "abc", "abc");
    EXPECT_EQ(sha256_hex_of_file(folder / "abc"), sha256_of_abc);
    EXPECT_THAT([&] { sha256_hex_of_file(folder / "absent"); },
                test::throws(Errc::not_found, HasSubstr("absent")));
}

TEST(Hash, a_tile_id_is_the_head_of_its_sha256) {
    EXPECT_EQ(tile_id(as_bytes("abc")), std::string{sha256_of_abc}.substr(0, 32));
}

TEST(Hash, the_fast_hash_tells_contents_apart) {
    EXPECT_EQ(fast_hash_hex(as_bytes("a")), fast_hash_hex(as_bytes("a")));
    EXPECT_NE(fast_hash_hex(as_bytes("a")), fast_hash_hex(as_bytes("b")));
    EXPECT_EQ(fast_hash_hex({}).size(), 32U);
}

}  // namespace
}  // namespace offgrid
