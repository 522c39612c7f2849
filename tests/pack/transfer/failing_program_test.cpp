#include "formats/sqlite/sqlite.h"
#include "tests/pack/transfer/transfer_program.h"
#include "tests/support/hot_journal.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <regex>
#include <thread>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FailingTransferProgram : public TransferProgram {
protected:
    /// Copy some tiles of the source and not all, keeping the journal.
    void stop_early(const std::string& destination, std::vector<std::string> more) {
        more.insert(more.begin(),
                    {"source.mbtiles", destination, "--rate-limit", "5", "--progress-json"});
        Process process{command(more), options()};
        static const std::regex some_tiles{R"("tiles":[1-9])"};
        while (process.is_running() && !std::regex_search(process.output(), some_tiles)) {
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        EXPECT_EQ(process.stop(SIGTERM), 130);
    }

    nlohmann::json json_of(const std::vector<std::string>& words) const {
        const auto result = transfer(words);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return nlohmann::json::parse(result.out);
    }
};

TEST_F(FailingTransferProgram, keeps_a_journal_that_is_named_without_a_folder) {
    const auto result = transfer({"source.mbtiles", "out.mbtiles", "--journal", "j"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(tiles_in("out.mbtiles"), tiles_in("source.mbtiles"));
}

TEST_F(FailingTransferProgram, refuses_the_journal_of_another_transfer) {
    stop_early("out.mbtiles", {"--journal", "j"});
    write_mbtiles(folder / "other.mbtiles", draw("z0: o"));

    const auto other = transfer({"other.mbtiles", "out.mbtiles", "--journal", "j"});

    EXPECT_EQ(other.exit_code, 2);
    EXPECT_THAT(other.err, AllOf(HasSubstr("SRC"), HasSubstr("--restart")));
}

TEST_F(FailingTransferProgram, begins_anew_when_the_source_file_was_replaced) {
    stop_early("out.mbtiles", {});
    write_mbtiles(folder / "new.mbtiles", draw("z0: n z1: e w"));
    fs::rename(folder / "new.mbtiles", folder / "source.mbtiles");

    const auto result = transfer({"source.mbtiles", "out.mbtiles", "--rate-limit", "5", "--json"});

    EXPECT_THAT(result.err, HasSubstr("beginning anew"));
    EXPECT_EQ(nlohmann::json::parse(result.out)["tiles"], 3);
}

TEST_F(FailingTransferProgram, shows_only_what_a_former_run_has_left) {
    stop_early("out.mbtiles", {});
    const auto left = json_of({"source.mbtiles", "out.mbtiles", "--dry-run", "--json"});
    EXPECT_LT(left["tiles"], 19);
    const auto done = json_of({"source.mbtiles", "out.mbtiles", "--json"});
    EXPECT_EQ(left["tiles"], done["tiles"]);
}

TEST_F(FailingTransferProgram, shows_only_what_is_missing) {
    write_mbtiles(folder / "part.mbtiles", draw("z1: older"));
    EXPECT_EQ(
        json_of({"source.mbtiles", "part.mbtiles", "--missing", "--dry-run", "--json"})["tiles"],
        18);
}

TEST_F(FailingTransferProgram, goes_on_after_a_kill_in_the_midst_of_a_commit) {
    stop_early("mapcache.xml#dims", {});
    leave_hot_journal(folder / "dims.sqlite3");

    const auto result = transfer({"source.mbtiles", "mapcache.xml#dims"});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("going on after"));
    EXPECT_EQ(transfer({"mapcache.xml#dims", "back.mbtiles"}).exit_code, 0);
    EXPECT_EQ(tiles_in("back.mbtiles"), tiles_in("source.mbtiles"));
}

TEST_F(FailingTransferProgram, copies_the_other_files_when_one_is_damaged) {
    ASSERT_EQ(transfer({"source.mbtiles", "mapcache.xml#t"}).exit_code, 0);
    write_file(folder / "ztop/z2-3-0.sqlite3", std::string(5000, 'x'));

    const auto result =
        transfer({"mapcache.xml#t", "back.mbtiles", "--failed-log", "log", "--json"});

    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_THAT(result.err, HasSubstr("z2-3-0.sqlite3"));
    EXPECT_THAT(read_text(folder / "log"), HasSubstr("z2-3-0.sqlite3"));
    EXPECT_EQ(nlohmann::json::parse(result.out)["failed"], 1);
    EXPECT_THAT(tiles_in("back.mbtiles"), testing::SizeIs(18));
}

TEST_F(FailingTransferProgram, tells_of_a_destination_of_another_schema_in_one_line) {
    {
        sqlite::Db db{folder / "dims.sqlite3", sqlite::OpenMode::update};
        db.execute("CREATE TABLE other(x)");
    }
    const auto result = transfer({"source.mbtiles", "mapcache.xml#dims", "--json"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, AllOf(HasSubstr("dims.sqlite3"), Not(HasSubstr("tiles failed"))));
    EXPECT_EQ(nlohmann::json::parse(result.out)["failed"], 0);
}

TEST_F(FailingTransferProgram, gives_options_to_the_side_that_has_them_and_refuses_the_rest) {
    EXPECT_EQ(
        transfer({"mapcache.xml#t", "mapcache.xml#dims", "--dim", "v=v2", "--zoom", "0"}).exit_code,
        0);
    EXPECT_EQ(transfer({"mapcache.xml#t", "out.mbtiles", "--dim", "v=v2"}).exit_code, 2);
    const auto twice =
        transfer({"mapcache.xml#t", "mapcache.xml#dims", "--dim", "v=v1", "--dim", "v=v2"});
    EXPECT_EQ(twice.exit_code, 2);
    EXPECT_THAT(twice.err, HasSubstr("twice"));
    const auto value = transfer({"mapcache.xml#t", "mapcache.xml#dims", "--dim", "v=v3"});
    EXPECT_EQ(value.exit_code, 2) << "a bad value is not left out";
}

TEST_F(FailingTransferProgram, refuses_a_source_that_is_the_destination_by_another_name) {
    fs::create_symlink("mapcache.xml", folder / "link.xml");
    fs::create_hard_link(folder / "source.mbtiles", folder / "hard.mbtiles");
    for (const auto& [source, destination] : {std::pair{"source.mbtiles", "hard.mbtiles"},
                                              {"source.mbtiles", "mapcache.xml#linked"},
                                              {"mapcache.xml#t", "link.xml#t"}}) {
        const auto result = transfer({source, destination});
        EXPECT_EQ(result.exit_code, 2) << destination;
        EXPECT_THAT(result.err, HasSubstr("are both")) << destination;
    }
}

TEST_F(FailingTransferProgram, refuses_to_encode_to_another_format_than_the_declared_one) {
    const auto result = transfer({"source.mbtiles", "mapcache.xml#jpeg", "--reencode", "png"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, AllOf(HasSubstr("png"), HasSubstr("jpg")));
    const auto copied = transfer({"source.mbtiles", "out/{z}/{x}/{y}.jpg"});
    EXPECT_EQ(copied.exit_code, 0);
    EXPECT_THAT(copied.err, HasSubstr("declared as jpg"));
}

TEST_F(FailingTransferProgram, retries_only_tiles_that_the_destination_takes) {
    write_file(folder / "failed", "1/0/0\tx\n2/0/0\tx\n");
    auto xml = read_text(folder / "mapcache.xml");
    const std::string whole = "<tileset name=\"jpeg\"><cache>dims</cache><grid>";
    xml.replace(xml.find(whole), whole.size(),
                "<tileset name=\"jpeg\"><cache>dims</cache><grid maxzoom=\"1\">");
    write_file(folder / "mapcache.xml", xml);
    EXPECT_EQ(json_of({"source.mbtiles", "mapcache.xml#jpeg", "--retry-failed", "failed",
                       "--json"})["tiles"],
              1);
}

}  // namespace
}  // namespace offgrid::test
