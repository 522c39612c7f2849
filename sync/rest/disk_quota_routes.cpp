#include "sync/rest/document.h"
#include "sync/rest/rest_routes.h"

namespace offgrid {
namespace {

Reply in_xml(const QuotaConfig& config) {
    pugi::xml_document document;
    auto root = document.append_child("gwcQuotaConfiguration");
    add_text(root, "enabled", config.is_enabled ? "true" : "false");
    add_text(root, "cacheCleanUpFrequency", std::to_string(config.clean_up_frequency));
    add_text(root, "cacheCleanUpUnits", config.clean_up_units);
    add_text(root, "maxConcurrentCleanUps", std::to_string(config.max_concurrent_clean_ups));
    add_text(root, "globalExpirationPolicyName", config.expiration_policy);
    auto quota = root.append_child("globalQuota");
    add_text(quota, "value", std::to_string(config.value));
    add_text(quota, "units", config.units);
    return reply_with(document);
}

Reply in_json(const QuotaConfig& config) {
    return {
        .status = 200, .media_type = "application/json", .body = to_json(config), .headers = {}};
}

}  // namespace

void add_disk_quota_routes(AdminRoutes& routes, const RestContext& context) {
    const auto add = [&](const char* pattern, Reply (*reply)(const QuotaConfig&)) {
        routes.push_back(
            {.method = "GET",
             .pattern = pattern,
             .least = Role::reader,
             .handler = [context, reply](AdminRequest&) { return reply(context.quota.config()); }});
        routes.push_back({.method = "PUT",
                          .pattern = pattern,
                          .least = Role::admin,
                          .handler = [context, reply](AdminRequest& request) {
                              const auto config = context.quota.change(read_body(request));
                              context.audit.record(audit_entry(request, "diskquota"));
                              return reply(config);
                          }});
    };
    add("/diskquota", in_json);
    add("/diskquota.json", in_json);
    add("/diskquota.xml", in_xml);
}

}  // namespace offgrid
