#pragma once

#include "formats/package/manifest.h"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace offgrid {

/// A manifest as a JSON value: what `parse_manifest` and `to_json` do without the text, for the
/// documents that hold manifests.
nlohmann::ordered_json manifest_to_value(const Manifest& manifest);

/// Throws as `parse_manifest`.
Manifest manifest_from_value(const nlohmann::ordered_json& value);

/// Parse a document whose nesting is that of a manifest, `levels` deeper. Throws `corrupt`: a
/// deeper one could exhaust the stack of whoever walks it.
nlohmann::ordered_json parse_shallow(std::string_view text, int levels);

}  // namespace offgrid
