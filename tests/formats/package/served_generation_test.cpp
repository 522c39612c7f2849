#include "formats/package/served_generation.h"

#include "formats/package/prune.h"
#include "formats/package/replace.h"
#include "tests/support/errors.h"
#include "tests/support/grids.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::word_in;
using testing::ElementsAre;

const TileKey north_west_tile{1, 0, 0};

struct ServedGenerationTest : testing::Test {
    ServedGenerationTest() {
        depot.create_if_missing(posix_file_ops());
        install("kenya", "z0: w z1: old b / c d");
        install("uganda", "z0: u");
    }

    void install(const std::string& layer, std::string_view drawing,
                 const Manifest& like = {}) const {
        ReplaceTransaction replace{posix_file_ops(), depot};
        const auto package = replace.staging() / "package";
        replace.add_package(test::write_package(package, layer, drawing, like), package);
        replace.commit();
    }

    void replace_north_west(const std::string& word) const {
        ReplaceTransaction replace{posix_file_ops(), depot};
        test::write_mbtiles(replace.staging() / "upload", test::draw("z1: " + word));
        replace.add_file("kenya", "z01-0-1.sqlite3", replace.staging() / "upload");
        replace.commit();
    }

    std::shared_ptr<const ServedGeneration> open(const ServedGeneration* before = nullptr) {
        return ServedGeneration::open_current(depot, *pool, before);
    }

    static void read_all(const ServedGeneration& served) {
        for (const TileKey key : {TileKey{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 0, 1}, {1, 1, 1}}) {
            EXPECT_NE(word_in(served.reader("kenya")->get(key)), "(absent)");
        }
    }

    std::size_t open_files() const { return pool->statistics().open; }

    test::TempFolder folder;
    Depot depot{folder / "depot"};
    std::unique_ptr<sqlite::MbtilesPool> pool = sqlite::make_mbtiles_pool(16);
};

TEST_F(ServedGenerationTest, opens_no_file_before_a_tile_is_asked_for) {
    const auto served = open();
    EXPECT_EQ(open_files(), 0U);
    EXPECT_EQ(word_in(served->reader("kenya")->get(north_west_tile)), "old");
    EXPECT_EQ(open_files(), 1U);
}

TEST_F(ServedGenerationTest, has_layers_in_grids_of_their_own) {
    install("alps", test::swiss_drawing, {.grid = test::swiss_grid()});
    const auto before = open();
    install("uganda", "z0: v");
    const auto served = open(before.get());
    EXPECT_EQ(*served->generation().layers.at("alps").grid, *test::swiss_grid());
    const auto alps = served->reader("alps");
    EXPECT_EQ(alps, before->reader("alps")) << "one that differs in nothing is not opened again";

    ReplaceTransaction replace{posix_file_ops(), depot};
    test::write_mbtiles(replace.staging() / "upload", test::draw("z1@0,2: new"),
                        *test::swiss_grid());
    replace.add_file("alps", "z01-0-2.sqlite3", replace.staging() / "upload");
    replace.commit();

    EXPECT_EQ(word_in(alps->get({2, 7, 4})), "t");
    EXPECT_EQ(word_in(open()->reader("alps")->get({1, 0, 2})), "new");
}

TEST_F(ServedGenerationTest, the_next_one_goes_on_with_open_files_and_unchanged_layers) {
    auto first = open();
    read_all(*first);
    replace_north_west("new");
    const auto second = open(first.get());
    EXPECT_EQ(second->reader("uganda"), first->reader("uganda"));
    EXPECT_NE(second->reader("kenya"), first->reader("kenya"));
    EXPECT_EQ(second->generation().layers.at("uganda").files.root(),
              first->generation().layers.at("uganda").files.root());

    first.reset();

    EXPECT_EQ(open_files(), 4U) << "the four that the new one has too";
    EXPECT_EQ(word_in(second->reader("kenya")->get(north_west_tile)), "new");
    EXPECT_EQ(word_in(second->reader("kenya")->get({1, 1, 0})), "b");
    EXPECT_EQ(open_files(), 5U);
}

TEST_F(ServedGenerationTest, closes_the_files_of_the_last_one_that_names_them) {
    auto first = open();
    read_all(*first);
    install("uganda", "z0: v");
    auto second = open(first.get());  // names the same files of kenya
    replace_north_west("new");
    const auto third = open(second.get());
    ASSERT_EQ(open_files(), 5U);

    second.reset();
    EXPECT_EQ(open_files(), 5U) << "the first one may read it yet";
    EXPECT_EQ(word_in(first->reader("kenya")->get(north_west_tile)), "old");
    first.reset();
    EXPECT_EQ(open_files(), 4U);
}

TEST_F(ServedGenerationTest, closes_files_that_lie_behind_a_link) {
    std::filesystem::rename(depot.root() / "files", folder / "larger-disk");
    std::filesystem::create_directory_symlink(folder / "larger-disk", depot.root() / "files");
    auto first = open();
    read_all(*first);
    replace_north_west("new");
    const auto second = open(first.get());

    first.reset();

    EXPECT_EQ(open_files(), 4U);
}

TEST_F(ServedGenerationTest, closes_all_files_with_the_last_one) {
    auto first = open();
    read_all(*first);
    first.reset();
    EXPECT_EQ(open_files(), 0U);
}

TEST_F(ServedGenerationTest, closes_the_files_of_a_layer_that_is_gone) {
    auto first = open();
    read_all(*first);
    auto generation = first->generation();
    generation.layers.erase("kenya");
    generation.number = depot.next_number();
    depot.publish(posix_file_ops(), generation);
    const auto second = open(first.get());
    first.reset();
    EXPECT_EQ(open_files(), 0U);
}

// RX-11
TEST_F(ServedGenerationTest, a_thousand_generations_leave_no_file_open) {
    auto served = open();
    for (int round = 0; round < 1000; ++round) {
        auto generation = served->generation();
        auto& files = generation.layers.at("kenya").files;
        auto file = *files.find("z01-0-1.sqlite3");
        const auto stored = depot.stored_path("kenya", file);
        file.sha256 = std::string(60, '0') + std::to_string(1000 + round);
        std::filesystem::create_hard_link(stored, depot.stored_path("kenya", file));
        files = files.with(file);
        ++generation.number;
        depot.publish(posix_file_ops(), generation, served->generation());
        served = std::make_shared<const ServedGeneration>(depot, generation, *pool, served.get());
        read_all(*served);
        ASSERT_EQ(open_files(), 5U) << round;
    }
}

TEST_F(ServedGenerationTest, keeps_prune_away_from_what_it_serves) {
    auto first = open();
    replace_north_west("new");
    const auto second = open(first.get());
    EXPECT_THAT(prune(posix_file_ops(), depot, 1).in_use, ElementsAre(2));
    EXPECT_EQ(word_in(first->reader("kenya")->get(north_west_tile)), "old");
    first.reset();
    EXPECT_THAT(prune(posix_file_ops(), depot, 1).removed, ElementsAre(2));
    EXPECT_EQ(word_in(second->reader("kenya")->get(north_west_tile)), "new");
}

}  // namespace
}  // namespace offgrid
