#include "formats/base/error.h"
#include "formats/base/text.h"
#include "sync/rest/document.h"
#include "sync/rest/mass_truncate.h"
#include "sync/rest/rest_routes.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

/// GeoWebCache takes `text/xml`, `json` or nothing; clients send more than that.
bool is_accepted(const std::string& content_type) {
    const auto type = lower_case(content_type);
    const bool is_form = type.starts_with("application/x-www-form-urlencoded");  // curl's default
    return type.empty() || type.find("xml") != std::string::npos ||
           type.find("json") != std::string::npos || type.starts_with("text/plain") || is_form ||
           type == "unknown";  // what is not sent, to Poco
}

Reply list(const AdminRequest& request) {
    pugi::xml_document document;
    auto root = document.append_child("massTruncateRequests");
    root.append_attribute("href") = request.path.c_str();
    for (const auto& name : mass_truncate_names) {
        add_text(root, "requestType", std::string{name});
    }
    return reply_with(document);
}

/// The tilesets whose tiles are to go: those of the layer that have any.
std::vector<Tileset> meant_by(const MassTruncate& wanted, const Tilesets& tilesets) {
    auto meant = wanted.kind == MassTruncateKind::all ? tilesets.all() : tilesets.of(wanted.layer);
    std::erase_if(meant, [](const Tileset& tileset) { return !tileset.installed; });
    switch (wanted.kind) {
        case MassTruncateKind::layer:
        case MassTruncateKind::all:
            return meant;
        case MassTruncateKind::orphans:
            // No tiles here belong to parameters that a layer no longer takes.
            return {};
        case MassTruncateKind::parameters:
            if (wanted.choice.parameters_id.empty()) {
                return {};
            }
            break;
        case MassTruncateKind::extent:
            break;
    }
    return chosen(std::move(meant), wanted.choice);
}

std::vector<JobRequest> truncates(const MassTruncate& wanted, const Generation& generation) {
    std::vector<JobRequest> requests;
    for (const auto& tileset : meant_by(wanted, {generation, {}})) {
        requests.push_back({.type = JobType::truncate,
                            .layer = tileset.name,
                            .zooms = {},
                            .bounds = wanted.bounds});
    }
    return requests;
}

Reply post(const RestContext& context, AdminRequest& request) {
    if (!is_accepted(request.content_type)) {
        return error_reply(
            400, fmt::format("Format extension unknown or not specified: {}", request.content_type),
            request.form);
    }
    const auto wanted = parse_mass_truncate(read_body(request));
    const auto tilesets = context.tilesets();
    if (wanted.kind == MassTruncateKind::all) {
        if (!request.caller.may_administer()) {
            throw Error{Errc::denied,
                        fmt::format("'{}' may not truncate all layers", request.caller.name)};
        }
    } else if (tilesets.of(wanted.layer).empty()) {
        return error_reply(400, fmt::format("Could not find layer {}", wanted.layer), request.form);
    } else {
        require_publisher(request, wanted.layer);
    }
    if (!meant_by(wanted, tilesets).empty()) {
        context.jobs.truncate(
            [&](const Generation& generation) { return truncates(wanted, generation); },
            {.audit = audit_entry(request, "masstruncate", wanted.layer)});
    }
    return {.status = 200, .media_type = "text/plain; charset=utf-8", .body = {}, .headers = {}};
}

}  // namespace

void add_mass_truncate_routes(AdminRoutes& routes, const RestContext& context) {
    for (const auto* const pattern : {"/masstruncate", "/masstruncate.xml", "/masstruncate.json"}) {
        routes.push_back({"GET",
                          pattern,
                          Role::reader,
                          [](AdminRequest& request) { return list(request); },
                          {}});
        routes.push_back({"POST",
                          pattern,
                          Role::publisher,
                          [context](AdminRequest& request) { return post(context, request); },
                          {}});
    }
}

}  // namespace offgrid
