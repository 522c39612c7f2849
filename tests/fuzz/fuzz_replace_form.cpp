// The body of a replace request. The first byte of the input says how it is encoded.

#include "formats/base/error.h"
#include "sync/replace_form.h"
#include "tests/fuzz/discarding_file_ops.h"

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string type =
        *input == 'u' ? "application/x-www-form-urlencoded" : "multipart/form-data; boundary=cut";
    std::istringstream body{std::string{reinterpret_cast<const char*>(input) + 1, size - 1}};
    offgrid::DiscardingFileOps files{"/staging"};
    try {
        offgrid::read_replace_form(body, type, files, "/staging/upload",
                                   {.max_upload_bytes = 100'000});
    } catch (const offgrid::Error&) {
        // refused
    }
    return 0;
}
