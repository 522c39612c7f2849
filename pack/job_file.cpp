#include "pack/job_file.h"

#include "formats/base/bytes.h"
#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "pack/job.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdio>

namespace offgrid {
namespace {

constexpr std::uint64_t max_job_bytes = 16 << 20;

std::string read_standard_input() {
    std::string text;
    std::array<char, 1 << 16> piece{};
    while (const auto size = std::fread(piece.data(), 1, piece.size(), stdin)) {
        text.append(piece.data(), size);
        if (text.size() > max_job_bytes) {
            throw Error{Errc::too_large, fmt::format("is larger than {} bytes", max_job_bytes)};
        }
    }
    if (std::ferror(stdin) != 0) {
        throw Error{Errc::io, "cannot be read"};
    }
    return text;
}

}  // namespace

PackOptions load_job(const std::string& file) {
    if (file != "-") {
        const auto content = read_file(file, max_job_bytes);
        try {
            return parse_job(as_text(content));
        } catch (const Error& error) {
            rethrow_with(error, "{}", file);
        }
    }
    try {
        return parse_job(read_standard_input());
    } catch (const Error& error) {
        rethrow_with(error, "standard input");
    }
}

}  // namespace offgrid
