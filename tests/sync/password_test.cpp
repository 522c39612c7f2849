#include "serve/access/password.h"

#include "formats/base/error.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

TEST(Password, is_recognised_by_its_hash_and_no_other_is) {
    const auto hash = hash_password("geoserver");

    EXPECT_THAT(hash, testing::StartsWith("$y$"));
    EXPECT_NE(hash, hash_password("geoserver")) << "salted";
    EXPECT_TRUE(is_password("geoserver", hash));
    EXPECT_FALSE(is_password("Geoserver", hash));
    EXPECT_FALSE(is_password("", hash));
    EXPECT_FALSE(is_password(std::string{"geoserver\0x", 11}, hash));
    EXPECT_FALSE(is_password("geoserver", "$y$nonsense"));
    EXPECT_FALSE(is_password("geoserver", ""));
}

TEST(Password, is_not_empty_and_not_endless) {
    for (const auto& password : {std::string{}, std::string(512, 'x'), std::string{"a\0b", 3}}) {
        EXPECT_THAT([&] { hash_password(password); },
                    throws(Errc::invalid_argument, HasSubstr("password")));
    }
}

}  // namespace
}  // namespace offgrid::test
