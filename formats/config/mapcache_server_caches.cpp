#include "formats/base/text.h"
#include "formats/config/cache_parsers.h"

#include <algorithm>
#include <array>

namespace offgrid::config {
namespace {

std::string parse_key_template(const XmlElement& element) {
    const auto key = element.child("key_template");
    if (!key) {
        return default_file_key;
    }
    auto text = element.required_text("key_template");
    require_tile_or_quad_keys(*key, text);
    return text;
}

HeaderSource parse_headers(const XmlElement& element) {
    HeaderSource source{.file = element.child_text("header_file")};
    if (const auto headers = element.child("headers")) {
        for (const auto& header : headers->children()) {
            const auto text = header.text();
            if (std::ranges::any_of(text, [](char c) { return c == '\r' || c == '\n'; })) {
                header.fail("a header is one line");
            }
            source.headers.emplace_back(header.tag(), text);
        }
    }
    return source;
}

void parse_operations(const XmlElement& element, Notes& notes, HttpOptions& options) {
    static constexpr std::array<std::pair<std::string_view, HttpOperation>, 4> types{
        {{"put", HttpOperation::put},
         {"get", HttpOperation::get},
         {"head", HttpOperation::head},
         {"delete", HttpOperation::erase}}};
    for (const auto& operation : element.children("operation")) {
        notes.check_children(operation, {"headers", "header_file"},
                             {{"url", "MapCache has one URL for all operations"}});
        notes.check_attributes(operation, {"type"});
        const auto type = operation.required_attribute("type");
        const auto* const found =
            std::ranges::find(types, type, &std::pair<std::string_view, HttpOperation>::first);
        if (found == types.end()) {
            operation.fail(fmt::format("type '{}' is none of put, get, head, delete", type));
        }
        options.by_operation.insert_or_assign(found->second, parse_headers(operation));
    }
}

HttpOptions parse_http(const XmlElement& element, const std::string& name,
                       Declarations& declarations, std::vector<std::string_view> own) {
    own.insert(own.end(), {"url", "headers", "header_file", "operation", "timeout",
                           "connection_timeout", "use_redirects", "detect_blank"});
    check_cache_children(element, declarations, std::move(own));
    HttpOptions options{.name = name, .url = element.required_text("url")};
    const auto url = *element.child("url");
    if (!options.url.starts_with("http://") && !options.url.starts_with("https://")) {
        url.fail(fmt::format("'{}' starts neither with http:// nor with https://", options.url));
    }
    require_tile_keys(url, options.url);
    if (options.url.find('?') != std::string::npos) {
        declarations.notes.add_unused(url, "MapCache encodes the ?: no query reaches the server");
    }
    options.common = parse_headers(element);
    parse_operations(element, declarations.notes, options);
    options.uses_redirects = is_true(element, "use_redirects");
    options.leaves_out_blank = is_on(element, "detect_blank");
    options.timeout = child_seconds(element, "timeout", options.timeout);
    options.connection_timeout =
        child_seconds(element, "connection_timeout", options.connection_timeout);
    return options;
}

}  // namespace

StoreOptions parse_bdb(const XmlElement& element, const std::string& name,
                       Declarations& declarations) {
    check_cache_children(element, declarations, {"base", "key_template"});
    return BdbOptions{
        .name = name, .base = element.required_text("base"), .key = parse_key_template(element)};
}

StoreOptions parse_lmdb(const XmlElement& element, const std::string& name,
                        Declarations& declarations) {
    check_cache_children(element, declarations,
                         {"base", "key_template", "max_size", "max_readers"});
    constexpr std::size_t unit = std::size_t{1000} * 4096;  // MapCache counts thousands of pages
    constexpr std::size_t max_units = std::size_t{1} << 24;
    LmdbOptions options{
        .name = name, .base = element.required_text("base"), .key = parse_key_template(element)};
    options.max_bytes = unit * element.child_number<std::size_t>(
                                   "max_size", options.max_bytes / unit, 1, max_units);
    options.max_readers =
        element.child_number<unsigned>("max_readers", options.max_readers, 1U, 1U << 20);
    return options;
}

StoreOptions parse_memcache(const XmlElement& element, const std::string& name,
                            Declarations& declarations) {
    check_cache_children(element, declarations, {"server", "detect_blank"});
    MemcacheOptions options{.name = name, .marks_blank = is_true(element, "detect_blank")};
    for (const auto& server : element.children("server")) {
        options.servers.push_back(parse_server(server));
    }
    if (options.servers.empty()) {
        element.fail("<server> is missing");
    }
    if (const auto blank = element.child("detect_blank");
        blank && !options.marks_blank && !equals_ignoring_case(blank->text(), "false")) {
        declarations.notes.add_unused(*blank, "its text must be 'true'");
    }
    return options;
}

StoreOptions parse_redis(const XmlElement& element, const std::string& name,
                         Declarations& declarations) {
    check_cache_children(element, declarations, {"host", "port"});
    return RedisOptions{.name = name, .server = parse_server(element)};
}

StoreOptions parse_riak(const XmlElement& element, const std::string& name,
                        Declarations& declarations) {
    constexpr int protocol_buffers_port = 8087;
    check_cache_children(element, declarations, {"server"});
    RiakOptions options{.name = name};
    for (const auto& server : element.children("server")) {
        declarations.notes.check_children(server, {"host", "port", "bucket", "key"});
        options.servers.push_back(parse_server(server));
        if (options.servers.back().port == protocol_buffers_port) {
            declarations.notes.add_unused(*server.child("port"),
                                          "8087 is Riak's port for protocol buffers; tiles are "
                                          "read by HTTP, usually on 8098");
        }
        const auto bucket = server.required_text("bucket");
        const auto key = server.child_text("key");
        if (!key.empty()) {
            require_tile_or_quad_keys(*server.child("key"), key);
        }
        if (options.servers.size() > 1 && (bucket != options.bucket || key != options.key)) {
            server.fail("all servers of a cache need one <bucket> and one <key>");
        }
        options.bucket = bucket;
        options.key = key;
    }
    if (options.servers.empty()) {
        element.fail("<server> is missing");
    }
    return options;
}

StoreOptions parse_rest(const XmlElement& element, const std::string& name,
                        Declarations& declarations) {
    return parse_http(element, name, declarations, {});
}

StoreOptions parse_s3(const XmlElement& element, const std::string& name,
                      Declarations& declarations) {
    auto options = parse_http(element, name, declarations,
                              {"id", "secret", "session_token", "credentials_file", "region"});
    options.signature = S3Signature{.id = element.child_text("id"),
                                    .secret = element.child_text("secret"),
                                    .session_token = element.child_text("session_token"),
                                    .credentials_file = element.child_text("credentials_file"),
                                    .region = element.required_text("region")};
    return options;
}

StoreOptions parse_azure(const XmlElement& element, const std::string& name,
                         Declarations& declarations) {
    auto options = parse_http(element, name, declarations, {"id", "secret", "container"});
    options.signature = AzureSignature{.id = element.required_text("id"),
                                       .secret = element.required_text("secret"),
                                       .container = element.required_text("container")};
    return options;
}

StoreOptions parse_google(const XmlElement& element, const std::string& name,
                          Declarations& declarations) {
    auto options = parse_http(element, name, declarations, {"access", "secret", "signature"});
    GoogleSignature signature{.access = element.required_text("access"),
                              .secret = element.required_text("secret")};
    if (const auto version = element.child("signature")) {  // ours: MapCache knows v2 only
        if (version->text() != "v2" && version->text() != "v4") {
            version->fail(fmt::format("'{}' is none of v2, v4", version->text()));
        }
        signature.version =
            version->text() == "v4" ? GoogleSignature::Version::v4 : GoogleSignature::Version::v2;
    }
    options.signature = std::move(signature);
    return options;
}

}  // namespace offgrid::config
