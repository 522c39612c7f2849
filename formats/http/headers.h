#pragma once

#include "formats/http/http_options.h"

#include <string>
#include <string_view>

namespace offgrid::http {

/// Add the header, in place of one of the same name: case does not matter.
void set_header(HttpHeaders& headers, std::string_view name, std::string_view value);

/// The value of the header, or empty when there is none.
std::string_view find_header(const HttpHeaders& headers, std::string_view name);

/// The headers that a configuration gives a request, in MapCache's order: common ones, those of the
/// common file, those of the operation, those of its file; a later one replaces an earlier one of
/// the same name. `operation` may be null.
///
/// The files are read each time; a line that is no `Name:value` is skipped. Throws
/// `invalid_argument` for a header that is none or would end early (line ends in it), and what
/// reading a file throws.
HttpHeaders configured_headers(const HeaderSource& common, const HeaderSource* operation);

}  // namespace offgrid::http
