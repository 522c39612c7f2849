#include "formats/gwc/gzip.h"

#include "formats/base/error.h"
#include "formats/base/gzip.h"
#include "formats/tile/tile_format.h"

#include <cstddef>
#include <utility>

namespace offgrid::gwc {
namespace {

constexpr std::size_t max_content_bytes = std::size_t{64} << 20;
constexpr int level = 6;  // as zlib takes it by default

}  // namespace

Bytes gzipped(BytesView plain) {
    return offgrid::gzipped(plain, level);
}

Bytes unzipped(BytesView bytes) {
    if (!is_gzip(bytes)) {
        return {bytes.begin(), bytes.end()};
    }
    auto content = offgrid::unzipped(bytes, max_content_bytes);
    if (!content) {
        throw Error{Errc::too_large, "a tile unzips to more than 64 MiB"};
    }
    return std::move(*content);
}

}  // namespace offgrid::gwc
