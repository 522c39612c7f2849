#include "formats/base/error.h"
#include "sync/daemon.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/http_client.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cerrno>
#include <new>

namespace offgrid::test {
namespace {

/// Steps of a replace, counted from when it is armed; one of them finds the disk full, or fails in
/// a way that nobody foresaw.
class FullDisk {
public:
    FaultyFileOps& files() { return files_; }

    /// From now on the step of that number fails.
    void fill_at(int step) {
        steps_ = 0;
        full_step_ = step;
        is_foreseen_ = true;
    }

    /// The same, with an exception that is no Error.
    void surprise_at(int step) {
        fill_at(step);
        is_foreseen_ = false;
    }

    /// From now on nothing can be written: the disk has been mounted read-only (EROFS).
    void make_read_only() { is_read_only_ = true; }

private:
    std::atomic<int> steps_ = 0;
    std::atomic<int> full_step_ = 0;
    std::atomic<bool> is_foreseen_ = true;
    std::atomic<bool> is_read_only_ = false;
    FaultyFileOps files_{[this](FaultyFileOps::When when, int, std::string_view name) {
        if (is_read_only_ && name == "create") {
            throw system_error(EROFS, name);
        }
        if (when == FaultyFileOps::When::before && ++steps_ == full_step_) {
            if (!is_foreseen_) {
                throw std::bad_alloc{};
            }
            throw Error{Errc::no_space, std::string{name} + ": no space left on device"};
        }
    }};
};

class FullDiskTest : public testing::Test {
protected:
    std::string word(const TileKey& key) {
        return word_at(reader_, daemon_.serving_url(), "kenya", key);
    }

    std::string current() const { return read_text(folder_ / "depot/CURRENT"); }

    TempFolder folder_;
    FullDisk disk_;
    DaemonOptions options_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: old");
        write_mbtiles(folder_ / "new.sqlite", draw("z1: new"));
        DaemonOptions options;
        options.depot = folder_ / "depot";
        options.listen = options.admin = "127.0.0.1:0";
        return options;
    }();
    Daemon daemon_{options_, disk_.files(), [](std::string_view) {}};
    HttpClient client_;
    HttpClient reader_;
};

// RX-05
TEST_F(FullDiskTest, at_any_step_of_a_replace_is_507_and_serves_what_is_current) {
    const std::vector<FormPart> parts{{"layer", "kenya", {}},
                                      {"destination", "z01-0-1.sqlite3", {}},
                                      {"file", {}, folder_ / "new.sqlite"}};
    int step = 0;
    while (current() == "1\n") {
        disk_.fill_at(++step);
        SCOPED_TRACE(step);

        const auto response =
            client_.post_form(daemon_.admin_url() + "/rest/sqlite/replace", parts);

        // The last step may fail when the switch is made; then the new one is served, as after a
        // restart.
        const bool is_switched = current() != "1\n";
        ASSERT_EQ(response.status, 507) << response.body;
        ASSERT_EQ(word({0, 0, 0}) + " " + word({1, 0, 0}), is_switched ? "top new" : "top old");
    }
    EXPECT_GT(step, 10);
    const auto audit = read_text(folder_ / "depot/audit.log");
    const auto last = audit.substr(audit.rfind('\n', audit.size() - 2) + 1);
    const auto number = current().substr(0, current().size() - 1);
    EXPECT_THAT(last, testing::HasSubstr("\"generation\":" + number)) << "it was made";
    EXPECT_THAT(last, testing::HasSubstr(R"("outcome":"no_space: )")) << "but failed";

    disk_.fill_at(0);
    EXPECT_EQ(client_.post_form(daemon_.admin_url() + "/rest/sqlite/replace", parts).status, 200);
    EXPECT_EQ(word({1, 0, 0}), "new");
}

TEST_F(FullDiskTest, that_became_read_only_is_no_fault_of_the_client) {
    disk_.make_read_only();

    const auto response = client_.post_form(daemon_.admin_url() + "/rest/sqlite/replace",
                                            {{"layer", "kenya", {}},
                                             {"destination", "z01-0-1.sqlite3", {}},
                                             {"file", {}, folder_ / "new.sqlite"}});

    EXPECT_EQ(response.status, 500) << response.body;
    EXPECT_EQ(word({1, 0, 0}), "old");
}

TEST_F(FullDiskTest, is_not_the_only_failure_after_which_what_is_current_is_served) {
    const std::vector<FormPart> parts{{"layer", "kenya", {}},
                                      {"destination", "z01-0-1.sqlite3", {}},
                                      {"file", {}, folder_ / "new.sqlite"}};
    int step = 0;
    while (current() == "1\n") {
        disk_.surprise_at(++step);
        SCOPED_TRACE(step);

        const auto response =
            client_.post_form(daemon_.admin_url() + "/rest/sqlite/replace", parts);

        const bool is_switched = current() != "1\n";
        ASSERT_EQ(response.status, 500) << response.body;
        ASSERT_EQ(word({0, 0, 0}) + " " + word({1, 0, 0}), is_switched ? "top new" : "top old");
    }
    EXPECT_GT(step, 10);
}

}  // namespace
}  // namespace offgrid::test
