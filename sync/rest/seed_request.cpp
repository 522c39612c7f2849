#include "sync/rest/seed_request.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/gwc/tileset_id.h"
#include "sync/rest/document.h"

#include <fmt/format.h>

#include <array>

namespace offgrid {
namespace {

constexpr const char* root_name = "seedRequest";

/// Anything else seeds, as in GeoWebCache.
JobType type_named(const std::string& name) {
    if (equals_ignoring_case(name, "reseed")) {
        return JobType::reseed;
    }
    return equals_ignoring_case(name, "truncate") ? JobType::truncate : JobType::seed;
}

/// The fields of the HTML form under the names that XML has.
RestJson from_form(const std::map<std::string, std::string>& form) {
    RestJson object = RestJson::object();
    RestJson entries = RestJson::array();
    for (const auto& [name, value] : form) {
        constexpr std::string_view parameter = "parameter_";
        if (name.starts_with(parameter)) {
            entries.push_back({{"string", {name.substr(parameter.size()), value}}});
        } else {
            object[name == "tileFormat" ? "format" : name] = value;
        }
    }
    if (!entries.empty()) {
        object["parameters"]["entry"] = std::move(entries);
    }
    RestJson edges = RestJson::array();
    for (const auto* const edge : {"minX", "minY", "maxX", "maxY"}) {
        if (const auto value = text_in(object, edge); !value.empty()) {
            edges.push_back(value);
        }
    }
    if (!edges.empty()) {
        object["bounds"]["coords"]["double"] = std::move(edges);
    }
    return object;
}

RestJson fields_of(std::string_view body) {
    switch (form_of(body)) {
        case BodyForm::empty:
            throw Error{Errc::invalid_argument, "the request has no body"};
        case BodyForm::xml: {
            const auto document = parse_xml(body);
            if (document.document_element().name() != std::string_view{root_name}) {
                throw Error{Errc::invalid_argument, "the body is no <seedRequest>"};
            }
            return as_json(document.document_element());
        }
        case BodyForm::json: {
            const auto json = parse_json(body);
            if (!json.contains(root_name) || !json[root_name].is_object()) {
                throw Error{Errc::invalid_argument, "the body has no object 'seedRequest'"};
            }
            return json[root_name];
        }
        case BodyForm::fields:
            return from_form(parse_fields(body));
    }
    return {};
}

int required_zoom(const RestJson& fields, const char* name) {
    const auto zoom = whole_number_in(fields, name);
    if (!zoom || *zoom < 0) {
        throw Error{Errc::invalid_argument, fmt::format("'{}' is missing or less than 0", name)};
    }
    return *zoom;
}

std::string srs_number(const RestJson& fields) {
    const auto found = fields.find("srs");
    if (found == fields.end() || !found->is_object()) {
        return {};
    }
    const auto number = whole_number_in(*found, "number");
    return number ? std::to_string(*number) : "";
}

}  // namespace

SeedRequest parse_seed_request(std::string_view body) {
    const auto fields = fields_of(body);
    if (!fields.is_object()) {
        throw Error{Errc::invalid_argument, "the request has no fields"};
    }
    SeedRequest request{
        .type = type_named(text_in(fields, "type")),
        .choice = {.grid_set = text_in(fields, "gridSetId"),
                   .srs_number = srs_number(fields),
                   .format = text_in(fields, "format"),
                   .parameters_id = gwc::parameters_id(parameters_in(fields))},
        .zooms = {required_zoom(fields, "zoomStart"), required_zoom(fields, "zoomStop")},
        .bounds = {}};
    if (request.zooms.first > request.zooms.second) {
        throw Error{Errc::invalid_argument, "'zoomStart' is deeper than 'zoomStop'"};
    }
    whole_number_in(fields, "threadCount");
    if (!request.choice.grid_set.empty()) {
        request.choice.srs_number.clear();
    }
    if (const auto bounds = fields.find("bounds"); bounds != fields.end() && bounds->is_object()) {
        request.bounds = box_in(*bounds);
    }
    return request;
}

}  // namespace offgrid
