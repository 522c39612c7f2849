#pragma once

#include "sync/admin_request.h"

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace offgrid {

/// The fields of a small request: of its query, and of its body, which is a form (urlencoded or
/// multipart), a JSON object of texts, numbers and booleans, or nothing. Throws `invalid_argument`
/// for a body that is none of these, for a field that is there twice, and for one that is not
/// `known`: a name misspelt must not mean the default.
std::map<std::string, std::string> read_fields(AdminRequest& request,
                                               std::initializer_list<std::string_view> known);

}  // namespace offgrid
