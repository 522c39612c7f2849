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

#include <future>

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
    ReplaceService service_{
        gate_.files(), depot_, *pool_, layers_, {.limits = {}, .sources = SourceRoots{{}}}};
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
    ReplaceService service{gate_.files(),
                           depot_,
                           *pool_,
                           layers_,
                           {.limits = {}, .sources = SourceRoots{{}}, .drain_timeout = 50ms}};
    DepotService depot_service{service.served()};
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
    DepotService depot_service{service_.served()};
    EXPECT_THAT([&] { depot_service.rollback(7); }, throws(Errc::not_found, HasSubstr("7")));
    EXPECT_THAT([&] { depot_service.prune(0, PruneMode::remove); },
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
