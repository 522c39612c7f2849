#pragma once

#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// A media type of the documents of OGC's services.
inline constexpr const char* xml_media_type = "application/xml";

/// An exception report of OWS Common 1.1 (OGC 06-121r3, section 8) with one exception. `code` and
/// `locator`, which may be empty, are words of the standard; `text` may hold what a client sent.
Response ows_exception(int status, std::string_view code, std::string_view locator,
                       std::string_view text);

/// The exceptions that every service knows (OGC 06-121r3, table 25), with the status that the
/// standard and GeoWebCache have for them.
Response missing_parameter(std::string_view locator);
Response invalid_parameter(std::string_view locator, std::string_view text);
Response operation_not_supported(std::string_view locator, std::string_view text);

}  // namespace offgrid
