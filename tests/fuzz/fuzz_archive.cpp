// An uploaded archive. It goes through a file, as uploads do; TMPDIR had better be in memory.

#include "formats/base/error.h"
#include "sync/archive.h"
#include "tests/fuzz/discarding_file_ops.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    static const auto path = std::filesystem::temp_directory_path() /
                             ("offgrid-fuzz-archive-" + std::to_string(::getpid()));
    std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(input),
                                                static_cast<std::streamsize>(size));
    offgrid::DiscardingFileOps files{"/staging"};
    try {
        offgrid::unpack_archive(files, path, "/staging",
                                {.max_unpacked_bytes = 4 << 20, .max_entries = 1000});
    } catch (const offgrid::Error&) {
        // refused
    }
    std::filesystem::remove(path);
    return 0;
}
