#include "formats/image/resampling.h"

namespace offgrid {

const std::map<std::string, Resampling>& resamplings() {
    static const std::map<std::string, Resampling> names{
        {"nearest", Resampling::nearest}, {"bilinear", Resampling::bilinear},
        {"cubic", Resampling::cubic},     {"lanczos", Resampling::lanczos},
        {"average", Resampling::average}, {"mode", Resampling::mode}};
    return names;
}

}  // namespace offgrid
