#pragma once

#include "formats/tiff/cog_file.h"
#include "formats/tiff/tile_spool.h"

#include <cstdint>
#include <map>
#include <vector>

namespace offgrid::tiff {

/// Makes the JPEG tiles of a file alike, as its directories can tell only one colour and sampling.
/// Owned by one thread.
class CogJpeg {
public:
    /// `quality` of what must be encoded, from 1 to 100.
    explicit CogJpeg(int quality) : quality_{quality} {}

    /// The number of the tile's kind, to be noted in the spool; 0: it cannot be copied.
    std::uint16_t number_of(BytesView tile);

    /// Choose the kind that most tiles have, encode the others and tell the content what they are
    /// now. `tiles` are those of the content's images by zoom. Throws what decoding throws.
    void unify(CogContent& content, std::map<int, SpooledTiles>& tiles, TileSpool& spool);

private:
    std::uint16_t number_of(const ImageLayout& kind);
    ImageLayout choose(const CogContent& content) const;
    void encode_others(const CogContent& content, std::map<int, SpooledTiles>& tiles,
                       TileSpool& spool);
    Bytes tables_of(const CogContent& content, const TileSpool& spool) const;

    int quality_;
    std::vector<ImageLayout> kinds_;  // in the order in which they came; numbers count from 1
};

}  // namespace offgrid::tiff
