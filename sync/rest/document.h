#pragma once

#include "formats/tile/box.h"
#include "sync/admin_request.h"
#include "sync/reply.h"

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// A body or an answer in GeoWebCache's JSON, which names its fields in their order.
using RestJson = nlohmann::ordered_json;

/// What a body is, by its first character: GeoWebCache's clients often send another content type.
enum class BodyForm { empty, xml, json, fields };
BodyForm form_of(std::string_view body);

std::string read_body(AdminRequest& request);

/// Throw `invalid_argument` for what is not well-formed, nested deeply, or has very many fields.
pugi::xml_document parse_xml(std::string_view body);
RestJson parse_json(std::string_view body);

/// A body in XML or JSON as `{"root": {fields}}`. Throws `invalid_argument` for anything else.
RestJson parse_document(std::string_view body);

std::map<std::string, std::string> parse_fields(std::string_view body);

/// An XML element with one level of fields below it, as GeoWebCache's JSON writes it: repeated
/// elements become a list, those of one name with others in it an object.
RestJson as_json(const pugi::xml_node& element);

Reply reply_with(const RestJson& json);
Reply reply_with(const pugi::xml_document& document);

/// A list of names that XML clients follow: `<layers><layer><name/><atom:link/></layer></layers>`.
Reply names_in_xml(const AdminRequest& request, const char* list, const char* item,
                   std::string_view folder, const std::vector<std::string>& names);

/// Add `<name>text</name>`.
void add_text(pugi::xml_node parent, const char* name, const std::string& text);

/// Add `<coords><double>…` of the edges, the lesser corner first.
void add_coords(pugi::xml_node parent, const Box& box);
RestJson coords(const Box& box);

/// A number as GeoWebCache prints it: `-180.0`.
std::string as_double(double value);

/// The box of `"coords": {"double": [4 numbers or texts]}`. Throws `invalid_argument` for anything
/// else.
Box box_in(const RestJson& coords);

/// The whole number in a field, which may be written as a text; nothing where it is missing. Throws
/// `invalid_argument` naming the field.
std::optional<int> whole_number_in(const RestJson& object, const char* field);

/// The text of a field; empty where it is missing.
std::string text_in(const RestJson& object, const char* field);

/// The parameters of `"parameters": {"entry": [{"string": [NAME, VALUE]}]}`.
std::map<std::string, std::string> parameters_in(const RestJson& object);

/// Throws `denied` when the caller may not change the layer.
void require_publisher(const AdminRequest& request, std::string_view layer);

}  // namespace offgrid
