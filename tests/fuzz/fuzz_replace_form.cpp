// The body of a replace request. The first byte of the input says how it is encoded.

#include "formats/base/error.h"
#include "sync/replace_form.h"
#include "tests/fuzz/discarding_file_ops.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

namespace {

bool is_taken(const std::string& content, const std::string& type) {
    std::istringstream body{content};
    offgrid::DiscardingFileOps files{"/staging"};
    try {
        offgrid::read_replace_form(body, type, files, "/staging/upload",
                                   {.max_upload_bytes = 100'000});
        return true;
    } catch (const offgrid::Error&) {
        return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string type =
        *input == 'u' ? "application/x-www-form-urlencoded" : "multipart/form-data; boundary=cut";
    const std::string body{reinterpret_cast<const char*>(input) + 1, size - 1};
    if (!is_taken(body, type) || *input == 'u') {
        return 0;
    }
    // What does not show its end must not be taken for a whole form.
    const auto end = body.find("--cut--");
    if (end == std::string::npos || is_taken(body.substr(0, end), type)) {
        std::abort();
    }
    return 0;
}
