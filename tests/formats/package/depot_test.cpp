#include "formats/package/depot.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::throws;
using testing::HasSubstr;

struct DepotTest : testing::Test {
    test::TempFolder folder;
    Depot depot{folder / "depot"};
};

TEST_F(DepotTest, starts_empty_at_generation_0) {
    EXPECT_FALSE(Depot::is_depot(depot.root()));
    depot.create_if_missing(posix_file_ops());
    EXPECT_TRUE(Depot::is_depot(depot.root()));
    EXPECT_EQ(depot.load_current(), Generation{});
}

TEST_F(DepotTest, keeps_what_is_there_when_created_again) {
    depot.create_if_missing(posix_file_ops());
    depot.publish(posix_file_ops(), {.number = 1});
    depot.create_if_missing(posix_file_ops());
    EXPECT_EQ(depot.current_number(), 1U);
}

TEST_F(DepotTest, finishes_a_first_start_that_was_cut_short) {
    for (const auto* left :
         {"generations/000000.json", "generations/000000.json.new", "CURRENT.new", "LOCK"}) {
        const Depot cut{folder / left};
        std::filesystem::create_directories(cut.root() / "staging");
        test::write_file(cut.root() / left, "half");
        cut.create_if_missing(posix_file_ops());
        EXPECT_EQ(cut.load_current(), Generation{}) << left;
    }
}

/// Staging is swept at every start: someone's folder of that name must not be.
TEST_F(DepotTest, does_not_take_over_a_folder_of_something_else) {
    for (const auto* file : {"staging/work.txt", "files/photo.jpg", "notes.txt"}) {
        const Depot other{folder / file};
        test::write_file(other.root() / file, "mine");
        EXPECT_THAT([&] { other.create_if_missing(posix_file_ops()); },
                    throws(Errc::already_exists, HasSubstr("is no depot, and not empty")))
            << file;
        EXPECT_EQ(test::read_text(other.root() / file), "mine");
    }
}

TEST_F(DepotTest, does_not_start_afresh_when_current_is_lost) {
    depot.create_if_missing(posix_file_ops());
    depot.publish(posix_file_ops(), {.number = 1});
    std::filesystem::remove(depot.root() / "CURRENT");
    EXPECT_THAT([&] { depot.create_if_missing(posix_file_ops()); },
                throws(Errc::corrupt, HasSubstr("has lost its file CURRENT")));
}

TEST_F(DepotTest, numbers_no_generation_twice) {
    depot.create_if_missing(posix_file_ops());
    EXPECT_EQ(depot.next_number(), 1U);
    test::write_file(depot.root() / "generations/000007.json", "of a commit that was cut short");
    test::write_file(depot.root() / "generations/000009.json.new", "not even written");
    EXPECT_EQ(depot.next_number(), 8U);
}

TEST_F(DepotTest, a_published_generation_is_current_and_the_older_ones_stay) {
    depot.create_if_missing(posix_file_ops());
    const auto manifest = test::write_package(folder / "package", "sf:restricted", "z0: w z1: a");
    const Generation generation{.number = 1, .layers = {{"sf:restricted", manifest}}};

    depot.publish(posix_file_ops(), generation);

    EXPECT_EQ(depot.load_current(), generation);
    EXPECT_EQ(depot.load(0), Generation{});
}

TEST_F(DepotTest, stores_a_file_under_a_name_that_its_content_decides) {
    const PackageFile file{
        .name = "10/tiles_0_0.sqlite", .bytes = 1, .sha256 = std::string(64, 'a')};
    EXPECT_EQ(std::filesystem::relative(depot.stored_path("sf:restricted", file), depot.root()),
              "files/sf%3Arestricted/10/tiles_0_0." + std::string(64, 'a') + ".sqlite");
}

TEST_F(DepotTest, layers_of_any_name_get_folders_of_their_own) {
    const PackageFile file{.name = "a.sqlite", .bytes = 1, .sha256 = std::string(64, 'a')};
    std::set<std::filesystem::path> paths;
    for (const auto* layer : {"a", "A", ".a", "%2Ea", "a:b", "a_b", "a b", "..."}) {
        const auto path = depot.stored_path(layer, file);
        EXPECT_EQ(path.lexically_normal(), path) << layer;
        EXPECT_TRUE(paths.insert(path).second) << layer;
    }
}

TEST_F(DepotTest, stores_layers_of_any_length_that_a_name_may_have) {
    const PackageFile file{
        .name = std::string(170, 'n') + ".sqlite3", .bytes = 1, .sha256 = std::string(64, 'a')};
    std::string name;
    while (name.size() < 126) {
        name += "地";
    }
    const auto path = depot.stored_path(name, file);
    posix_file_ops().create_directories(path.parent_path());
    test::write_file(path, "stored");
    EXPECT_NE(depot.stored_path(name, file), depot.stored_path(name + "a", file));
}

TEST_F(DepotTest, says_what_is_wrong_with_a_damaged_depot) {
    depot.create_if_missing(posix_file_ops());
    test::write_file(depot.root() / "CURRENT", "x\n");
    EXPECT_THAT([&] { depot.current_number(); },
                throws(Errc::corrupt, HasSubstr("CURRENT holds no number")));
    test::write_file(depot.root() / "CURRENT", "7\n");
    EXPECT_THAT([&] { depot.load_current(); }, throws(Errc::not_found, HasSubstr("000007.json")));
    test::write_file(depot.root() / "generations/000007.json", "{}");
    EXPECT_THAT([&] { depot.load_current(); }, throws(Errc::corrupt, HasSubstr("000007.json")));
}

TEST_F(DepotTest, is_changed_by_one_process_at_a_time) {
    {
        const DepotLock lock{depot};
        depot.create_if_missing(posix_file_ops());
        EXPECT_THAT([&] { DepotLock{depot}; }, throws(Errc::busy, HasSubstr("another process")));
    }
    EXPECT_NO_THROW(DepotLock{depot});
}

}  // namespace
}  // namespace offgrid
