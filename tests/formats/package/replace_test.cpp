#include "formats/package/replace.h"

#include "formats/package/package_reader.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using test::draw;
using test::FaultyFileOps;
using test::throws;
using test::word_in;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* old_world = R"(z0: w
                                     z1: a b / c d)";
const TileKey north_west_tile{1, 0, 0};
const std::string north_west_file = "z01-0-1.sqlite3";  // names count rows from the south

struct ReplaceTransactionTest : testing::Test {
    ReplaceTransactionTest() { install("kenya", old_world); }

    /// Install a drawn package through a transaction of its own.
    Generation install(const std::string& layer, std::string_view drawing,
                       FileOps& files = posix_file_ops()) {
        depot.create_if_missing(files);
        ReplaceTransaction replace{files, depot};
        const auto manifest = test::write_package(replace.staging() / layer, layer, drawing);
        replace.add_package(manifest, replace.staging() / layer);
        return replace.commit();
    }

    /// Stage a file with one tile.
    static std::filesystem::path stage(const ReplaceTransaction& replace,
                                       std::string_view drawing) {
        test::write_mbtiles(replace.staging() / "upload", draw(drawing));
        return replace.staging() / "upload";
    }

    /// The word that the current generation serves at the address.
    std::string served(const TileKey& key, const std::string& layer = "kenya") const {
        const auto pool = sqlite::make_mbtiles_pool(4);
        const auto generation = depot.load_current();
        const auto& manifest = generation.layers.at(layer);
        const auto reader = open_package(
            manifest, [&](const PackageFile& file) { return depot.stored_path(layer, file); },
            *pool);
        return word_in(reader->get(key));
    }

    test::TempFolder folder;
    Depot depot{folder / "depot"};
};

TEST_F(ReplaceTransactionTest, installs_a_package_as_a_new_layer) {
    install("uganda", "z0: u z1: v");
    EXPECT_EQ(served({0, 0, 0}, "uganda"), "u");
    EXPECT_EQ(served(north_west_tile), "a");
    EXPECT_EQ(depot.current_number(), 2U);
}

TEST_F(ReplaceTransactionTest, replaces_one_file_and_leaves_the_others) {
    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.add_file("kenya", north_west_file, stage(replace, "z1: new"));
    const auto generation = replace.commit();

    EXPECT_EQ(generation.number, 2U);
    EXPECT_EQ(served(north_west_tile), "new");
    EXPECT_EQ(served({1, 1, 0}), "b");
    ASSERT_EQ(replace.changes().size(), 1U);
    EXPECT_TRUE(replace.changes()[0].old_sha256);
    EXPECT_EQ(replace.changes()[0].new_sha256,
              generation.layers.at("kenya").find(north_west_file)->sha256);
}

TEST_F(ReplaceTransactionTest, adds_a_file_that_the_layer_lacked) {
    install("kenya", "z0: w z1: a");
    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.add_file("kenya", "z01-1-0.sqlite3", stage(replace, "z1: . . / . new"));
    replace.commit();
    EXPECT_EQ(served({1, 1, 1}), "new");
    EXPECT_FALSE(replace.changes()[0].old_sha256);
}

TEST_F(ReplaceTransactionTest, a_whole_package_takes_away_the_files_it_lacks) {
    install("kenya", "z0: w z1: a");
    EXPECT_EQ(served(north_west_tile), "a");
    EXPECT_EQ(served({1, 1, 0}), "(absent)");
}

TEST_F(ReplaceTransactionTest, leaves_the_generation_when_nothing_differs) {
    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.add_file("kenya", north_west_file, [&] {
        std::filesystem::copy(
            depot.stored_path("kenya",
                              *depot.load_current().layers.at("kenya").find(north_west_file)),
            replace.staging() / "upload");
        return replace.staging() / "upload";
    }());
    EXPECT_EQ(replace.commit().number, 1U);
    EXPECT_EQ(served(north_west_tile), "a");
}

TEST_F(ReplaceTransactionTest, the_same_package_again_repairs_a_file_that_was_damaged) {
    const auto manifest = depot.load_current().layers.at("kenya");
    test::write_file(depot.stored_path("kenya", *manifest.find(north_west_file)), "damaged");
    EXPECT_EQ(install("kenya", old_world).number, 1U);
    EXPECT_EQ(served(north_west_tile), "a");
}

TEST_F(ReplaceTransactionTest, widens_the_bounds_to_tiles_that_lie_beyond_them) {
    test::TempFolder packages;
    auto manifest = test::write_package(packages / "uganda", "uganda", "z0: w z1: a");
    manifest.bounds = {-180, 10, -10, 80};
    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.add_package(manifest, packages / "uganda");
    replace.add_file("uganda", north_west_file, stage(replace, "z1: again"));
    EXPECT_EQ(replace.next().layers.at("uganda").bounds, (Box{-180, 10, -10, 80}));
    std::filesystem::remove(replace.staging() / "upload");
    replace.add_file("uganda", "z01-1-1.sqlite3", stage(replace, "z1: . east"));
    EXPECT_EQ(replace.next().layers.at("uganda").bounds.max_x, 180);
    EXPECT_EQ(replace.next().layers.at("uganda").bounds.min_x, -180);
}

TEST_F(ReplaceTransactionTest, goes_back_to_content_it_had_before) {
    for (const auto* word : {"z1: new", "z1: a", "z1: new"}) {
        ReplaceTransaction replace{posix_file_ops(), depot};
        replace.add_file("kenya", north_west_file, stage(replace, word));
        replace.commit();
    }
    EXPECT_EQ(served(north_west_tile), "new");
    EXPECT_EQ(depot.current_number(), 4U);
}

TEST_F(ReplaceTransactionTest, without_commit_nothing_changes_and_staging_is_swept) {
    {
        ReplaceTransaction replace{posix_file_ops(), depot};
        replace.add_file("kenya", north_west_file, stage(replace, "z1: new"));
    }
    EXPECT_EQ(served(north_west_tile), "a");
    EXPECT_TRUE(test::names_below(depot.staging()).empty());
}

TEST_F(ReplaceTransactionTest, refuses_an_unknown_layer_and_a_bad_file) {
    ReplaceTransaction replace{posix_file_ops(), depot};
    const auto staged = stage(replace, "z1: . misplaced");
    EXPECT_THAT([&] { replace.add_file("nowhere", north_west_file, staged); },
                throws(Errc::not_found, HasSubstr("unknown layer 'nowhere'")));
    EXPECT_THAT([&] { replace.add_file("kenya", north_west_file, staged); },
                throws(Errc::corrupt, HasSubstr("lies outside")));
    EXPECT_TRUE(replace.changes().empty());
}

TEST_F(ReplaceTransactionTest, one_bad_file_of_several_changes_nothing) {
    {
        ReplaceTransaction replace{posix_file_ops(), depot};
        replace.add_file("kenya", north_west_file, stage(replace, "z1: new"));
        test::write_file(replace.staging() / "other", "garbage");
        EXPECT_THROW(replace.add_file("kenya", "z01-1-1.sqlite3", replace.staging() / "other"),
                     Error);
    }
    EXPECT_EQ(served(north_west_tile), "a");
}

TEST_F(ReplaceTransactionTest, sweeping_removes_what_a_dead_transaction_left) {
    test::write_file(depot.staging() / "dead/upload", "half a fi");
    sweep_staging(posix_file_ops(), depot);
    EXPECT_TRUE(test::names_below(depot.staging()).empty());
}

/// A step that fails: the caller learns it, and the old generation or the new one is there, whole.
TEST_F(ReplaceTransactionTest, failing_at_any_step_leaves_the_old_or_the_new_generation) {
    for (int fail_at = 1;; ++fail_at) {
        install("kenya", old_world);
        const auto word = "new" + std::to_string(fail_at);  // what is stored already takes no steps
        bool has_failed = false;
        FaultyFileOps files{[&](FaultyFileOps::When when, int step, std::string_view name) {
            if (when == FaultyFileOps::When::before && step == fail_at) {
                has_failed = true;
                throw Error{Errc::no_space, std::string{name}};
            }
        }};
        try {
            ReplaceTransaction replace{files, depot};
            replace.add_file("kenya", north_west_file, stage(replace, "z1: " + word));
            replace.commit();
            EXPECT_EQ(served(north_west_tile), word) << "failed at " << fail_at;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Errc::no_space);
            EXPECT_THAT(served(north_west_tile), testing::AnyOf("a", word))
                << "failed at " << fail_at;
        }
        EXPECT_EQ(served({1, 1, 0}), "b");
        if (!has_failed) {
            EXPECT_GE(fail_at, 15) << "a replace takes a handful of steps";
            return;
        }
    }
}

TEST(Generation, the_next_number_follows_the_current_one_after_a_lost_publish) {
    const test::TempFolder folder;
    const Depot depot{folder / "depot"};
    depot.create_if_missing(posix_file_ops());
    test::write_file(depot.root() / "generations/000001.json", "half a gener");
    ReplaceTransaction replace{posix_file_ops(), depot};
    const auto manifest = test::write_package(replace.staging() / "kenya", "kenya", old_world);
    replace.add_package(manifest, replace.staging() / "kenya");
    EXPECT_EQ(replace.commit().number, 2U) << "a number is never used twice";
    EXPECT_EQ(depot.load_current().layers.size(), 1U);
}

}  // namespace
}  // namespace offgrid
