// A users file.

#include "formats/base/error.h"
#include "serve/access/users.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    try {
        offgrid::Users::parse({reinterpret_cast<const char*>(input), size}, "users");
    } catch (const offgrid::Error&) {
        // refused
    }
    return 0;
}
