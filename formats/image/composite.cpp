#include "formats/image/composite.h"

#include <cstring>

namespace offgrid {

void composite_over(const std::uint8_t* top, std::uint8_t* bottom, int width) {
    for (int x = 0; x < width; ++x, top += 4, bottom += 4) {
        const unsigned alpha = top[3];
        if (alpha == 255 || bottom[3] == 0) {
            std::memcpy(bottom, top, 4);
        } else if (alpha != 0) {
            const unsigned below = bottom[3] * (255 - alpha);  // in 1/255
            const unsigned sum = alpha * 255 + below;
            for (int c = 0; c < 3; ++c) {
                bottom[c] = static_cast<std::uint8_t>(
                    (top[c] * alpha * 255 + bottom[c] * below + sum / 2) / sum);
            }
            bottom[3] = static_cast<std::uint8_t>((sum + 127) / 255);
        }
    }
}

}  // namespace offgrid
