#pragma once

#include "formats/gwc/file_template.h"

#include <optional>
#include <string>
#include <string_view>

namespace offgrid::gwc {

// What rendering and matching of FileTemplate share.

/// What stands for a parameter, or a set of them, that there is none of.
inline constexpr std::string_view no_value = "null";

inline constexpr std::size_t max_name_bytes = 255;  // of a component, on every file system of today

bool is_number(FileTemplate::Term term);

/// What a value becomes in a path. `what` is what it is the value of. Throws `invalid_argument` for
/// one that no name can have.
std::string path_value(std::string_view what, std::string_view value);

/// The value of a request parameter, whatever the case of its name: `NAME`, else `name`, else any.
std::optional<std::string> parameter_of(const Parameters& parameters, std::string_view lower_name);

/// Whether the path is for other things than tiles.
bool is_reserved(std::string_view path);

/// Whether the name is that of a file that SQLite keeps beside a database.
bool is_side_file(std::string_view name);

}  // namespace offgrid::gwc
