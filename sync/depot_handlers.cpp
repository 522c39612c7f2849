#include "sync/depot_handlers.h"

#include "formats/base/error.h"
#include "formats/base/parse_number.h"
#include "sync/admin_form.h"
#include "sync/entry_names.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ctime>
#include <utility>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;
using Fields = std::map<std::string, std::string>;

Reply reply_of(const Json& json) {
    return json_reply(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

/// A number in a field, or nothing where there is no such field.
std::optional<std::uint64_t> number_in(const Fields& fields, const std::string& name) {
    const auto found = fields.find(name);
    if (found == fields.end()) {
        return std::nullopt;
    }
    const auto number = parse_number<std::uint64_t>(found->second);
    if (!number) {
        throw Error{Errc::invalid_argument,
                    fmt::format("`{}` '{}' is no number", name, printable(found->second))};
    }
    return number;
}

bool flag_in(const Fields& fields, const std::string& name) {
    const auto found = fields.find(name);
    if (found == fields.end() || found->second == "false" || found->second == "0") {
        return false;
    }
    if (found->second != "true" && found->second != "1") {
        throw Error{Errc::invalid_argument, fmt::format("`{}` is neither true nor false", name)};
    }
    return true;
}

/// RFC 3339, in UTC.
std::string time_of(std::int64_t seconds) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

Json json_of(const KeptGeneration& kept) {
    Json json{{"number", kept.number}, {"current", kept.is_current}};
    if (!kept.damage.empty()) {
        json["damaged"] = true;
        return json;
    }
    json["previous"] = kept.previous ? Json(*kept.previous) : Json(nullptr);
    json["created"] = time_of(kept.created);
    json["author"] = kept.author;
    json["change"] = kept.change;
    json["stored_bytes"] = kept.stored_bytes;
    json["files"] = kept.totals.files;
    json["tiles"] = kept.totals.tiles;
    json["bytes"] = kept.totals.bytes;
    return json;
}

AuditEntry audit_entry(const AdminRequest& request) {
    return {.who = request.caller, .from = request.remote_address};
}

Reply answer_rollback(DepotService& service, const Log& log, AdminRequest& request) {
    const auto fields = read_fields(request, {"to"});
    const auto report = service.rollback(number_in(fields, "to"), audit_entry(request));
    const auto line =
        fmt::format("rolled back from generation {} to {}", report.previous, report.generation);
    log(fmt::format("{} for '{}'", line, request.caller.name));
    if (request.form == MessageForm::text) {
        return text_reply(200, line);
    }
    return reply_of({{"generation", report.generation},
                     {"previous", report.previous},
                     {"drained", report.drain.is_complete},
                     {"drained_ms", report.drain.waited.count()},
                     {"leases", report.drain.leases}});
}

Reply answer_prune(DepotService& service, const Log& log, AdminRequest& request) {
    const auto fields = read_fields(request, {"keep", "dry_run"});
    const auto keep = number_in(fields, "keep");
    if (!keep) {
        throw Error{Errc::invalid_argument, "`keep` is missing: how many generations to keep"};
    }
    const bool is_dry_run = flag_in(fields, "dry_run");
    const auto report = service.prune(*keep, is_dry_run ? PruneMode::look : PruneMode::remove,
                                      audit_entry(request));
    const auto line =
        fmt::format("{} {} generations, {} files, {} bytes", is_dry_run ? "would prune" : "pruned",
                    report.removed.size(), report.files, report.bytes);
    log(fmt::format("{} for '{}'", line, request.caller.name));
    if (request.form == MessageForm::text) {
        return text_reply(200, line);
    }
    return reply_of({{"dry_run", is_dry_run},
                     {"removed", report.removed},
                     {"kept", report.kept},
                     {"in_use", report.in_use},
                     {"files", report.files},
                     {"bytes", report.bytes}});
}

Reply answer_generations(const DepotService& service) {
    auto json = Json::array();
    for (const auto& kept : service.generations()) {
        json.push_back(json_of(kept));
    }
    return reply_of(json);
}

Reply answer_status(const DepotService& service) {
    const auto status = service.status();
    Json json{{"generation", status.generation}, {"leases", status.leases}};
    json["draining"] = Json::array();
    for (const auto& state : status.draining) {
        json["draining"].push_back({{"generation", state.generation},
                                    {"leases", state.leases},
                                    {"since_ms", state.since.count()}});
    }
    json["open_files"] = status.files.open;
    json["idle_files"] = status.files.idle;
    json["waiting"] = status.files.waiting;
    json["evictions"] = status.files.evictions;
    json["reaped"] = status.files.reaped;
    return reply_of(json);
}

}  // namespace

std::vector<AdminRoute> depot_routes(DepotService& service, Log log) {
    return {
        {.method = "POST",
         .pattern = "/rollback",
         .least = Role::admin,
         .handler = [&service, log](
                        AdminRequest& request) { return answer_rollback(service, log, request); }},
        {.method = "POST",
         .pattern = "/prune",
         .least = Role::admin,
         .handler = [&service,
                     log](AdminRequest& request) { return answer_prune(service, log, request); }},
        {.method = "GET",
         .pattern = "/generations",
         .least = Role::reader,
         .handler = [&service](AdminRequest&) { return answer_generations(service); }},
        {.method = "GET",
         .pattern = "/status",
         .least = Role::reader,
         .handler = [&service](AdminRequest&) { return answer_status(service); }},
    };
}

}  // namespace offgrid
