#include "pack/transfer/reencode.h"

#include "formats/image/decode.h"

namespace offgrid {

Reencoder::Reencoder(Encoding encoding, int quality, int threads) {
    for (int i = 0; i < threads; ++i) {
        encoders_.emplace_back(encoding, quality);
    }
}

Bytes Reencoder::operator()(BytesView tile, std::size_t thread) {
    const auto image = decode_tile(tile);
    return encoders_[thread].encode(image);
}

}  // namespace offgrid
