#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "sync/rest/document.h"
#include "sync/rest/rest_routes.h"

#include <fmt/format.h>

namespace offgrid {
namespace {

Job job_in(const RestContext& context, const AdminRequest& request) {
    const auto text = request.parameter("id");
    const auto id = parse_number<std::uint64_t>(text);
    auto job = id ? context.jobs.find(*id) : std::nullopt;
    if (!job) {
        throw Error{Errc::not_found, fmt::format("there is no job '{}'", text)};
    }
    return *std::move(job);
}

Reply cancel(const RestContext& context, const AdminRequest& request) {
    const auto job = job_in(context, request);
    require_publisher(request, job.request.layer);
    if (!cancel_job(context, request, job)) {
        return error_reply(409, fmt::format("job {} is over, or about to be", job.id),
                           request.form);
    }
    return json_reply(to_json(job_in(context, request)));
}

}  // namespace

bool cancel_job(const RestContext& context, const AdminRequest& request, const Job& job) {
    const bool is_cancelled = context.jobs.cancel(job.id, request.caller.name);
    if (is_cancelled) {
        context.audit.record(
            audit_entry(request, fmt::format("cancel {}", job.id), job.request.layer));
    }
    return is_cancelled;
}

void add_job_routes(AdminRoutes& routes, const RestContext& context) {
    add_json_route(routes,
                   {"GET",
                    "/jobs",
                    Role::reader,
                    [context](AdminRequest&) { return json_reply(to_json(context.jobs.jobs())); },
                    {}});
    add_json_route(routes, {"GET",
                            "/jobs/{id}",
                            Role::reader,
                            [context](AdminRequest& request) {
                                return json_reply(to_json(job_in(context, request)));
                            },
                            {}});
    add_json_route(routes, {"DELETE",
                            "/jobs/{id}",
                            Role::publisher,
                            [context](AdminRequest& request) { return cancel(context, request); },
                            {}});
}

}  // namespace offgrid
