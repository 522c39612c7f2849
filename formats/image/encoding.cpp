#include "formats/image/encoding.h"

namespace offgrid {

const std::map<std::string, Encoding>& encodings() {
    static const std::map<std::string, Encoding> names{{"jpeg", Encoding::jpeg},
                                                       {"png", Encoding::png},
                                                       {"png8", Encoding::png8},
                                                       {"webp", Encoding::webp},
                                                       {"webp-lossless", Encoding::webp_lossless},
                                                       {"mixed", Encoding::mixed}};
    return names;
}

std::optional<TileFormat> tile_format_of(Encoding encoding) {
    switch (encoding) {
        case Encoding::jpeg:
            return TileFormat::jpeg;
        case Encoding::png:
        case Encoding::png8:
            return TileFormat::png;
        case Encoding::webp:
        case Encoding::webp_lossless:
            return TileFormat::webp;
        case Encoding::mixed:
            break;
    }
    return std::nullopt;
}

}  // namespace offgrid
