#pragma once

#include "serve/request.h"

#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// A file of the pages that are inside the program, so that they work with the network cut;
/// README.md of serve/web says how they are made. A value that borrows from the program itself.
struct WebPart {
    std::string_view media_type = {};
    BytesView gzip = {};          ///< its content as one gzip stream (RFC 1952)
    std::size_t plain_bytes = 0;  ///< the size of its content

    /// The content as it was before compression.
    Bytes plain() const;
};

/// The file of that name, `/viewer.js`, or nothing.
std::optional<WebPart> web_part(std::string_view path);

/// What a browser may do on our pages. Names and attributions come from packages that may be
/// hostile: whatever they say, a page runs our scripts and styles only and asks its own server
/// only.
extern const char* const web_security_policy;

/// Whether a header `Accept-Encoding` names gzip, which a browser's does. A client without the
/// header takes any coding (RFC 9110, section 12.5.3), but its user may want to read the page.
bool asks_for_gzip(std::string_view accept_encoding);

/// The part of the viewer at the path, `/` being its page, or nothing. As stored, which is gzip,
/// where the header says that the client takes it.
std::optional<Response> viewer_part(std::string_view path, std::string_view accept_encoding = {});

}  // namespace offgrid
