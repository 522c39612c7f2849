#include "sync/rest/blob_stores.h"

#include "formats/base/error.h"
#include "sync/rest/document.h"
#include "sync/rest/rest_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_file_bytes = 4 << 20;
constexpr std::size_t max_definitions = 1000;
constexpr std::string_view type_end = "BlobStore";

Error bad(const std::string& what) {
    return Error{Errc::invalid_argument, what};
}

BlobStores::Definition own_definition() {
    return {
        {"MbtilesBlobStore", {{"id", BlobStores::own_name}, {"enabled", true}, {"default", true}}}};
}

/// Fields become elements of an answer in XML, so their names must be names there.
void check_names(const RestJson& value) {
    const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; };
    for (const auto& [name, inner] : value.items()) {
        const bool is_name =
            !value.is_object() ||
            (!name.empty() && is_letter(static_cast<unsigned char>(name.front())) &&
             std::ranges::all_of(name, [&](unsigned char c) {
                 return is_letter(c) || std::isdigit(c) != 0 || c == '-' || c == '.';
             }));
        if (!is_name) {
            throw bad("the body has a field whose name is no name in XML");
        }
        if (inner.is_structured()) {
            check_names(inner);
        }
    }
}

BlobStores::Definition definition_in(const std::string& name, std::string_view body) {
    auto definition = parse_document(body);
    check_names(definition);
    if (definition.size() != 1 || !definition.begin().key().ends_with(type_end) ||
        !definition.begin()->is_object()) {
        throw bad("the body defines no blob store, such as <FileBlobStore>");
    }
    auto& fields = *definition.begin();
    if (const auto id = text_in(fields, "id"); !id.empty() && id != name) {
        throw bad(fmt::format("the body defines blob store '{}', not '{}'", id, name));
    }
    fields["id"] = name;
    return definition;
}

void add_fields(pugi::xml_node element, const RestJson& fields) {
    for (const auto& [name, value] : fields.items()) {
        const auto list = value.is_array() ? value : RestJson::array({value});
        for (const auto& item : list) {
            if (item.is_object()) {
                add_fields(element.append_child(name.c_str()), item);
            } else {
                add_text(element, name.c_str(),
                         item.is_string() ? item.get<std::string>() : item.dump());
            }
        }
    }
}

Reply in_xml(const BlobStores::Definition& definition) {
    pugi::xml_document document;
    add_fields(document.append_child(definition.begin().key().c_str()), *definition.begin());
    return reply_with(document);
}

Reply unknown(const AdminRequest& request, const std::string& name) {
    return error_reply(
        404,
        fmt::format(
            R"(Failed to get BlobStoreInfo. A BlobStoreInfo with name "{}" does not exist.)", name),
        request.form);
}

Reply own_is_fixed(const AdminRequest& request) {
    auto reply =
        error_reply(405, "the depot's own store cannot be changed or removed", request.form);
    reply.headers.emplace_back("Allow", "GET");
    return reply;
}

std::string name_in(const AdminRequest& request) {
    return std::string{request.parameter("store")};
}

Reply get(const RestContext& context, const AdminRequest& request, bool wants_xml) {
    const auto definition = context.blob_stores.find(name_in(request));
    if (!definition) {
        return unknown(request, name_in(request));
    }
    return wants_xml ? in_xml(*definition) : reply_with(*definition);
}

Reply put(const RestContext& context, AdminRequest& request) {
    const auto name = name_in(request);
    if (name == BlobStores::own_name) {
        return own_is_fixed(request);
    }
    const bool is_new = context.blob_stores.put(name, read_body(request));
    context.audit.record(audit_entry(request, fmt::format("put blobstore {}", name)));
    return text_reply(is_new ? 201 : 200, "");
}

Reply remove(const RestContext& context, const AdminRequest& request) {
    const auto name = name_in(request);
    if (name == BlobStores::own_name) {
        return own_is_fixed(request);
    }
    if (!context.blob_stores.remove(name)) {
        return unknown(request, name);
    }
    context.audit.record(audit_entry(request, fmt::format("delete blobstore {}", name)));
    return text_reply(200, fmt::format("{} deleted", name));
}

}  // namespace

BlobStores::BlobStores(FileOps& files, fs::path file, const Log& log)
    : files_{files}, file_{std::move(file)} {
    try {
        if (fs::exists(file_)) {
            const auto json = parse_json(as_text(read_file(file_, max_file_bytes)));
            for (const auto& [name, definition] : json.items()) {
                definitions_.emplace(name, definition_in(name, definition.dump()));
            }
        }
    } catch (const std::exception& error) {
        log(fmt::format("{} is left out: {}", file_.string(), error.what()));
    }
}

std::vector<std::string> BlobStores::names() const {
    std::vector<std::string> names{std::string{own_name}};
    const std::lock_guard lock{mutex_};
    for (const auto& [name, definition] : definitions_) {
        names.push_back(name);
    }
    return names;
}

std::optional<BlobStores::Definition> BlobStores::find(const std::string& name) const {
    if (name == own_name) {
        return own_definition();
    }
    const std::lock_guard lock{mutex_};
    const auto found = definitions_.find(name);
    return found == definitions_.end() ? std::nullopt : std::optional{found->second};
}

bool BlobStores::put(const std::string& name, std::string_view body) {
    auto definition = definition_in(name, body);
    const std::lock_guard lock{mutex_};
    auto next = definitions_;
    const bool is_new = next.insert_or_assign(name, std::move(definition)).second;
    if (next.size() > max_definitions) {
        throw Error{Errc::too_large,
                    fmt::format("there are {} blob stores already", max_definitions)};
    }
    save(next);
    definitions_ = std::move(next);
    return is_new;
}

bool BlobStores::remove(const std::string& name) {
    const std::lock_guard lock{mutex_};
    auto next = definitions_;
    if (next.erase(name) == 0) {
        return false;
    }
    save(next);
    definitions_ = std::move(next);
    return true;
}

void BlobStores::save(const std::map<std::string, Definition>& definitions) {
    RestJson json = RestJson::object();
    for (const auto& [name, definition] : definitions) {
        json[name] = definition;
    }
    const auto text = json.dump(-1, ' ', false, RestJson::error_handler_t::replace);
    if (text.size() > max_file_bytes) {
        throw Error{Errc::too_large, "there is no room for so much in definitions of blob stores"};
    }
    parse_json(text);  // or it could not be read again: it is a level deeper than the body
    write_durably(files_, file_, as_bytes(text));
}

void add_blob_store_routes(AdminRoutes& routes, const RestContext& context) {
    const auto list_json = [context](AdminRequest&) {
        return reply_with(RestJson(context.blob_stores.names()));
    };
    add_json_route(routes, {"GET", "/blobstores", Role::reader, list_json, {}});
    routes.push_back({"GET",
                      "/blobstores.xml",
                      Role::reader,
                      [context](AdminRequest& request) {
                          return names_in_xml(request, "blobStores", "blobStore", "blobstores",
                                              context.blob_stores.names());
                      },
                      {}});
    for (const auto* const end : {"", ".json", ".xml"}) {
        const auto pattern = fmt::format("/blobstores/{{store}}{}", end);
        const bool wants_xml = std::string_view{end} != ".json";
        routes.push_back({"GET",
                          pattern,
                          Role::reader,
                          [context, wants_xml](AdminRequest& request) {
                              return get(context, request, wants_xml);
                          },
                          {}});
        routes.push_back({"PUT",
                          pattern,
                          Role::admin,
                          [context](AdminRequest& request) { return put(context, request); },
                          {}});
        routes.push_back({"DELETE",
                          pattern,
                          Role::admin,
                          [context](AdminRequest& request) { return remove(context, request); },
                          {}});
    }
}

}  // namespace offgrid
