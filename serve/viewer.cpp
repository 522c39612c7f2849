#include "serve/viewer.h"

#include "formats/base/gzip.h"
#include "serve/content_coding.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

// Put a file between two symbols of read-only data. The assembler reads it, which takes no time and
// no memory however large it is; the build makes the files and their list, parts.inc.
#define OFFGRID_PART(name, path, media_type, file, plain_bytes)                                   \
    __asm__(".section .rodata\n.balign 16\noffgrid_" #name "_begin:\n.incbin \"" OFFGRID_WEB file \
            "\"\noffgrid_" #name "_end:\n.byte 0\n.previous\n");                                  \
    extern "C" const std::uint8_t offgrid_##name##_begin[];                                       \
    extern "C" const std::uint8_t offgrid_##name##_end[];
#include OFFGRID_WEB_PARTS
#undef OFFGRID_PART

namespace offgrid {
namespace {

struct EmbeddedPart {
    std::string_view path;
    std::string_view media_type;
    const std::uint8_t* begin = nullptr;
    const std::uint8_t* end = nullptr;
    std::size_t plain_bytes = 0;
};

#define OFFGRID_PART(name, path, media_type, file, plain_bytes) \
    EmbeddedPart{path, media_type, offgrid_##name##_begin, offgrid_##name##_end, plain_bytes},
const std::array parts{
#include OFFGRID_WEB_PARTS
};
#undef OFFGRID_PART

/// The file behind an address of the viewer.
std::string_view file_at(std::string_view path) {
    if (path == "/") {
        return "/index.html";
    }
    // Browsers ask for it unbidden.
    return path == "/favicon.ico" ? std::string_view{"/icon.svg"} : path;
}

/// Belongs to the page of the daemon's administration port.
bool is_administration(std::string_view path) {
    return path.starts_with("/updates.");
}

}  // namespace

const char* const web_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'";

Bytes WebPart::plain() const {
    return unzipped(gzip, plain_bytes).value();
}

std::optional<WebPart> web_part(std::string_view path) {
    const auto* const found = std::find_if(
        parts.begin(), parts.end(), [&](const EmbeddedPart& part) { return part.path == path; });
    if (found == parts.end()) {
        return std::nullopt;
    }
    return WebPart{.media_type = found->media_type,
                   .gzip = BytesView{found->begin, found->end},
                   .plain_bytes = found->plain_bytes};
}

bool asks_for_gzip(std::string_view accept_encoding) {
    return !accept_encoding.empty() && accepts_gzip(accept_encoding);
}

std::optional<Response> viewer_part(std::string_view path, std::string_view accept_encoding) {
    const auto part = is_administration(path) ? std::nullopt : web_part(file_at(path));
    if (!part) {
        return std::nullopt;
    }
    Response response;
    response.headers.push_back({"Content-Type", std::string{part->media_type}});
    response.headers.push_back({"Vary", "Accept-Encoding"});
    if (part->media_type.starts_with("text/html")) {
        response.headers.push_back({"Content-Security-Policy", web_security_policy});
    }
    if (asks_for_gzip(accept_encoding)) {
        response.headers.push_back({"Content-Encoding", "gzip"});
        response.body = part->gzip;
    } else {
        response.body = part->plain();
    }
    return response;
}

}  // namespace offgrid
