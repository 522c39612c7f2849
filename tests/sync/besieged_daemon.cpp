#include "tests/sync/besieged_daemon.h"

#include "tests/support/process.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <charconv>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Lt;
using testing::Not;

/// What an upload may take beyond what a daemon takes that has just been started: SQLite and
/// libarchive hold one value, or one window, at a time.
constexpr long spare_kb = 160'000;

std::map<std::string, std::string> contents_below(const fs::path& folder) {
    std::map<std::string, std::string> contents;
    for (const auto& name : names_below(folder)) {
        contents[name] = name.ends_with('/') ? "" : read_text(folder / name);
    }
    return contents;
}

Manifest in_one_file(const std::string& name) {
    Manifest layout;
    layout.pyramids = {{.min_zoom = 0, .max_zoom = 22, .names = name}};
    return layout;
}

}  // namespace

BesiegedDaemon::BesiegedDaemon(const std::vector<std::string>& options)
    : depot_{folder_ / "parent/depot"} {
    install(depot_, "kenya", "z0: top z1: a b / c d");
    install(depot_, "congo", "z0: congo");
    install(depot_, "world", "z0: world", in_one_file("world.mbtiles"));
    write_mbtiles(attacks_ / "good", draw("z1: new"));
    good_file_ = read_text(attacks_ / "good");
    std::vector<std::string> all{"--source-root", attacks_.path().string(), "--max-upload",
                                 "20000000"};
    all.insert(all.end(), options.begin(), options.end());
    daemon_ = std::make_unique<LiveDaemon>(depot_, all);
}

void BesiegedDaemon::SetUp() {
    // what is allocated once only, such as the statements of a handle
    ASSERT_EQ(daemon_->word("world", {0, 0, 0}), "world");
    contents_ = contents_below(folder_.path());
    memory_kb_ = peak_memory_kb(daemon_->process().pid());
}

void BesiegedDaemon::TearDown() {
    ASSERT_TRUE(daemon_->process().is_running()) << daemon_->process().output();
    EXPECT_EQ(daemon_->word("kenya", {0, 0, 0}), "top");
    EXPECT_EQ(daemon_->word("kenya", {1, 0, 0}), "a");
    EXPECT_EQ(daemon_->word("world", {0, 0, 0}), "world");
    EXPECT_EQ(daemon_->word("congo", {0, 0, 0}), "congo");
    EXPECT_LT(peak_memory_kb(daemon_->process().pid()), memory_kb_ + spare_kb);
    EXPECT_TRUE(contents_below(folder_.path()) == contents_)
        << testing::PrintToString(names_below(folder_.path()));
}

HttpResponse BesiegedDaemon::expect_refused(const fs::path& file, const std::string& destination) {
    return expect_form_refused(
        {{"layer", "world", {}}, {"destination", destination, {}}, {"file", {}, file}},
        file.filename().string());
}

HttpResponse BesiegedDaemon::expect_archive_refused(ArchiveKind kind,
                                                    const std::vector<ArchiveEntry>& entries) {
    write_archive(attacks_ / "archive", kind, entries);
    return expect_form_refused({{"layer", "kenya", {}}, {"file", {}, attacks_ / "archive"}},
                               "archive");
}

HttpResponse BesiegedDaemon::expect_form_refused(const std::vector<FormPart>& parts,
                                                 const std::string& what) {
    const auto start = std::chrono::steady_clock::now();
    auto response = daemon_->replace(parts);
    EXPECT_LT(std::chrono::steady_clock::now() - start, patience_) << what;
    EXPECT_THAT(response.status, AllOf(Ge(400), Lt(500)))
        << what << ": " << response.body << response.failure;
    EXPECT_THAT(response.body, Not(HasSubstr(folder_.path().string()))) << what;
    return response;
}

std::uint16_t BesiegedDaemon::admin_port() const {
    const auto& url = daemon_->admin_url();
    std::uint16_t port = 0;
    std::from_chars(url.data() + url.rfind(':') + 1, url.data() + url.size(), port);
    return port;
}

}  // namespace offgrid::test
