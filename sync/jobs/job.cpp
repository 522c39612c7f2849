#include "sync/jobs/job.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array job_types{JobType::seed, JobType::reseed, JobType::truncate};
constexpr std::array roles{Role::reader, Role::publisher, Role::admin};
constexpr std::array job_states{JobState::aborted, JobState::pending, JobState::running,
                                JobState::done};

/// The one of all values that has the name.
template <typename Value, std::size_t count>
Value named(const std::array<Value, count>& values, const std::string& name) {
    const auto found =
        std::ranges::find_if(values, [&](Value value) { return name_of(value) == name; });
    if (found == values.end()) {
        throw Error{Errc::corrupt, fmt::format("'{}' is not known here", name)};
    }
    return *found;
}

template <typename Value>
Json or_null(const std::optional<Value>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json to_value(const Job& job) {
    Json json{{"id", job.id},
              {"type", name_of(job.request.type)},
              {"layer", job.request.layer},
              {"state", name_of(job.state)},
              {"zooms", nullptr},
              {"bounds", nullptr},
              {"tiles", job.progress.tiles},
              {"tiles_total", job.progress.tiles_total},
              {"seconds_left", job.progress.seconds_left},
              {"starts", job.starts},
              {"created", job.created},
              {"started", job.started},
              {"ended", job.ended},
              {"generation", or_null(job.generation)},
              {"message", job.message},
              {"asked_by", job.request.asked_by},
              {"role", name_of(job.request.role)},
              {"from", job.request.from},
              {"output", job.output}};
    if (const auto& zooms = job.request.zooms) {
        json["zooms"] = {zooms->first, zooms->second};
    }
    if (const auto& box = job.request.bounds) {
        json["bounds"] = {box->min_x, box->min_y, box->max_x, box->max_y};
    }
    return json;
}

std::string dump(const Json& json) {
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

JobRequest request_in(const Json& json) {
    JobRequest request{.type = named(job_types, json.at("type").get<std::string>()),
                       .layer = json.at("layer").get<std::string>(),
                       .zooms = {},
                       .bounds = {},
                       .asked_by = json.at("asked_by").get<std::string>(),
                       .role = named(roles, json.value("role", "publisher")),
                       .from = json.value("from", "")};
    if (const auto& zooms = json.at("zooms"); !zooms.is_null()) {
        request.zooms = {zooms.at(0).get<int>(), zooms.at(1).get<int>()};
    }
    if (const auto& box = json.at("bounds"); !box.is_null()) {
        request.bounds = Box{box.at(0).get<double>(), box.at(1).get<double>(),
                             box.at(2).get<double>(), box.at(3).get<double>()};
    }
    return request;
}

}  // namespace

std::string_view name_of(JobType type) {
    switch (type) {
        case JobType::seed:
            return "seed";
        case JobType::reseed:
            return "reseed";
        case JobType::truncate:
            return "truncate";
    }
    return "";
}

std::string_view name_of(JobState state) {
    switch (state) {
        case JobState::aborted:
            return "aborted";
        case JobState::pending:
            return "pending";
        case JobState::running:
            return "running";
        case JobState::done:
            return "done";
    }
    return "";
}

std::string to_json(const Job& job) {
    return dump(to_value(job));
}

std::string to_json(const std::vector<Job>& jobs) {
    Json list = Json::array();
    for (const auto& job : jobs) {
        list.push_back(to_value(job));
    }
    return dump({{"jobs", std::move(list)}});
}

Job parse_job_record(std::string_view text) {
    try {
        const auto json = Json::parse(text);
        Job job{.id = json.at("id").get<std::uint64_t>(),
                .request = request_in(json),
                .state = named(job_states, json.at("state").get<std::string>()),
                .progress = {.tiles = json.at("tiles").get<std::int64_t>(),
                             .tiles_total = json.at("tiles_total").get<std::int64_t>(),
                             .seconds_left = json.at("seconds_left").get<std::int64_t>()},
                .starts = json.at("starts").get<int>(),
                .created = json.at("created").get<Job::Seconds>(),
                .started = json.at("started").get<Job::Seconds>(),
                .ended = json.at("ended").get<Job::Seconds>(),
                .generation = {},
                .message = json.at("message").get<std::string>(),
                .output = json.at("output").get<std::vector<std::string>>()};
        if (const auto& generation = json.at("generation"); !generation.is_null()) {
            job.generation = generation.get<std::uint64_t>();
        }
        return job;
    } catch (const Json::exception& error) {
        throw Error{Errc::corrupt, fmt::format("the record of a job: {}", error.what())};
    }
}

}  // namespace offgrid
