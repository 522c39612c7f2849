// The address, and behind the first line end the body, of a small request. The first byte of the
// input says how the body is encoded.

#include "formats/base/error.h"
#include "sync/admin_form.h"
#include "sync/admin_router.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    static const offgrid::AdminRouter router{{{.method = "GET", .pattern = "/seed/{layer}.json"},
                                              {.method = "POST", .pattern = "/{a}/x{b}y/c"}}};
    const std::string text{reinterpret_cast<const char*>(input) + 1, size - 1};
    const auto target = text.substr(0, text.find('\n'));
    std::istringstream body{text.substr(std::min(target.size() + 1, text.size()))};
    try {
        router.find("GET", target.substr(0, target.find('?')));
        offgrid::AdminRequest request;
        request.query = offgrid::parse_query(target);
        request.content_type = *input == 'j'   ? "application/json"
                               : *input == 'm' ? "multipart/form-data; boundary=cut"
                                               : "application/x-www-form-urlencoded";
        request.body = &body;
        offgrid::read_fields(request, {"to", "keep"});
    } catch (const offgrid::Error&) {
        // refused
    }
    return 0;
}
