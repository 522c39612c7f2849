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
    depot.create_if_missing(posix_file_ops());
    {
        const DepotLock lock{depot};
        EXPECT_THAT([&] { DepotLock{depot}; }, throws(Errc::busy, HasSubstr("another process")));
    }
    EXPECT_NO_THROW(DepotLock{depot});
}

}  // namespace
}  // namespace offgrid
