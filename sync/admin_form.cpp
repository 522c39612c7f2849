#include "sync/admin_form.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "sync/entry_names.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTMLForm.h>
#include <Poco/Net/HTTPRequest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace offgrid {
namespace {

using Json = nlohmann::json;
using Fields = std::map<std::string, std::string>;

constexpr int max_fields = 32;
constexpr int max_field_bytes = 8192;

Error bad_body(std::string_view cause) {
    return Error{Errc::invalid_argument, fmt::format("cannot read the request: {}", cause)};
}

Error same_name() {
    return bad_body("two fields have one name");
}

void add(Fields& fields, const std::string& name, std::string value) {
    if (!fields.emplace(name, std::move(value)).second) {
        throw same_name();
    }
}

/// Never deeper than the fields themselves, so that no nesting exhausts the stack; and no field
/// twice, of which the parser would keep the last.
Json parse_flat(std::istream& body) {
    std::set<std::string> names;
    const auto keep = [&names](int depth, Json::parse_event_t event, Json& value) {
        if (depth > 1) {
            throw bad_body("its fields are no plain values");
        }
        if (event == Json::parse_event_t::key && !names.insert(value.get<std::string>()).second) {
            throw same_name();
        }
        return true;
    };
    try {
        return Json::parse(body, keep);
    } catch (const Json::exception&) {
        throw bad_body("it is no JSON");
    }
}

void add_json(Fields& fields, std::istream& body) {
    const auto json = parse_flat(body);
    if (!json.is_object()) {
        throw bad_body("it is no JSON object");
    }
    for (const auto& [name, value] : json.items()) {
        if (value.is_null()) {
            continue;
        }
        add(fields, name, value.is_string() ? value.get<std::string>() : value.dump());
    }
}

void add_form(Fields& fields, AdminRequest& request) {
    Poco::Net::HTTPRequest head{Poco::Net::HTTPRequest::HTTP_POST, "/"};
    head.setContentType(request.content_type);
    Poco::Net::HTMLForm form;
    form.setFieldLimit(max_fields);
    form.setValueLengthLimit(max_field_bytes);
    try {
        form.load(head, *request.body);
    } catch (const Poco::Exception& error) {
        throw bad_body(error.displayText());
    }
    for (const auto& [name, value] : form) {
        add(fields, name, value);
    }
}

}  // namespace

Fields read_fields(AdminRequest& request, std::initializer_list<std::string_view> known) {
    Fields fields;
    for (const auto& [name, value] : request.query) {
        add(fields, name, value);
    }
    const auto type = lower_case(request.content_type.substr(0, request.content_type.find(';')));
    if (request.body->peek() == std::istream::traits_type::eof()) {
        // all is in the query
    } else if (type == "application/json" || type == "text/json") {
        add_json(fields, *request.body);
    } else if (type == "application/x-www-form-urlencoded" || type == "multipart/form-data") {
        add_form(fields, request);
    } else {
        throw bad_body("it is neither a form nor JSON");
    }
    for (const auto& [name, value] : fields) {
        if (std::ranges::find(known, name) == known.end()) {
            throw Error{Errc::invalid_argument, fmt::format("unknown field `{}`", printable(name))};
        }
    }
    return fields;
}

}  // namespace offgrid
