#include "serve/viewer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

// Put a file between two symbols of read-only data. The assembler reads it, which takes no time and
// no memory however large it is; CMake passes the names and rebuilds when the files change.
#define OFFGRID_EMBED(name, file)                                                          \
    __asm__(".section .rodata\n.balign 16\n" #name "_begin:\n.incbin \"" file "\"\n" #name \
            "_end:\n.byte 0\n.previous\n");                                                \
    extern "C" const std::uint8_t name##_begin[];                                          \
    extern "C" const std::uint8_t name##_end[]

OFFGRID_EMBED(offgrid_index_html, OFFGRID_WEB "/index.html");
OFFGRID_EMBED(offgrid_viewer_js, OFFGRID_WEB "/viewer.js");
OFFGRID_EMBED(offgrid_viewer_css, OFFGRID_WEB "/viewer.css");
OFFGRID_EMBED(offgrid_icon_svg, OFFGRID_WEB "/icon.svg");
OFFGRID_EMBED(offgrid_ol_js, OFFGRID_OL "/dist/ol.js");
OFFGRID_EMBED(offgrid_ol_css, OFFGRID_OL "/ol.css");
OFFGRID_EMBED(offgrid_ol_license, OFFGRID_OL "/LICENSE.md");

#undef OFFGRID_EMBED

namespace offgrid {
namespace {

struct Part {
    std::string_view path;
    const char* media_type = "";
    const std::uint8_t* begin = nullptr;
    const std::uint8_t* end = nullptr;
};

const std::array parts{
    Part{"/", "text/html; charset=utf-8", offgrid_index_html_begin, offgrid_index_html_end},
    Part{"/viewer.js", "text/javascript; charset=utf-8", offgrid_viewer_js_begin,
         offgrid_viewer_js_end},
    Part{"/viewer.css", "text/css; charset=utf-8", offgrid_viewer_css_begin,
         offgrid_viewer_css_end},
    Part{"/icon.svg", "image/svg+xml", offgrid_icon_svg_begin, offgrid_icon_svg_end},
    Part{"/favicon.ico", "image/svg+xml", offgrid_icon_svg_begin, offgrid_icon_svg_end},
    Part{"/ol.js", "text/javascript; charset=utf-8", offgrid_ol_js_begin, offgrid_ol_js_end},
    Part{"/ol.css", "text/css; charset=utf-8", offgrid_ol_css_begin, offgrid_ol_css_end},
    Part{"/ol-license.txt", "text/plain; charset=utf-8", offgrid_ol_license_begin,
         offgrid_ol_license_end},
};

/// Names and attributions come from packages that may be hostile: whatever they say, the page runs
/// our scripts only and asks this server only.
constexpr const char* security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "blob:; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'";

}  // namespace

std::optional<Response> viewer_part(std::string_view path) {
    const auto* const found = std::find_if(parts.begin(), parts.end(),
                                           [&](const Part& part) { return part.path == path; });
    if (found == parts.end()) {
        return std::nullopt;
    }
    Response response;
    response.headers.push_back({"Content-Type", found->media_type});
    if (path == "/") {
        response.headers.push_back({"Content-Security-Policy", security_policy});
    }
    response.body = BytesView{found->begin, found->end};
    return response;
}

}  // namespace offgrid
