// The header `Authorization` of anybody who can reach the port.

#include "serve/access/credentials.h"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    offgrid::parse_authorization({reinterpret_cast<const char*>(input), size});
    return 0;
}
