#include "formats/base/error.h"
#include "sync/rest/document.h"
#include "sync/rest/rest_routes.h"

#include <algorithm>
#include <chrono>

namespace offgrid {
namespace {

using Clock = std::chrono::system_clock;

std::int64_t seconds(Clock::duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

RestJson of_depot(const RestContext& context) {
    const auto generation = context.replace.served().served();
    const auto totals = totals_of(generation);
    const auto limit = context.quota.config().limit_bytes();
    return {{"generation", generation.number},
            {"layers", generation.layers.size()},
            {"files", totals.files},
            {"tiles", totals.tiles},
            {"bytes", totals.bytes},
            {"quota_bytes", limit ? RestJson(*limit) : RestJson(nullptr)}};
}

Reply statistics(const RestContext& context) {
    const auto sums = context.traffic.sums();
    const auto asked = sums.tiles + sums.absent_tiles;
    const auto start = context.traffic.start();
    const auto up = Clock::now() - start;
    const auto rate = static_cast<double>(sums.requests) /
                      std::max(1.0, std::chrono::duration<double>(up).count());
    const auto jobs = context.jobs.jobs();
    const auto count = [&](JobState state) { return std::ranges::count(jobs, state, &Job::state); };
    return reply_with(RestJson{
        {"start", seconds(start.time_since_epoch())},
        {"uptime_s", seconds(up)},
        {"requests", sums.requests},
        {"requests_per_s", rate},
        {"failures", sums.failures},
        {"bytes", sums.bytes},
        {"tiles", {{"found", sums.tiles}, {"absent", sums.absent_tiles}}},
        {"hit_ratio", asked == 0
                          ? RestJson(nullptr)
                          : RestJson(static_cast<double>(sums.tiles) / static_cast<double>(asked))},
        {"depot", of_depot(context)},
        {"jobs", {{"pending", count(JobState::pending)}, {"running", count(JobState::running)}}}});
}

Reply reload(const RestContext& context, AdminRequest& request) {
    if (!parse_fields(read_body(request)).contains("reload_configuration")) {
        throw Error{Errc::invalid_argument, "the request has no field 'reload_configuration'"};
    }
    context.jobs.reload_sources();
    context.audit.record(audit_entry(request, "reload"));
    return text_reply(200, "Configuration reloaded");
}

}  // namespace

void add_statistics_routes(AdminRoutes& routes, const RestContext& context) {
    add_json_route(routes, {"GET",
                            "/statistics",
                            Role::reader,
                            [context](AdminRequest&) { return statistics(context); },
                            {}});
    routes.push_back({"POST",
                      "/reload",
                      Role::admin,
                      [context](AdminRequest& request) { return reload(context, request); },
                      {}});
}

}  // namespace offgrid
