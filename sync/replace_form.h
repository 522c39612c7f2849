#pragma once

#include "sync/replace_service.h"

#include <filesystem>
#include <istream>
#include <optional>
#include <string>

namespace offgrid {

/// The body of a replace request, read once from front to back in bounded memory.
///
/// The parts may come in any order; parts with other names are skipped.
struct ReplaceForm {
    ReplaceRequest request;
    std::optional<Upload> upload;  ///< nothing when there was no file, or an empty one
};

/// Read a body of that Content-Type: `multipart/form-data`, whose file goes to `upload_path` and is
/// hashed on its way, or `application/x-www-form-urlencoded`. Throws `invalid_argument` for other
/// types, for a field that is there twice or is too long, and for a body that ends early;
/// `too_large` beyond the limit.
ReplaceForm read_replace_form(std::istream& body, const std::string& content_type, FileOps& files,
                              const std::filesystem::path& upload_path, const Limits& limits);

}  // namespace offgrid
