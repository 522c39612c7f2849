#include "formats/package/replace.h"

#include "formats/base/hash.h"
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

TEST_F(ReplaceTransactionTest, takes_a_file_away) {
    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.remove_file("kenya", north_west_file);
    replace.commit();
    EXPECT_EQ(served(north_west_tile), "(absent)");
    EXPECT_EQ(served({1, 1, 0}), "b");
    ASSERT_EQ(replace.changes().size(), 1U);
    EXPECT_EQ(replace.changes()[0].new_sha256, std::nullopt);
    EXPECT_EQ(depot.load_current().change, "removed 1 file of layer 'kenya'");
}

TEST_F(ReplaceTransactionTest, takes_away_no_file_that_is_not_there) {
    ReplaceTransaction replace{posix_file_ops(), depot};
    EXPECT_THAT([&] { replace.remove_file("kenya", "z01-7-7.sqlite3"); },
                throws(Errc::not_found, HasSubstr("layer 'kenya' has no file 'z01-7-7.sqlite3'")));
    EXPECT_THAT([&] { replace.remove_file("nowhere", north_west_file); },
                throws(Errc::not_found, HasSubstr("unknown layer 'nowhere'")));
}

TEST_F(ReplaceTransactionTest, stores_no_file_that_was_added_and_taken_away) {
    ReplaceTransaction replace{posix_file_ops(), depot};
    const auto before = test::names_below(depot.root() / "files");
    replace.add_file("kenya", north_west_file, stage(replace, "z1: new"));
    replace.remove_file("kenya", north_west_file);
    replace.commit();
    EXPECT_EQ(test::names_below(depot.root() / "files"), before);
    EXPECT_EQ(served(north_west_tile), "(absent)");
}

TEST_F(ReplaceTransactionTest, declares_a_layer_without_tiles_that_takes_files_later) {
    auto manifest = depot.load_current().layers.at("kenya");
    manifest.layer = "uganda";
    manifest.files = {};
    {
        ReplaceTransaction replace{posix_file_ops(), depot};
        replace.declare_layer(manifest);
        replace.commit();
    }
    EXPECT_EQ(depot.load_current().layers.at("uganda"), manifest);
    EXPECT_EQ(depot.load_current().change, "declared layer 'uganda'");
    EXPECT_EQ(served(north_west_tile, "uganda"), "(absent)");

    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.add_file("uganda", north_west_file, stage(replace, "z1: new"));
    replace.commit();
    EXPECT_EQ(served(north_west_tile, "uganda"), "new");
}

TEST_F(ReplaceTransactionTest, declares_no_layer_that_is_there_or_cannot_be) {
    const auto kenya = depot.load_current().layers.at("kenya");
    ReplaceTransaction replace{posix_file_ops(), depot};
    EXPECT_THAT([&] { replace.declare_layer(kenya); },
                throws(Errc::already_exists, HasSubstr("a layer 'kenya' already")));
    auto manifest = kenya;
    manifest.layer = "uganda";
    EXPECT_THAT([&] { replace.declare_layer(manifest); },
                throws(Errc::invalid_argument, HasSubstr("without files")));
    manifest.files = {};
    manifest.layer = "../uganda";
    EXPECT_THAT([&] { replace.declare_layer(manifest); },
                throws(Errc::invalid_argument, HasSubstr("'../uganda'")));
    manifest.layer = "uganda";
    manifest.pyramids.clear();
    EXPECT_THAT([&] { replace.declare_layer(manifest); },
                throws(Errc::invalid_argument, HasSubstr("'pyramids'")));
}

TEST_F(ReplaceTransactionTest, goes_on_only_from_the_file_that_the_caller_expects) {
    const auto sha256 = depot.load_current().layers.at("kenya").find(north_west_file)->sha256;
    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.add_file("kenya", north_west_file, stage(replace, "z1: new"));
    replace.expect("kenya", north_west_file, sha256);
    replace.expect("kenya", "z01-7-7.sqlite3", std::nullopt);
    replace.expect("nowhere", north_west_file, std::nullopt);
    EXPECT_THAT([&] { replace.expect("kenya", north_west_file, std::string(64, '0')); },
                throws(Errc::stale, HasSubstr("has SHA-256 " + sha256)));
    EXPECT_THAT([&] { replace.expect("kenya", north_west_file, std::nullopt); },
                throws(Errc::stale, HasSubstr("has SHA-256")));
    EXPECT_THAT([&] { replace.expect("nowhere", north_west_file, sha256); },
                throws(Errc::stale, HasSubstr("does not exist")));
}

TEST_F(ReplaceTransactionTest, starts_from_a_generation_that_the_caller_has) {
    const auto current = depot.load_current();
    ReplaceTransaction replace{posix_file_ops(), depot, current, {posix_file_ops(), depot}};
    replace.add_file("kenya", north_west_file, stage(replace, "z1: new"));
    EXPECT_EQ(replace.commit().number, 2U);
    EXPECT_EQ(served(north_west_tile), "new");
}

TEST_F(ReplaceTransactionTest, does_not_commit_over_a_generation_it_did_not_see) {
    ReplaceTransaction late{posix_file_ops(), depot};
    late.add_file("kenya", north_west_file, stage(late, "z1: late"));
    install("uganda", "z0: u");
    EXPECT_THAT([&] { late.commit(); },
                throws(Errc::stale, HasSubstr("generation 2 has become current, in place of 1")));
    EXPECT_EQ(served(north_west_tile), "a");
}

TEST_F(ReplaceTransactionTest, says_who_changed_what_when_and_how_much_was_stored) {
    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.add_file("kenya", north_west_file, stage(replace, "z1: new"));
    const auto bytes = replace.changes().at(0).bytes;
    replace.remove_file("kenya", "z01-1-1.sqlite3");
    const auto generation = replace.commit({.author = "ana", .created = 1'763'731'000});
    EXPECT_EQ(generation.author, "ana");
    EXPECT_EQ(generation.created, 1'763'731'000);
    EXPECT_EQ(generation.change, "replaced 1 file, removed 1 file of layer 'kenya'");
    EXPECT_EQ(generation.stored_bytes, bytes);
    EXPECT_EQ(generation.previous, 1U);
    EXPECT_EQ(depot.load_current(), generation);
}

TEST_F(ReplaceTransactionTest, takes_the_number_after_the_highest_when_it_was_rolled_back) {
    install("uganda", "z0: u");
    depot.switch_to(posix_file_ops(), 1);
    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.add_file("kenya", north_west_file, stage(replace, "z1: new"));
    const auto generation = replace.commit();
    EXPECT_EQ(generation.number, 3U);
    EXPECT_EQ(generation.previous, 1U);
    EXPECT_FALSE(generation.layers.contains("uganda"));
    EXPECT_EQ(depot.previous_number(), 1U);
}

TEST_F(ReplaceTransactionTest, puts_a_file_again_where_what_is_stored_cannot_be_read) {
    const auto file = *depot.load_current().layers.at("kenya").find(north_west_file);
    const auto stored = depot.stored_path("kenya", file);
    ReplaceTransaction replace{posix_file_ops(), depot};
    std::filesystem::rename(stored, replace.staging() / "same");
    std::filesystem::create_symlink(stored, stored);  // a loop: reading it fails
    replace.add_file("kenya", north_west_file, replace.staging() / "same");

    EXPECT_EQ(replace.commit().number, 1U);

    EXPECT_THAT(replace.repaired(), testing::ElementsAre(stored));
    EXPECT_EQ(sha256_hex_of_file(stored), file.sha256);
}

TEST_F(ReplaceTransactionTest, refuses_what_would_exceed_the_quota_of_the_depot) {
    const auto before = totals_of(depot.load_current()).bytes;
    {
        ReplaceTransaction replace{posix_file_ops(), depot};
        const auto manifest =
            test::write_package(replace.staging() / "uganda", "uganda", "z0: u z1: v");
        replace.add_package(manifest, replace.staging() / "uganda");
        EXPECT_THAT([&] { replace.check_quota(before + 1); },
                    throws(Errc::too_large,
                           HasSubstr("the quota of the depot is " + std::to_string(before + 1))));
    }
    EXPECT_EQ(depot.current_number(), 1U);
    EXPECT_EQ(test::names_below(depot.root() / "files").front(), "kenya/");
    ReplaceTransaction replace{posix_file_ops(), depot};
    replace.remove_file("kenya", north_west_file);
    EXPECT_NO_THROW(replace.check_quota(1)) << "less than before";
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
        EXPECT_NO_THROW(depot.previous_number());
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
