#include "sync/replace_service.h"

#include "serve/open_layers.h"
#include "sync/depot_service.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/archives.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <atomic>
#include <future>
#include <utility>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// Long enough for a busy machine; what is waited for takes a tenth of a second.
constexpr auto soon = 2s;

/// Holds whoever takes the step of a name, until it is let go.
class Gate {
public:
    FaultyFileOps& files() { return files_; }

    void close_at(const std::string& name) { name_ = name; }
    void wait_until_reached() { reached_.get_future().wait(); }
    void open() { opened_.set_value(); }

private:
    void visit(FaultyFileOps::When when, std::string_view name) {
        if (when == FaultyFileOps::When::before && name == name_ && !is_reached_.exchange(true)) {
            reached_.set_value();
            opened_.get_future().wait();
        }
    }

    std::string name_;
    std::atomic<bool> is_reached_ = false;
    std::promise<void> reached_;
    std::promise<void> opened_;
    FaultyFileOps files_{
        [this](FaultyFileOps::When when, int, std::string_view name) { visit(when, name); }};
};

class ReplaceServiceTest : public testing::Test {
protected:
    std::future<ReplaceReport> start(const fs::path& file) {
        auto staging = service_.new_staging();
        fs::copy_file(file, staging.path() / "upload");
        return std::async(std::launch::async, [this, moved = std::move(staging)]() mutable {
            const Upload upload{moved.path() / "upload", ""};
            return service_.replace({.layer = "kenya", .destination = "z01-0-1.sqlite3"}, upload,
                                    std::move(moved));
        });
    }

    /// Changes the layer on a thread of its own, and is held the first time that it is asked what
    /// to change, until `go_on`.
    struct HeldChange {
        HeldChange(ReplaceService& service, const std::string& removed) {
            report = std::async(std::launch::async, [this, &service, removed] {
                return service.change(
                    service.new_staging(),
                    [this, removed](ReplaceTransaction& replace, const Checkpoint&) {
                        if (++calls == 1) {
                            reached.set_value();
                            go_on.get_future().wait();
                        }
                        replace.remove_file("kenya", removed);
                    },
                    {.audit = {.who = {.name = "ann"}, .action = "truncate", .layer = "kenya"}});
            });
            reached.get_future().wait();
        }

        std::atomic<int> calls = 0;
        std::promise<void> reached;
        std::promise<void> go_on;
        std::future<ReplaceReport> report;
    };

    std::string word(const TileKey& key) const {
        return word_in(layers_.acquire()->find("kenya")->tiles->get(key));
    }

    /// Where the file of the north-western quarter is stored.
    fs::path north_west() const {
        return depot_.stored_path(
            "kenya", *depot_.load_current().layers.at("kenya").find("z01-0-1.sqlite3"));
    }

    /// Write other tiles over that file. Returns what it was.
    std::string damage_north_west() const {
        auto whole = read_text(north_west());
        fs::copy_file(folder_ / "new.sqlite", north_west(), fs::copy_options::overwrite_existing);
        EXPECT_EQ(word({1, 0, 0}), "new") << "what damaged it";
        return whole;
    }

    std::string last_audit_line() const {
        const auto text = read_text(folder_ / "depot/audit.log");
        return text.substr(text.rfind('\n', text.size() - 2) + 1);
    }

    static void expect_interrupted(std::future<ReplaceReport>& replace) {
        ASSERT_EQ(replace.wait_for(soon), std::future_status::ready);
        EXPECT_THAT([&] { replace.get(); }, throws(Errc::interrupted, HasSubstr("ending")));
    }

    TempFolder folder_;
    Gate gate_;
    Depot depot_ = [&] {
        install(folder_ / "depot", "kenya", "z0: top z1: old");
        write_mbtiles(folder_ / "new.sqlite", draw("z1: new"));
        return Depot{folder_ / "depot"};
    }();
    std::unique_ptr<sqlite::MbtilesPool> pool_ = sqlite::make_mbtiles_pool(8);
    Live<LayerSet> layers_{open_generation(depot_, depot_.load_current(), *pool_)};
    AuditLog audit_{posix_file_ops(), depot_.root(), [](std::string_view) {}};
    ReplaceService service_{gate_.files(), depot_, *pool_,
                            layers_,       audit_, {.limits = {}, .sources = SourceRoots{{}}}};
};

TEST_F(ReplaceServiceTest, that_is_stopped_ends_who_waits_for_the_turn_and_finishes_a_commit) {
    gate_.close_at("rename");
    auto committing = start(folder_ / "new.sqlite");
    gate_.wait_until_reached();
    auto waiting = start(folder_ / "new.sqlite");

    service_.stop();

    expect_interrupted(waiting);
    gate_.open();
    EXPECT_EQ(committing.get().generation, 2U);
}

// RX-10
TEST_F(ReplaceServiceTest, lets_a_rollback_pass_while_an_upload_is_verified) {
    HeldChange change{service_, "z01-0-1.sqlite3"};
    DepotService depot_service{service_.served(), audit_};

    EXPECT_EQ(depot_service.rollback(0, {}).generation, 0U);

    change.go_on.set_value();
    EXPECT_THAT([&] { change.report.get(); }, throws(Errc::not_found, HasSubstr("kenya")))
        << "what it was verified against is gone";
}

TEST_F(ReplaceServiceTest, does_not_verify_again_where_another_layer_has_changed) {
    HeldChange change{service_, "z01-0-1.sqlite3"};
    auto uganda = depot_.load_current().layers.at("kenya");
    uganda.layer = "uganda";
    uganda.files = {};
    service_.change(
        service_.new_staging(),
        [&](ReplaceTransaction& replace, const Checkpoint&) { replace.declare_layer(uganda); },
        {.audit = {.layer = "uganda"}});

    change.go_on.set_value();

    EXPECT_EQ(change.report.get().generation, 3U);
    EXPECT_EQ(change.calls, 1);
    const auto current = depot_.load_current();
    EXPECT_TRUE(current.layers.contains("uganda"));
    EXPECT_EQ(current.layers.at("kenya").find("z01-0-1.sqlite3"), nullptr);
}

TEST_F(ReplaceServiceTest, changes_again_what_another_one_has_changed_meanwhile) {
    HeldChange change{service_, "z01-0-1.sqlite3"};
    service_.change(service_.new_staging(),
                    [&](ReplaceTransaction& replace, const Checkpoint&) {
                        replace.remove_file(
                            "kenya", depot_.load_current().layers.at("kenya").files.begin()->name);
                    },
                    {.audit = {.layer = "kenya"}});

    change.go_on.set_value();

    EXPECT_EQ(change.report.get().generation, 3U);
    EXPECT_EQ(change.calls, 2);
    EXPECT_TRUE(depot_.load_current().layers.at("kenya").files.empty());
}

TEST_F(ReplaceServiceTest, enters_a_change_into_the_audit_log_before_it_tells_of_it) {
    std::string line;
    service_.change(service_.new_staging(),
                    [](ReplaceTransaction& replace, const Checkpoint&) {
                        replace.remove_file("kenya", "z01-0-1.sqlite3");
                    },
                    {.audit = {.who = {.name = "ann"},
                               .from = "10.0.0.7",
                               .action = "truncate",
                               .layer = "kenya"},
                     .on_served = [&](const ReplaceReport&) { line = last_audit_line(); }});
    for (const auto* const part :
         {R"("who":"ann")", R"("from":"10.0.0.7")", R"("action":"truncate")", R"("layer":"kenya")",
          R"("generation":2)", R"("outcome":"done")", R"("name":"z01-0-1.sqlite3")"}) {
        EXPECT_THAT(line, HasSubstr(part));
    }
}

TEST_F(ReplaceServiceTest, does_not_make_current_what_it_cannot_serve) {
    const auto written = folder_ / "depot/generations/000002.json";
    FaultyFileOps files{[&](FaultyFileOps::When when, int, std::string_view name) {
        if (when == FaultyFileOps::When::after && name == "sync_directory") {
            fs::remove(written);  // so that no lease can be had on it
        }
    }};
    ReplaceService service{files,   depot_, *pool_,
                           layers_, audit_, {.limits = {}, .sources = SourceRoots{{}}}};

    EXPECT_THAT(
        [&] {
            service.change(service.new_staging(),
                           [](ReplaceTransaction& replace, const Checkpoint&) {
                               replace.remove_file("kenya", "z01-0-1.sqlite3");
                           },
                           {.audit = {.action = "truncate", .layer = "kenya"}});
        },
        throws(Errc::io, HasSubstr("000002.json")));

    EXPECT_EQ(depot_.current_number(), 1U);
    EXPECT_EQ(layers_.acquire()->generation(), 1U);
    EXPECT_THAT(last_audit_line(), HasSubstr(R"("outcome":"io: )"));
}

// RX-01
TEST_F(ReplaceServiceTest, serves_a_repaired_file_at_once) {
    const auto whole = damage_north_west();
    write_file(folder_ / "whole.sqlite", whole);

    const auto report = start(folder_ / "whole.sqlite").get();

    EXPECT_EQ(report.generation, 1U);
    EXPECT_EQ(word({1, 0, 0}), "old");
}

TEST_F(ReplaceServiceTest, serves_a_repaired_file_also_where_the_repair_failed_at_first) {
    const auto whole = damage_north_west();
    bool is_failing = true;
    FaultyFileOps files{[&](FaultyFileOps::When when, int, std::string_view name) {
        if (when == FaultyFileOps::When::after && name == "rename" &&
            std::exchange(is_failing, false)) {
            throw Error{Errc::io, "the disk is away"};
        }
    }};
    ReplaceService service{files,   depot_, *pool_,
                           layers_, audit_, {.limits = {}, .sources = SourceRoots{{}}}};
    const auto repair = [&] {
        auto staging = service.new_staging();
        const Upload upload{staging.path() / "upload", ""};
        write_file(upload.path, whole);
        service.replace({.layer = "kenya", .destination = "z01-0-1.sqlite3"}, upload,
                        std::move(staging));
    };

    EXPECT_THAT(repair, throws(Errc::io, HasSubstr("the disk is away")));
    repair();

    EXPECT_EQ(word({1, 0, 0}), "old");
}

TEST_F(ReplaceServiceTest, changes_a_depot_that_has_lost_the_file_of_its_current_generation) {
    const auto stored = north_west();
    fs::copy_file(stored, folder_ / "same.sqlite");
    fs::remove(depot_.generation_path(1));

    const auto report = start(folder_ / "same.sqlite").get();

    EXPECT_EQ(report.generation, 2U);
    EXPECT_EQ(layers_.acquire()->generation(), 2U);
    EXPECT_EQ(depot_.load_current().number, 2U) << "what a restart does";
    EXPECT_EQ(word({1, 0, 0}), "old");
}

TEST_F(ReplaceServiceTest, does_not_wait_for_readers_where_nothing_has_changed) {
    const auto stored = north_west();
    fs::copy_file(stored, folder_ / "same.sqlite");
    const auto reader = layers_.acquire();

    const auto report = start(folder_ / "same.sqlite").get();

    EXPECT_TRUE(report.drain.is_complete);
    EXPECT_EQ(layers_.statistics().swaps, 0U);
}

TEST_F(ReplaceServiceTest, leaves_the_processor_to_those_who_serve) {
    int priority = 0;
    std::async(std::launch::async, [&] {
        service_.change(service_.new_staging(),
                        [&](ReplaceTransaction&, const Checkpoint&) {
                            priority = ::getpriority(PRIO_PROCESS, 0);
                        },
                        {.is_dry_run = true});
    }).get();
    EXPECT_GE(priority, 10);
}

TEST_F(ReplaceServiceTest, that_is_stopped_ends_who_unpacks) {
    write_archive(
        folder_ / "large.zip", ArchiveKind::zip,
        {{"z01-0-1.sqlite3", read_text(folder_ / "new.sqlite")}, {"z01-1-1.sqlite3", "more"}});
    gate_.close_at("append");
    auto unpacking = start(folder_ / "large.zip");
    gate_.wait_until_reached();

    service_.stop();
    gate_.open();

    expect_interrupted(unpacking);
    EXPECT_EQ(depot_.current_number(), 1U);
    EXPECT_TRUE(names_below(folder_ / "depot/staging").empty());
}

TEST_F(ReplaceServiceTest, tells_of_a_reader_that_does_not_end_and_does_not_wait_for_it) {
    ReplaceService service{
        gate_.files(), depot_, *pool_,
        layers_,       audit_, {.limits = {}, .sources = SourceRoots{{}}, .drain_timeout = 50ms}};
    DepotService depot_service{service.served(), audit_};
    const auto replace = [&] {
        auto staging = service.new_staging();
        fs::copy_file(folder_ / "new.sqlite", staging.path() / "upload");
        const Upload upload{staging.path() / "upload", ""};
        return service.replace({.layer = "kenya", .destination = "z01-0-1.sqlite3"}, upload,
                               std::move(staging));
    };
    auto reader = layers_.acquire();

    const auto report = replace();

    EXPECT_FALSE(report.drain.is_complete);
    EXPECT_EQ(report.drain.leases, 1U);
    EXPECT_GE(report.drain.waited, 50ms);
    ASSERT_EQ(depot_service.status().draining.size(), 1U);
    EXPECT_EQ(depot_service.status().draining.front().generation, 1U);
    EXPECT_TRUE(reader->find("kenya")->tiles->get({1, 0, 0}).has_value());
    EXPECT_EQ(layers_.acquire()->generation(), 2U);

    reader.reset();

    EXPECT_TRUE(depot_service.status().draining.empty());
    EXPECT_TRUE(replace().drain.is_complete);
}

// RX-10
TEST_F(ReplaceServiceTest, keeps_what_is_served_when_it_cannot_go_back) {
    DepotService depot_service{service_.served(), audit_};
    EXPECT_THAT([&] { depot_service.rollback(7, {}); }, throws(Errc::not_found, HasSubstr("7")));
    EXPECT_THAT([&] { depot_service.prune(0, PruneMode::remove, {}); },
                throws(Errc::invalid_argument, HasSubstr("at least")));
    EXPECT_EQ(layers_.acquire()->generation(), 1U);
}

// RP-10
TEST_F(ReplaceServiceTest, refuses_a_layer_that_is_kept_in_another_kind_of_store) {
    ReplaceService service{
        gate_.files(),
        depot_,
        *pool_,
        layers_,
        audit_,
        {.limits = {},
         .sources = SourceRoots{{}},
         .is_kept_elsewhere = [](const std::string& layer) { return layer == "s3"; }}};
    const auto replace = [&](const std::string& layer) {
        auto staging = service.new_staging();
        fs::copy_file(folder_ / "new.sqlite", staging.path() / "upload");
        const Upload upload{staging.path() / "upload", ""};
        service.replace({.layer = layer, .destination = "z01-0-1.sqlite3"}, upload,
                        std::move(staging));
    };

    EXPECT_THAT([&] { replace("s3"); }, throws(Errc::invalid_argument, HasSubstr("'s3'")));
    EXPECT_THAT([&] { replace("atlantis"); }, throws(Errc::not_found, HasSubstr("unknown layer")));
}

}  // namespace
}  // namespace offgrid::test
