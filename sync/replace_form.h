#pragma once

#include "formats/base/file_ops.h"
#include "sync/limits.h"
#include "sync/replace_request.h"

#include <filesystem>
#include <functional>
#include <istream>
#include <optional>
#include <string>

namespace offgrid {

/// The body of a replace request, read once from front to back in bounded memory.
///
/// The parts may come in any order; parts with other names are skipped, unless the form is strict.
struct ReplaceForm {
    ReplaceRequest request{};
    std::optional<Upload> upload{};  ///< nothing when there was no file, or an empty one

    /// The same for two forms that ask for the same with the same content, whatever the order of
    /// their parts.
    std::string sha256() const;
};

/// Told the layer where it comes before the file; throws to spare the client the upload.
using OnLayer = std::function<void(const std::string& layer)>;

/// Read a body of that Content-Type: `multipart/form-data`, whose file goes to `upload_path` and is
/// hashed on its way, or `application/x-www-form-urlencoded`. Throws `invalid_argument` for other
/// types, for a field that is there twice, is too long or makes no sense, and for a body that ends
/// early; `too_large` beyond the limit, `no_space` before the disk is full.
ReplaceForm read_replace_form(std::istream& body, const std::string& content_type, FileOps& files,
                              const std::filesystem::path& upload_path, const Limits& limits,
                              const OnLayer& on_layer = {});

}  // namespace offgrid
