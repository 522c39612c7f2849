// A header `If-Match` or `If-None-Match`.

#include "formats/base/error.h"
#include "sync/precondition.h"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    const std::string list{reinterpret_cast<const char*>(input), size};
    for (const auto& precondition :
         {offgrid::Precondition{.if_match = list}, offgrid::Precondition{.if_none_match = list}}) {
        try {
            precondition.check(std::string(64, 'a'), "it");
        } catch (const offgrid::Error&) {
            // refused
        }
    }
    return 0;
}
