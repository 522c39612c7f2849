#include "serve/content_coding.h"

#include "formats/base/gzip.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace offgrid::test {
namespace {

TEST(AcceptsGzip, follows_names_weights_and_the_star) {
    for (const auto& [header, is_accepted] : std::vector<std::pair<std::string, bool>>{
             {"", true},
             {"gzip", true},
             {"GZip", true},
             {"x-gzip", true},
             {"deflate, gzip;q=1.0, *;q=0.5", true},
             {"br;q=1, gzip;q=0.001", true},
             {"*", true},
             {"gzip;q=1;x=y", true},
             {"identity;q=0, *", true},
             {" , ,gzip", true},
             {"identity", false},
             {"br", false},
             {"gzip;q=0", false},
             {"gzip ; Q=0.000 , *", false},
             {"*;q=0", false},
             {"identity;q=0", false},
             {"gzipped", false},
             {";q=1", false},
             {",", false},
         }) {
        EXPECT_EQ(accepts_gzip(header), is_accepted) << header;
    }
}

TEST(UnpackGzip, restores_the_body_and_says_so) {
    const std::string text(5000, 'x');
    Response response{.headers = {{"Content-Encoding", "gzip"}},
                      .body = gzipped(as_bytes(text), 6)};
    unpack_gzip(response);
    EXPECT_EQ(as_text(response.content()), text);
    EXPECT_FALSE(is_sent_as_gzip(response));
}

TEST(UnpackGzip, refuses_a_bomb_and_a_damaged_stream) {
    Response bomb{.body = gzipped(Bytes(max_unpacked_bytes + 1, 0), 6)};
    EXPECT_THAT([&] { unpack_gzip(bomb); },
                throws(Errc::corrupt, testing::HasSubstr("unpacks to more")));
    auto stream = gzipped(Bytes(5000, 7), 6);
    stream.resize(stream.size() / 2);
    Response damaged{.body = std::move(stream)};
    EXPECT_THAT([&] { unpack_gzip(damaged); }, throws(Errc::corrupt, testing::_));
}

}  // namespace
}  // namespace offgrid::test
