#include "sync/rest/mass_truncate.h"

#include "formats/base/error.h"
#include "formats/gwc/tileset_id.h"
#include "sync/rest/document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace offgrid {
namespace {

Error bad(const std::string& what) {
    return Error{Errc::invalid_argument, what};
}

}  // namespace

MassTruncate parse_mass_truncate(std::string_view body) {
    const auto document = parse_document(body);
    const auto name = document.size() == 1 ? document.begin().key() : "";
    const auto* const known = std::ranges::find(mass_truncate_names, name);
    if (known == mass_truncate_names.end()) {
        throw bad(fmt::format("the body is not one of {}", fmt::join(mass_truncate_names, ", ")));
    }
    const auto kind = static_cast<MassTruncateKind>(known - mass_truncate_names.begin());
    const auto& fields = *document.begin();
    const auto object = fields.is_object() ? fields : RestJson::object();
    MassTruncate request{.kind = kind,
                         .layer = text_in(object, "layerName"),
                         .choice = {.parameters_id = gwc::parameters_id(parameters_in(object))},
                         .bounds = {}};
    if (kind != MassTruncateKind::all && request.layer.empty()) {
        throw bad("'layerName' is missing");
    }
    if (kind == MassTruncateKind::extent) {
        request.choice.grid_set = text_in(object, "gridSetId");
        if (request.choice.grid_set.empty() || !object.contains("bounds")) {
            throw bad("'gridSetId' or 'bounds' is missing");
        }
        request.bounds = box_in(object["bounds"]);
    }
    return request;
}

}  // namespace offgrid
