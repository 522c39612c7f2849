#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "sync/rest/document.h"
#include "sync/rest/rest_routes.h"
#include "sync/rest/seed_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

namespace offgrid {
namespace {

/// Which jobs a status still shows. GeoWebCache's clients learn of a job's end by one last status:
/// a job that is over is shown once. Safe for concurrent use.
class ShownJobs {
public:
    explicit ShownJobs(const std::vector<Job>& jobs) {
        for (const auto& job : jobs) {
            if (job.is_over()) {
                shown_.insert(job.id);  // to those who asked the daemon before this one
            }
        }
    }

    bool takes(const Job& job) {
        const std::lock_guard lock{mutex_};
        return !job.is_over() || shown_.insert(job.id).second;
    }

private:
    std::mutex mutex_;
    std::set<std::uint64_t> shown_;
};

/// The answers about jobs of a layer, or of all.
class SeedResource {
public:
    explicit SeedResource(const RestContext& context)
        : context_{context}, shown_{std::make_shared<ShownJobs>(context.jobs.jobs())} {}

    Reply status(const AdminRequest& request, bool wants_xml) const {
        const auto layer = request.parameter("layer");
        const auto tilesets = context_.tilesets();
        if (!layer.empty() && tilesets.of(layer).empty()) {
            return error_reply(400, fmt::format("Unknown layer: {}", layer), request.form);
        }
        RestJson tuples = RestJson::array();
        for (const auto& job : jobs_of(layer)) {
            if (shown_->takes(job)) {
                tuples.push_back({job.progress.tiles, job.progress.tiles_total,
                                  job.progress.seconds_left, job.id, static_cast<int>(job.state)});
            }
        }
        return wants_xml ? in_xml(tuples) : reply_with(RestJson{{"long-array-array", tuples}});
    }

    Reply post(AdminRequest& request) const {
        const auto body = read_body(request);
        if (form_of(body) == BodyForm::fields) {
            const auto fields = parse_fields(body);
            if (fields.contains("kill_all")) {
                return cancel_all(request, fields.at("kill_all"));
            }
            if (fields.contains("kill_thread")) {
                return cancel(request, fields);
            }
            if (fields.contains("list")) {
                return status(request, false);
            }
        }
        if (request.parameter("layer").empty()) {
            throw Error{Errc::invalid_argument, "the request has no field 'kill_all'"};
        }
        return seed(request, body);
    }

private:
    std::vector<Job> jobs_of(std::string_view layer) const {
        auto jobs = context_.jobs.jobs();
        if (!layer.empty()) {
            const auto tilesets = context_.tilesets().of(layer);
            std::erase_if(jobs, [&](const Job& job) {
                return std::ranges::find(tilesets, job.request.layer, &Tileset::name) ==
                       tilesets.end();
            });
        }
        return jobs;
    }

    static Reply in_xml(const RestJson& tuples) {
        pugi::xml_document document;
        auto root = document.append_child("long-array-array");
        for (const auto& tuple : tuples) {
            auto element = root.append_child("long-array");
            for (const auto& number : tuple) {
                add_text(element, "long", number.dump());
            }
        }
        return reply_with(document);
    }

    Reply seed(const AdminRequest& request, const std::string& body) const {
        const std::string layer{request.parameter("layer")};
        auto tilesets = context_.tilesets().of(layer);
        if (tilesets.empty()) {
            return error_reply(404, fmt::format("Unknown layer: {}", layer), request.form);
        }
        require_publisher(request, layer);
        const auto wanted = parse_seed_request(body);
        const bool is_truncate = wanted.type == JobType::truncate;
        if (is_truncate && !wanted.choice.parameters_id.empty() &&
            chosen(tilesets, {.parameters_id = wanted.choice.parameters_id}).empty()) {
            return empty();  // nothing is cached for them
        }
        const auto meant = chosen(std::move(tilesets), wanted.choice);
        check_choice(meant, wanted.choice, layer);
        const auto& tileset = meant.front();
        if (is_truncate && !tileset.installed) {
            return empty();
        }
        const ZoomSpan zooms{wanted.zooms.first,
                             std::min(wanted.zooms.second, tileset.grid->levels() - 1)};
        context_.jobs.submit({.type = wanted.type,
                              .layer = tileset.name,
                              .zooms = zooms,
                              .bounds = wanted.bounds,
                              .asked_by = request.caller.name,
                              .role = request.caller.role,
                              .from = request.remote_address});
        return empty();
    }

    static void check_choice(const std::vector<Tileset>& meant, const TilesetChoice& choice,
                             const std::string& layer) {
        if (meant.empty()) {
            throw Error{
                Errc::invalid_argument,
                fmt::format("layer '{}' has no tiles like that: grid set '{}', format '{}'", layer,
                            choice.grid_set.empty() ? "EPSG:" + choice.srs_number : choice.grid_set,
                            choice.format)};
        }
        if (std::ranges::any_of(meant, [&](const Tileset& tileset) {
                return tileset.grid_set != meant.front().grid_set;
            })) {
            throw Error{Errc::invalid_argument,
                        fmt::format("layer '{}' is in several grid sets: give 'gridSetId'", layer)};
        }
    }

    Reply cancel_all(const AdminRequest& request, const std::string& which) const {
        const bool is_all = which == "all" || which == "1";
        if (!is_all && which != "running" && which != "pending") {
            return error_reply(400,
                               fmt::format("Unknown kill_all code: '{}'. One of "
                                           "all|running|pending is expected.",
                                           which),
                               request.form);
        }
        for (const auto& job : jobs_of(request.parameter("layer"))) {
            const bool is_meant = is_all || name_of(job.state) == which;
            if (is_meant && !job.is_over() && request.caller.may_publish(job.request.layer)) {
                cancel_job(context_, request, job);
            }
        }
        return empty();
    }

    Reply cancel(const AdminRequest& request,
                 const std::map<std::string, std::string>& fields) const {
        const auto field = fields.find("thread_id");
        const auto id =
            field == fields.end() ? std::nullopt : parse_number<std::uint64_t>(field->second);
        const auto job = id ? context_.jobs.find(*id) : std::nullopt;
        if (!job) {
            throw Error{Errc::invalid_argument, "'thread_id' is no running task"};
        }
        require_publisher(request, job->request.layer);
        cancel_job(context_, request, *job);
        return empty();
    }

    static Reply empty() {
        return {
            .status = 200, .media_type = "text/plain; charset=utf-8", .body = {}, .headers = {}};
    }

    RestContext context_;
    std::shared_ptr<ShownJobs> shown_;
};

}  // namespace

void add_seed_routes(AdminRoutes& routes, const RestContext& context) {
    const SeedResource resource{context};
    for (const auto* const address : {"/seed", "/seed/{layer}"}) {
        for (const auto* const end : {"", ".json", ".xml"}) {
            const auto pattern = fmt::format("{}{}", address, end);
            const bool wants_xml = std::string_view{end} == ".xml";
            routes.push_back({"GET",
                              pattern,
                              Role::reader,
                              [resource, wants_xml](AdminRequest& request) {
                                  return resource.status(request, wants_xml);
                              },
                              {}});
            routes.push_back({"POST",
                              pattern,
                              Role::publisher,
                              [resource](AdminRequest& request) { return resource.post(request); },
                              {}});
        }
    }
}

}  // namespace offgrid
