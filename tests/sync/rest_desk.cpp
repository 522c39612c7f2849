#include "tests/sync/rest_desk.h"

#include "formats/base/error.h"
#include "tests/support/tiles.h"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <thread>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds patience{20};

JobService::Options with_sources(JobService::Options options, const fs::path& folder) {
    if (fs::exists(folder / "sources.json")) {
        options.sources = folder / "sources.json";
    }
    return options;
}

}  // namespace

RestDesk::RestDesk(const fs::path& folder, JobService::Options jobs, const Limits& limits)
    : depot_{folder / "depot"},
      options_{with_sources(std::move(jobs), folder)},
      pool_{sqlite::make_mbtiles_pool(8)},
      layers_{open_generation(depot_, depot_.load_current(), *pool_)},
      audit_{posix_file_ops(), depot_.root(), log_to_here()},
      replace_{posix_file_ops(), depot_, *pool_,
               layers_,          audit_, {.limits = limits, .sources = SourceRoots{{}}}},
      blob_stores_{posix_file_ops(), depot_.root() / "blobstores.json", log_to_here()},
      quota_{posix_file_ops(), depot_.root() / "diskquota.json",
             [this](std::optional<std::uint64_t> bytes) { replace_.set_quota(bytes); },
             log_to_here()} {
    restart_jobs();
}

void RestDesk::restart_jobs() {
    router_.reset();
    jobs_.reset();
    jobs_ =
        std::make_unique<JobService>(posix_file_ops(), depot_, replace_, options_, log_to_here());
    jobs_->start();
    router_ = std::make_unique<AdminRouter>(rest_routes({.replace = replace_,
                                                         .jobs = *jobs_,
                                                         .blob_stores = blob_stores_,
                                                         .quota = quota_,
                                                         .traffic = traffic_,
                                                         .audit = audit_}));
}

Log RestDesk::log_to_here() {
    return [this](std::string_view line) {
        const std::lock_guard lock{mutex_};
        log_.append(line).append("\n");
    };
}

std::string RestDesk::log() const {
    const std::lock_guard lock{mutex_};
    return log_;
}

Reply RestDesk::ask(const std::string& method, const std::string& target, const std::string& body,
                    const std::string& content_type, const Identity& caller) {
    const auto match = router_->find(method, target.substr(0, target.find('?')));
    if (match.route == nullptr) {
        return {.status = match.allowed.empty() ? 404 : 405,
                .media_type = {},
                .body = {},
                .headers = {}};
    }
    if (caller.role < match.route->least) {
        return {.status = 403, .media_type = {}, .body = {}, .headers = {}};
    }
    std::istringstream stream{body};
    AdminRequest request{.method = method,
                         .path = match.path,
                         .query = parse_query(target),
                         .content_type = content_type,
                         .remote_address = "127.0.0.1",
                         .caller = caller,
                         .form = MessageForm::text,
                         .header = [](const std::string& name) -> std::string {
                             return name == "Host" ? "appliance:8081" : "";
                         },
                         .body = &stream,
                         .parameters = match.parameters};
    try {
        return match.route->handler(request);
    } catch (const Error& error) {
        return error_reply(error, depot_.root(), request.form);
    }
}

std::string RestDesk::word(const std::string& layer, const TileKey& key) const {
    const auto lease = layers_.acquire();
    const auto found = lease->find(layer);
    return found ? word_in(found->tiles->get(key)) : "(no layer)";
}

std::string RestDesk::words(const std::string& layer, int z, int columns, int rows) const {
    std::string drawing;
    for (int y = 0; y < rows; ++y) {
        drawing += y > 0 ? "/ " : "";
        for (int x = 0; x < columns; ++x) {
            const auto here = word(layer, {z, x, y});
            drawing += (here == "(absent)" ? "." : here) + " ";
        }
    }
    drawing.pop_back();
    return drawing;
}

void RestDesk::wait_until(const std::function<bool()>& is_so) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > deadline) {
            FAIL() << "waited too long";
        }
        std::this_thread::yield();
    }
}

Job RestDesk::wait_for_end(std::uint64_t id) {
    wait_until([&] { return jobs_->find(id).value_or(Job{}).is_over(); });
    return jobs_->find(id).value_or(Job{});
}

fs::path write_packer(const fs::path& path, const std::string& script) {
    write_file(
        path,
        "#!/bin/sh\n"
        "for word; do case \"$word\" in --output=*) out=\"${word#--output=}\";; esac; done\n" +
            script + "\n");
    fs::permissions(path, fs::perms::owner_all);
    return path;
}

std::string copies(const fs::path& prepared) {
    return "cp -r '" + prepared.string() + "' \"$out\"";
}

}  // namespace offgrid::test
