#include "sync/update_page.h"

#include "formats/base/error.h"
#include "serve/viewer.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

constexpr std::string_view page = "/updates.html";

/// Scripts that pages share have names that the build makes up: `/part-4UOIVQEF.js`.
constexpr std::string_view shared_script = "/part-{name}.js";

Reply answer_part(const AdminRequest& request, std::string_view path) {
    const auto part = web_part(path);
    if (!part) {
        throw Error{Errc::not_found, "no such address"};
    }
    const bool is_compressed = asks_for_gzip(request.header("Accept-Encoding"));
    Reply reply{.media_type = std::string{part->media_type},
                .body = is_compressed ? std::string{as_text(part->gzip)}
                                      : std::string{as_text(part->plain())},
                .headers = {{"Vary", "Accept-Encoding"}}};
    if (is_compressed) {
        reply.headers.emplace_back("Content-Encoding", "gzip");
    }
    if (path == page) {
        // Nobody puts the page into another one and has its buttons pressed unseen.
        reply.headers.emplace_back("Content-Security-Policy",
                                   fmt::format("{}; frame-ancestors 'none'", web_security_policy));
        reply.headers.emplace_back("X-Frame-Options", "DENY");
        reply.headers.emplace_back("Referrer-Policy", "no-referrer");
    }
    return reply;
}

AdminRoute part_route(std::string_view pattern, std::string_view path) {
    return {.method = "GET",
            .pattern = std::string{pattern},
            .least = Role::reader,
            .handler = [path](const AdminRequest& request) { return answer_part(request, path); }};
}

}  // namespace

std::vector<AdminRoute> update_page_routes() {
    std::vector<AdminRoute> routes{
        part_route("/", page),
        part_route(page, page),
        part_route("/updates.js", "/updates.js"),
        part_route("/updates.css", "/updates.css"),
        part_route("/icon.svg", "/icon.svg"),
        part_route("/favicon.ico", "/icon.svg"),
    };
    routes.push_back({.method = "GET",
                      .pattern = std::string{shared_script},
                      .least = Role::reader,
                      .handler = [](const AdminRequest& request) {
                          return answer_part(request, request.path);
                      }});
    return routes;
}

}  // namespace offgrid
