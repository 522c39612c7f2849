#pragma once

#include "formats/base/bytes.h"
#include "formats/image/encode.h"

#include <cstddef>
#include <vector>

namespace offgrid {

/// Turns tiles into tiles of another format. Safe for concurrent use with one thread a number.
class Reencoder {
public:
    Reencoder(Encoding encoding, int quality, int threads);

    /// Throws what decoding and encoding throw: `unsupported` for a tile that is no image.
    Bytes operator()(BytesView tile, std::size_t thread);

private:
    std::vector<Encoder> encoders_;  // one a thread
};

}  // namespace offgrid
