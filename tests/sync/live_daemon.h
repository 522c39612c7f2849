#pragma once

#include "formats/package/manifest.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::test {

/// Install a drawn package in a depot that no daemon holds.
void install(const std::filesystem::path& depot_folder, const std::string& layer,
             std::string_view drawing, Manifest layout = {});

/// The layout of the manual's examples: blocks of 250 by 250 tiles of GeoWebCache, in EPSG:4326.
Manifest manual_layout();

/// The word of the served tile, "(absent)", or "(status N)".
std::string word_at(HttpClient& client, const std::string& serving_url, const std::string& layer,
                    const TileKey& key);

/// Wait until an upload, which another program sends, comes in. Throws with what that has said when
/// it ends first or nothing comes for long.
void wait_for_upload(const std::filesystem::path& depot, Process& sender);

/// A real daemon on free ports, with a client for each.
class LiveDaemon {
public:
    explicit LiveDaemon(const std::filesystem::path& depot,
                        const std::vector<std::string>& options = {},
                        const std::string& program_name = "offgrid-sync",
                        const RunOptions& run_options = {});

    const std::string& serving_url() const { return serving_url_; }
    const std::string& admin_url() const { return admin_url_; }
    std::string replace_url() const { return admin_url_ + "/rest/sqlite/replace"; }
    Process& process() { return process_; }

    HttpResponse replace(const std::vector<FormPart>& parts, const std::string& user = {},
                         const std::vector<std::string>& headers = {}) const;

    std::string word(const std::string& layer, const TileKey& key) {
        return word_at(client_, serving_url_, layer, key);
    }

private:
    Process process_;
    std::string serving_url_;
    std::string admin_url_;
    HttpClient client_;
};

}  // namespace offgrid::test
