#include "sync/audit.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <functional>
#include <sstream>
#include <thread>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Json = nlohmann::json;

std::chrono::system_clock::time_point noon() {
    using namespace std::chrono_literals;
    return std::chrono::sys_days{2026y / 5 / 1} + 12h + 30s;
}

AuditEntry replace_of(const std::string& layer) {
    return {.who = {.name = "anna", .role = Role::publisher},
            .from = "10.0.0.7",
            .action = "replace",
            .layer = layer,
            .generation = 7,
            .files = {{.name = "z0-0-0.mbtiles", .old_sha256 = "aa", .new_sha256 = "bb"},
                      {.name = "z1-0-0.mbtiles", .new_sha256 = "cc"}}};
}

/// A depot's folder with its audit log, whose steps on the disk may be made to fail.
class AuditLogTest : public testing::Test {
protected:
    AuditLog open() {
        return {files_, folder_.path(), [this](std::string_view line) { said_ += line; }, noon};
    }
    void record(const std::string& layer) {
        auto log = open();
        log.record(replace_of(layer));
    }
    std::vector<std::string> lines() const {
        std::vector<std::string> lines;
        std::istringstream text{read_text(folder_ / "audit.log")};
        for (std::string line; std::getline(text, line);) {
            lines.push_back(line);
        }
        return lines;
    }
    void write_lines(const std::vector<std::string>& lines) {
        std::string text;
        for (const auto& line : lines) {
            text += line + "\n";
        }
        write_file(folder_ / "audit.log", text);
    }
    AuditCheck check() const {
        return read_audit_log(folder_.path(), [](std::string_view) {});
    }
    std::filesystem::path reserve() const { return folder_ / "audit.reserve"; }

    TempFolder folder_;
    std::string said_;
    std::function<void(std::string_view step)> before_ = [](std::string_view) {};
    std::function<void(std::string_view step)> after_ = [](std::string_view) {};
    FaultyFileOps files_{[this](FaultyFileOps::When when, int, std::string_view step) {
        (when == FaultyFileOps::When::before ? before_ : after_)(step);
    }};
};

TEST_F(AuditLogTest, says_who_did_what_from_where_with_the_hashes) {
    record("kenya");

    ASSERT_THAT(lines(), SizeIs(1));
    EXPECT_EQ(Json::parse(lines()[0]), Json::parse(R"({
        "time": "2026-05-01T12:00:30Z", "who": "anna", "role": "publisher", "from": "10.0.0.7",
        "action": "replace", "layer": "kenya", "generation": 7,
        "files": [
            {"name": "z0-0-0.mbtiles", "old_sha256": "aa", "new_sha256": "bb"},
            {"name": "z1-0-0.mbtiles", "old_sha256": null, "new_sha256": "cc"}],
        "more_files": 0, "outcome": "done", "missed": 0, "previous": null})"));
}

TEST_F(AuditLogTest, is_durable_when_record_returns) {
    auto log = open();
    const auto before = files_.trace().size();

    log.record(replace_of("kenya"));

    const auto path = folder_ / "audit.log";
    const auto trace = files_.trace();
    EXPECT_THAT(std::vector(trace.begin() + static_cast<std::ptrdiff_t>(before), trace.end()),
                ElementsAre(FaultyFileOps::Step{"append", path, {}},
                            FaultyFileOps::Step{"sync", path, {}}));
    EXPECT_THAT(trace, testing::Contains(FaultyFileOps::Step{"sync_directory", folder_.path(), {}}))
        << "and its name is";
}

TEST_F(AuditLogTest, chains_its_lines_from_one_start_to_the_next) {
    record("kenya");
    record("osm");
    record("kenya");

    ASSERT_THAT(lines(), SizeIs(3));
    EXPECT_EQ(Json::parse(lines()[2])["previous"], sha256_hex(as_bytes(lines()[1])));
    EXPECT_EQ(Json::parse(lines()[1])["previous"], sha256_hex(as_bytes(lines()[0])));
    EXPECT_THAT(check().problems, IsEmpty());
    EXPECT_EQ(check().last_sha256, sha256_hex(as_bytes(lines()[2])));
}

TEST_F(AuditLogTest, shows_a_line_that_was_changed_removed_or_added) {
    for (const auto* layer : {"one", "two", "three", "four"}) {
        record(layer);
    }
    const auto good = lines();

    auto changed = good;
    changed[1].replace(changed[1].find("anna"), 4, "bert");
    write_lines(changed);
    EXPECT_THAT(check().problems, ElementsAre(HasSubstr("line 3")));

    write_lines({good[0], good[2], good[3]});
    EXPECT_THAT(check().problems, ElementsAre(HasSubstr("line 2")));

    write_lines({good[1], good[2], good[3]});
    EXPECT_THAT(check().problems, ElementsAre(HasSubstr("line 1")));

    write_lines({good[0], good[1], good[1], good[2], good[3]});
    EXPECT_THAT(check().problems, ElementsAre(HasSubstr("line 3")));

    write_lines({good[0], "garbage", good[2], good[3]});
    EXPECT_THAT(check().problems, ElementsAre(HasSubstr("line 2"), HasSubstr("line 3")));

    write_lines({good[0], good[1], good[2]});
    EXPECT_THAT(check().problems, IsEmpty()) << "only its last hash tells that the end was cut off";
    EXPECT_NE(check().last_sha256, sha256_hex(as_bytes(good[3])));
}

TEST_F(AuditLogTest, ends_and_notes_a_line_that_a_crash_has_torn_wherever) {
    record("one");
    record("two");
    const auto whole = read_text(folder_ / "audit.log");
    const auto first = whole.find('\n') + 1;
    for (auto size = first + 1; size < whole.size(); ++size) {
        write_file(folder_ / "audit.log", whole.substr(0, size));
        ASSERT_THAT(check().problems, ElementsAre("line 2: is torn")) << size;

        record("three");

        ASSERT_THAT(lines(), SizeIs(4)) << size;
        EXPECT_THAT(lines()[2], AllOf(HasSubstr("repair"), HasSubstr("torn after")));
        ASSERT_THAT(check().problems, IsEmpty()) << size;
    }
}

TEST_F(AuditLogTest, repairs_a_repair_that_a_crash_has_torn) {
    record("one");
    const auto one = read_text(folder_ / "audit.log");
    for (const std::string torn : {"{\"time\": \n", "{\"time\": \n{\"ti", "{\"time\": \n{\"ti\n"}) {
        write_file(folder_ / "audit.log", one + torn);
        record("two");
        EXPECT_THAT(lines().back(), HasSubstr("\"two\""));
        EXPECT_THAT(lines()[lines().size() - 2], HasSubstr("repair"));
    }
}

TEST_F(AuditLogTest, notes_a_generation_that_no_line_tells_of) {
    {
        auto log = open();
        log.note_current(0);
        ASSERT_THAT(lines(), IsEmpty()) << "a new depot";
        log.record(replace_of("kenya"));
    }
    {
        auto log = open();
        log.note_current(7);
        ASSERT_THAT(lines(), SizeIs(1));
    }
    auto log = open();

    log.note_current(8);

    ASSERT_THAT(lines(), SizeIs(2));
    EXPECT_EQ(Json::parse(lines()[1])["action"], "found");
    EXPECT_EQ(Json::parse(lines()[1])["generation"], 8);
    EXPECT_THAT(check().problems, IsEmpty());
}

TEST_F(AuditLogTest, gives_up_its_reserve_on_a_full_disk) {
    auto log = open();
    ASSERT_TRUE(log.record(replace_of("one")));
    ASSERT_TRUE(std::filesystem::exists(reserve()));
    before_ = [this](std::string_view step) {
        if (step == "append" && std::filesystem::exists(reserve())) {
            throw Error{Errc::no_space, "no space left on device"};
        }
        if (step == "create") {
            throw Error{Errc::no_space, "no space left on device"};
        }
    };

    EXPECT_TRUE(log.record(replace_of("two")));

    EXPECT_FALSE(std::filesystem::exists(reserve()));
    EXPECT_THAT(said_, HasSubstr("no reserve"));
    EXPECT_THAT(lines(), ElementsAre(HasSubstr("\"one\""), HasSubstr("\"two\"")));
    before_ = [](std::string_view) {};
    EXPECT_TRUE(log.record(replace_of("three")));
    EXPECT_TRUE(std::filesystem::exists(reserve())) << "there is room again";
    EXPECT_THAT(check().problems, IsEmpty());
}

TEST_F(AuditLogTest, writes_no_line_twice_whose_sync_found_the_disk_full) {
    auto log = open();
    log.record(replace_of("one"));
    bool is_full = true;
    before_ = [&](std::string_view step) {
        if (step == "sync" && std::exchange(is_full, false)) {
            throw Error{Errc::no_space, "no space left on device"};
        }
    };

    EXPECT_TRUE(log.record(replace_of("two")));

    EXPECT_THAT(lines(), ElementsAre(HasSubstr("\"one\""), HasSubstr("\"two\"")));
}

TEST_F(AuditLogTest, tells_its_operator_the_whole_line_when_it_cannot_be_written) {
    auto log = open();
    log.record(replace_of("one"));
    before_ = [](std::string_view step) {
        if (step == "append") {
            throw Error{Errc::io, "input/output error"};
        }
    };

    EXPECT_FALSE(log.record(replace_of("two")));
    EXPECT_FALSE(log.record(replace_of("three")));

    EXPECT_THAT(said_, AllOf(HasSubstr("NOT IN THE AUDIT LOG"), HasSubstr("\"layer\":\"two\""),
                             HasSubstr("\"new_sha256\":\"bb\"")));
    before_ = [](std::string_view) {};
    EXPECT_TRUE(log.record(replace_of("four")));
    ASSERT_THAT(lines(), SizeIs(2));
    EXPECT_EQ(Json::parse(lines()[1])["missed"], 2);
    EXPECT_THAT(check().problems, IsEmpty());
    EXPECT_TRUE(log.record(replace_of("five")));
    EXPECT_EQ(Json::parse(lines()[2])["missed"], 0);
}

TEST_F(AuditLogTest, lists_some_files_and_counts_the_rest) {
    auto entry = replace_of("kenya");
    entry.files.assign(10'000, {.name = std::string(5000, 'x') + "\xFF", .new_sha256 = "aa"});
    auto log = open();

    log.record(entry);

    ASSERT_THAT(lines(), SizeIs(1));
    EXPECT_LT(lines()[0].size(), 100'000U);
    const auto line = Json::parse(lines()[0]);
    EXPECT_EQ(line["files"].size(), 100U);
    EXPECT_EQ(line["more_files"], 9'900);
}

TEST_F(AuditLogTest, keeps_a_hostile_name_in_its_line) {
    auto entry = replace_of("a\nb\"}\x1b[2J");
    auto log = open();
    log.record(entry);
    ASSERT_THAT(lines(), SizeIs(1));
    EXPECT_EQ(Json::parse(lines()[0])["layer"], entry.layer);
}

TEST_F(AuditLogTest, is_written_by_many_threads) {
    {
        auto log = open();
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                for (int j = 0; j < 20; ++j) {
                    log.record(replace_of("kenya"));
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
    }
    EXPECT_EQ(check().lines, 160U);
    EXPECT_THAT(check().problems, IsEmpty());
}

TEST_F(AuditLogTest, is_shown_and_verified_by_its_command) {
    record("kenya");
    record("os\x1bm");
    const auto depot = folder_.path().string();
    const auto audit = program("offgrid-sync");

    const auto table = run({audit, "audit", depot});
    EXPECT_EQ(table.exit_code, 0) << table.err;
    EXPECT_THAT(table.out,
                AllOf(HasSubstr("2026-05-01T12:00:30Z  anna"), HasSubstr("10.0.0.7"),
                      HasSubstr("replace"), HasSubstr("kenya"), HasSubstr("generation 7"),
                      HasSubstr("2 files  done"), testing::Not(HasSubstr("\x1b"))));
    EXPECT_EQ(run({audit, "audit", depot, "--json"}).out, read_text(folder_ / "audit.log"));
    const auto intact = run({audit, "audit", depot, "--verify"});
    EXPECT_EQ(intact.exit_code, 0);
    EXPECT_THAT(intact.out, AllOf(HasSubstr("2 lines, intact"), HasSubstr(check().last_sha256)));

    write_lines({lines()[1]});
    const auto broken = run({audit, "audit", depot, "--verify"});
    EXPECT_EQ(broken.exit_code, 3);
    EXPECT_THAT(broken.err, HasSubstr("line 1"));
    EXPECT_EQ(run({audit, "audit", depot + "/none"}).exit_code, 1);
}

}  // namespace
}  // namespace offgrid::test
