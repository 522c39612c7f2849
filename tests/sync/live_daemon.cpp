#include "tests/sync/live_daemon.h"

#include "formats/package/depot.h"
#include "formats/package/replace.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace offgrid::test {
namespace {

std::vector<std::string> command_of(const std::filesystem::path& depot,
                                    const std::vector<std::string>& options,
                                    const std::string& program_name) {
    std::vector<std::string> command{program(program_name), "daemon",  depot.string(), "--listen",
                                     "127.0.0.1:0",         "--admin", "127.0.0.1:0"};
    command.insert(command.end(), options.begin(), options.end());
    return command;
}

}  // namespace

void install(const std::filesystem::path& depot_folder, const std::string& layer,
             std::string_view drawing, Manifest layout) {
    const Depot depot{depot_folder};
    depot.create_if_missing(posix_file_ops());
    ReplaceTransaction replace{posix_file_ops(), depot};
    const auto package = replace.staging() / "package";
    replace.add_package(write_package(package, layer, drawing, std::move(layout)), package);
    replace.commit();
}

Manifest manual_layout() {
    Manifest layout;
    layout.grid = &Grid::wgs84();
    layout.pyramids = {{.min_zoom = 0,
                        .max_zoom = 20,
                        .names = "EPSG_4326/sf_restricted/image_png/null/{z}/tiles_{x}_{y}.sqlite",
                        .options = {.xcount = 250, .ycount = 250}}};
    return layout;
}

std::string word_at(HttpClient& client, const std::string& serving_url, const std::string& layer,
                    const TileKey& key) {
    const auto response =
        client.get(serving_url + "/tiles/" + layer + "/" + std::to_string(key.z) + "/" +
                   std::to_string(key.x) + "/" + std::to_string(key.y) + ".png");
    if (response.status == 404) {
        return "(absent)";
    }
    if (response.status != 200 || !response.failure.empty()) {
        return "(status " + std::to_string(response.status) + " " + response.failure + ")";
    }
    return response.body.substr(png("").size());
}

void wait_for_upload(const std::filesystem::path& depot, Process& sender) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds{60};
    while (names_below(depot / "staging").empty()) {
        if (!sender.is_running() || Clock::now() > deadline) {
            throw std::runtime_error{"no upload comes in: " + sender.output()};
        }
        std::this_thread::yield();
    }
}

LiveDaemon::LiveDaemon(const std::filesystem::path& depot, const std::vector<std::string>& options,
                       const std::string& program_name, const RunOptions& run_options)
    : process_{command_of(depot, options, program_name), run_options},
      serving_url_{url_in(process_.wait_for_line("serving on"))},
      admin_url_{url_in(process_.wait_for_line("administration on"))} {}

HttpResponse LiveDaemon::replace(const std::vector<FormPart>& parts, const std::string& user,
                                 const std::vector<std::string>& headers) const {
    HttpClient client;
    return client.post_form(replace_url(), parts, user, headers);
}

}  // namespace offgrid::test
