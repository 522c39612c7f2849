#pragma once

#include "formats/package/manifest.h"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace offgrid {

/// What a manifest says about a package without its files, as a JSON value: what a depot keeps of
/// each layer beside the list of its files.
nlohmann::ordered_json head_to_value(const Manifest& manifest);

/// Read what `head_to_value` gives; other fields do not matter. Throws as `parse_manifest`.
Manifest head_from_value(const nlohmann::ordered_json& value);

/// Parse a document whose nesting is that of a manifest, `levels` deeper. Throws `corrupt`: a
/// deeper one could exhaust the stack of whoever walks it.
nlohmann::ordered_json parse_shallow(std::string_view text, int levels);

}  // namespace offgrid
