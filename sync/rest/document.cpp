#include "sync/rest/document.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "formats/base/text.h"
#include "serve/url.h"
#include "sync/admin_router.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <sstream>

namespace offgrid {
namespace {

constexpr int max_depth = 16;

/// Of one object: its fields are looked up one after the other.
constexpr std::size_t max_fields = 1000;

constexpr const char* atom = "http://www.w3.org/2005/Atom";

Error bad(const std::string& what) {
    return Error{Errc::invalid_argument, what};
}

/// The address by which the client reached us, or nothing that cannot be one.
std::string base_of(const AdminRequest& request) {
    const auto host = request.header ? request.header("Host") : "";
    const bool is_sane = !host.empty() && std::ranges::all_of(host, [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view{".:-[]_"}.find(static_cast<char>(c)) != std::string_view::npos;
    });
    return is_sane ? (request.is_secure ? "https://" : "http://") + host : "";
}

[[noreturn]] void refuse_fields() {
    throw bad(fmt::format("the body has more than {} fields beside each other", max_fields));
}

RestJson value_of(const pugi::xml_node& element, int depth) {
    if (depth > max_depth) {
        throw bad("the body is nested too deeply");
    }
    RestJson object = RestJson::object();
    for (const auto& child : element.children()) {
        if (child.type() != pugi::node_element) {
            continue;
        }
        if (object.size() >= max_fields) {
            refuse_fields();
        }
        auto value = value_of(child, depth + 1);
        auto& field = object[child.name()];
        if (field.is_null()) {
            field = std::move(value);
        } else if (field.is_array()) {
            field.push_back(std::move(value));
        } else {
            field = RestJson::array({std::move(field), std::move(value)});
        }
    }
    return object.empty() ? RestJson(std::string{trimmed(element.text().get())}) : object;
}

std::optional<double> number_in(const RestJson& value) {
    if (value.is_number()) {
        return value.get<double>();
    }
    return value.is_string() ? parse_number<double>(trimmed(value.get_ref<const std::string&>()))
                             : std::nullopt;
}

}  // namespace

BodyForm form_of(std::string_view body) {
    const auto text = trimmed(body);
    if (text.empty()) {
        return BodyForm::empty;
    }
    return text.front() == '<'   ? BodyForm::xml
           : text.front() == '{' ? BodyForm::json
                                 : BodyForm::fields;
}

std::string read_body(AdminRequest& request) {
    return {std::istreambuf_iterator<char>{*request.body}, {}};
}

pugi::xml_document parse_xml(std::string_view body) {
    pugi::xml_document document;
    const auto result = document.load_buffer(body.data(), body.size());
    if (!result || document.document_element().empty()) {
        throw bad(fmt::format("the body is not XML: {}", result.description()));
    }
    return document;
}

RestJson parse_json(std::string_view body) {
    std::array<std::size_t, max_depth + 1> fields{};  // of the object that is open at each depth
    const auto check = [&](int depth, RestJson::parse_event_t event, RestJson&) {
        if (depth > max_depth) {
            throw bad("the body is nested too deeply");
        }
        const auto level = static_cast<std::size_t>(depth);
        if (event == RestJson::parse_event_t::object_start) {
            fields[level] = 0;
        } else if (event == RestJson::parse_event_t::key && ++fields[level - 1] > max_fields) {
            refuse_fields();
        }
        return true;
    };
    try {
        return RestJson::parse(body, check);
    } catch (const RestJson::exception&) {
        throw bad("the body is not JSON");
    }
}

RestJson parse_document(std::string_view body) {
    switch (form_of(body)) {
        case BodyForm::xml: {
            const auto document = parse_xml(body);
            const auto root = document.document_element();
            return {{root.name(), as_json(root)}};
        }
        case BodyForm::json:
            return parse_json(body);
        case BodyForm::empty:
        case BodyForm::fields:
            break;
    }
    throw bad("the body is neither XML nor JSON");
}

std::map<std::string, std::string> parse_fields(std::string_view body) {
    std::map<std::string, std::string> fields;
    for (auto& [name, value] : parse_query(fmt::format("?{}", trimmed(body)))) {
        fields.insert_or_assign(name, value);
    }
    return fields;
}

RestJson as_json(const pugi::xml_node& element) {
    return value_of(element, 0);
}

Reply reply_with(const RestJson& json) {
    return {.status = 200,
            .media_type = "application/json",
            .body = json.dump(-1, ' ', false, RestJson::error_handler_t::replace),
            .headers = {}};
}

Reply reply_with(const pugi::xml_document& document) {
    std::ostringstream text;
    document.save(text, "  ");
    return {.status = 200,
            .media_type = "application/xml; charset=utf-8",
            .body = std::move(text).str(),
            .headers = {}};
}

Reply names_in_xml(const AdminRequest& request, const char* list, const char* item,
                   std::string_view folder, const std::vector<std::string>& names) {
    pugi::xml_document document;
    auto root = document.append_child(list);
    const auto base = base_of(request);
    for (const auto& name : names) {
        auto element = root.append_child(item);
        add_text(element, "name", name);
        auto link = element.append_child("atom:link");
        link.append_attribute("xmlns:atom") = atom;
        link.append_attribute("rel") = "alternate";
        link.append_attribute("href") =
            fmt::format("{}/rest/{}/{}.xml", base, folder, percent_encoded(name)).c_str();
        link.append_attribute("type") = "text/xml";
    }
    return reply_with(document);
}

void add_text(pugi::xml_node parent, const char* name, const std::string& text) {
    parent.append_child(name).text() = text.c_str();
}

void add_coords(pugi::xml_node parent, const Box& box) {
    auto list = parent.append_child("coords");
    for (const double edge : {box.min_x, box.min_y, box.max_x, box.max_y}) {
        add_text(list, "double", as_double(edge));
    }
}

RestJson coords(const Box& box) {
    return {{"coords", {box.min_x, box.min_y, box.max_x, box.max_y}}};
}

std::string as_double(double value) {
    auto text = fmt::format("{}", value);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

Box box_in(const RestJson& coords) {
    const auto* list = &coords;
    for (const auto* const name : {"coords", "double"}) {
        if (list->is_object() && list->contains(name)) {
            list = &(*list)[name];
        }
    }
    std::array<double, 4> edges{};
    bool is_sound = list->is_array() && list->size() == edges.size();
    for (std::size_t i = 0; is_sound && i < edges.size(); ++i) {
        const auto edge = number_in((*list)[i]);
        is_sound = edge && std::isfinite(*edge);
        edges[i] = edge.value_or(0);
    }
    const Box box{edges[0], edges[1], edges[2], edges[3]};
    if (!is_sound || box.is_empty()) {
        throw bad("'bounds' are not four coordinates: minx, miny, maxx, maxy");
    }
    return box;
}

std::optional<int> whole_number_in(const RestJson& object, const char* field) {
    const auto found = object.find(field);
    if (found == object.end() || (found->is_string() && found->get<std::string>().empty())) {
        return std::nullopt;
    }
    const auto number = number_in(*found);
    if (!number || std::abs(*number) > 1e9 || *number != std::floor(*number)) {
        throw bad(fmt::format("'{}' is not a whole number", field));
    }
    return static_cast<int>(*number);
}

std::string text_in(const RestJson& object, const char* field) {
    const auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::map<std::string, std::string> parameters_in(const RestJson& object) {
    std::map<std::string, std::string> parameters;
    const auto found = object.find("parameters");
    if (found == object.end() || !found->is_object() || !found->contains("entry")) {
        return parameters;
    }
    const auto& entries = (*found)["entry"];
    const auto list = entries.is_array() ? entries : RestJson::array({entries});
    for (const auto& entry : list) {
        const bool is_pair = entry.is_object() && entry.contains("string") &&
                             entry["string"].is_array() && entry["string"].size() == 2 &&
                             entry["string"][0].is_string() && entry["string"][1].is_string();
        if (!is_pair) {
            throw bad("'parameters' has an entry that is not a name and a value");
        }
        parameters.insert_or_assign(entry["string"][0].get<std::string>(),
                                    entry["string"][1].get<std::string>());
    }
    return parameters;
}

void require_publisher(const AdminRequest& request, std::string_view layer) {
    if (!request.caller.may_publish(layer)) {
        throw Error{Errc::denied,
                    fmt::format("'{}' may not publish layer '{}'", request.caller.name, layer)};
    }
}

}  // namespace offgrid
