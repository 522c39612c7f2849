#pragma once

#include "tests/support/http_client.h"
#include "tests/support/temp_folder.h"
#include "tests/sync/archives.h"
#include "tests/sync/live_daemon.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace offgrid::test {

/// A served depot that a test attacks. In the end it must serve what it served, nothing may have
/// been written in the depot or beside it, and the daemon may have taken some memory at most.
///
/// The depot has three layers: `kenya` in a z-top layout with top zoom 1, `world` with all zooms in
/// `world.mbtiles`, and `congo`.
class BesiegedDaemon : public testing::Test {
protected:
    explicit BesiegedDaemon(const std::vector<std::string>& options = {});

    void SetUp() override;
    void TearDown() override;

    /// Upload a file to `world.mbtiles`, or to nowhere in particular, and expect a 4xx soon, in
    /// words that name no folder of ours.
    HttpResponse expect_refused(const std::filesystem::path& file,
                                const std::string& destination = "world.mbtiles");

    /// The same with an archive made of the entries, to the layer `kenya`.
    HttpResponse expect_archive_refused(ArchiveKind kind, const std::vector<ArchiveEntry>& entries);

    /// The same with any form.
    HttpResponse expect_form_refused(const std::vector<FormPart>& parts, const std::string& what);

    std::uint16_t admin_port() const;

    TempFolder attacks_;  ///< where a test makes its files; source root of the daemon
    TempFolder folder_;   ///< holds the depot and nothing else
    std::filesystem::path depot_;
    std::unique_ptr<LiveDaemon> daemon_;
    std::chrono::seconds patience_{30};  ///< how long a refusal may take
    std::string good_file_;              ///< what would be a new `z01-0-1.sqlite3` of `kenya`

private:
    std::map<std::string, std::string> contents_;  // of every file in the folder
    long memory_kb_ = 0;
};

}  // namespace offgrid::test
