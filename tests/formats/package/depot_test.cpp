#include "formats/package/depot.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <set>

namespace offgrid {
namespace {

using test::throws;
using testing::HasSubstr;

struct DepotTest : testing::Test {
    /// Put the files of the package in `folder` where the depot has them.
    void store_files_of(const Manifest& manifest) const {
        for (const auto& file : manifest.files) {
            const auto stored = depot.stored_path(manifest.layer, file);
            std::filesystem::create_directories(stored.parent_path());
            std::filesystem::copy(folder / "package" / file.name, stored);
        }
    }

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
    for (const auto* file :
         {"staging/work.txt", "files/photo.jpg", "manifests/deed.pdf", "notes.txt"}) {
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

TEST_F(DepotTest, keeps_what_a_generation_says_about_itself) {
    depot.create_if_missing(posix_file_ops());
    const auto manifest = test::write_package(folder / "package", "kenya", "z0: w z1: a");
    const Generation generation{.number = 3,
                                .layers = {{"kenya", manifest}},
                                .previous = 1,
                                .created = 1'763'731'000,
                                .author = "Ana \"the admin\" Müller",
                                .change = "replaced 1 file of layer 'kenya'",
                                .stored_bytes = 4096};
    depot.publish(posix_file_ops(), generation);

    EXPECT_EQ(depot.load(3), generation);
    const auto kept = depot.generations();
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0].number, 0U);
    EXPECT_FALSE(kept[0].is_current);
    EXPECT_TRUE(kept[1].is_current);
    EXPECT_EQ(kept[1].previous, 1U);
    EXPECT_EQ(kept[1].created, generation.created);
    EXPECT_EQ(kept[1].author, generation.author);
    EXPECT_EQ(kept[1].change, generation.change);
    EXPECT_EQ(kept[1].stored_bytes, 4096U);
    EXPECT_EQ(kept[1].totals, manifest.files.totals());
}

TEST_F(DepotTest, goes_back_and_forth_between_kept_generations) {
    depot.create_if_missing(posix_file_ops());
    const auto manifest = test::write_package(folder / "package", "kenya", "z0: w z1: a");
    store_files_of(manifest);
    for (const std::uint64_t number : {1, 2, 3}) {
        depot.publish(posix_file_ops(), {.number = number,
                                         .layers = {{"kenya", manifest}},
                                         .previous = number - 1,
                                         .created = static_cast<std::int64_t>(number)});
    }
    EXPECT_EQ(depot.previous_number(), 2U);

    EXPECT_EQ(depot.switch_to(posix_file_ops(), 1).created, 1);

    EXPECT_EQ(depot.current_number(), 1U);
    EXPECT_EQ(depot.load_current().created, 1);
    EXPECT_EQ(depot.previous_number(), 0U);
    EXPECT_EQ(depot.next_number(), 4U) << "a number is never used twice";
    EXPECT_EQ(depot.generations().size(), 4U);
    depot.switch_to(posix_file_ops(), 3);
    EXPECT_EQ(depot.current_number(), 3U);
    depot.switch_to(posix_file_ops(), 0);
    EXPECT_EQ(depot.previous_number(), std::nullopt);
}

/// What was rolled back from was bad: one step back must not lead there.
TEST_F(DepotTest, a_step_back_leads_to_what_the_current_generation_was_made_from) {
    depot.create_if_missing(posix_file_ops());
    for (const std::uint64_t number : {1, 2, 3}) {
        depot.publish(posix_file_ops(), {.number = number, .previous = number - 1});
    }
    depot.publish(posix_file_ops(), {.number = 4, .previous = 1});
    EXPECT_EQ(depot.previous_number(), 1U);
    std::filesystem::remove(depot.generation_path(1));
    EXPECT_EQ(depot.previous_number(), 0U);
}

TEST_F(DepotTest, remembers_the_highest_number_when_its_generation_is_gone) {
    depot.create_if_missing(posix_file_ops());
    depot.publish(posix_file_ops(), {.number = 1, .previous = 0});
    depot.publish(posix_file_ops(), {.number = 2, .previous = 1});
    depot.switch_to(posix_file_ops(), 0);
    std::filesystem::remove(depot.generation_path(1));
    std::filesystem::remove(depot.generation_path(2));
    EXPECT_EQ(depot.next_number(), 3U);
}

TEST_F(DepotTest, switches_to_no_generation_that_it_does_not_keep_or_never_served) {
    depot.create_if_missing(posix_file_ops());
    depot.publish(posix_file_ops(), {.number = 1});
    std::filesystem::copy(depot.generation_path(1), depot.generation_path(2));
    for (const std::uint64_t number : {2, 7}) {
        EXPECT_THAT([&] { depot.switch_to(posix_file_ops(), number); },
                    throws(Errc::not_found, HasSubstr("does not keep generation")));
    }
    EXPECT_EQ(depot.current_number(), 1U);
    EXPECT_EQ(depot.generations().size(), 2U);
}

TEST_F(DepotTest, switches_to_no_generation_that_is_damaged) {
    depot.create_if_missing(posix_file_ops());
    const auto manifest = test::write_package(folder / "package", "kenya", "z0: w z1: a");
    depot.publish(posix_file_ops(), {.number = 1, .layers = {{"kenya", manifest}}});
    depot.publish(posix_file_ops(), {.number = 2, .previous = 1});
    const auto& root = manifest.files.root()->sha256;
    test::write_file(depot.nodes().folder() / root, "damaged");
    EXPECT_THAT([&] { depot.switch_to(posix_file_ops(), 1); },
                throws(Errc::corrupt, HasSubstr(root)));
    EXPECT_EQ(depot.current_number(), 2U);
}

TEST_F(DepotTest, lists_a_generation_that_cannot_be_read_with_the_reason) {
    depot.create_if_missing(posix_file_ops());
    depot.publish(posix_file_ops(), {.number = 1});
    test::write_file(depot.generation_path(0), "half a gener");
    EXPECT_THAT(depot.generations().at(0).damage, HasSubstr("000000.json"));
    EXPECT_EQ(depot.generations().at(1).damage, "");
}

TEST_F(DepotTest, refuses_a_depot_of_an_earlier_form) {
    depot.create_if_missing(posix_file_ops());
    test::write_file(depot.generation_path(0), R"({"generation": 0, "layers": []})");
    EXPECT_THAT([&] { depot.load_current(); },
                throws(Errc::unsupported, HasSubstr("made by an earlier version of offgrid")));
    test::write_file(depot.generation_path(0), R"({"depot": 3, "generation": 0, "layers": []})");
    EXPECT_THAT([&] { depot.load_current(); },
                throws(Errc::unsupported, HasSubstr("format version 3")));
}

TEST_F(DepotTest, shares_what_a_generation_has_in_common_with_a_known_one) {
    depot.create_if_missing(posix_file_ops());
    const auto manifest = test::write_package(folder / "package", "kenya", "z0: w z1: a");
    depot.publish(posix_file_ops(), {.number = 1, .layers = {{"kenya", manifest}}});
    const auto known = depot.load_current();
    const auto again = depot.load_current(known);
    EXPECT_EQ(again.layers.at("kenya").files.root(), known.layers.at("kenya").files.root());
}

TEST_F(DepotTest, says_what_is_wrong_with_a_damaged_depot) {
    depot.create_if_missing(posix_file_ops());
    test::write_file(depot.root() / "CURRENT", "x\n");
    EXPECT_THAT([&] { depot.current_number(); },
                throws(Errc::corrupt, HasSubstr("CURRENT holds no number")));
    test::write_file(depot.root() / "CURRENT", "7\n");
    EXPECT_THAT([&] { depot.load_current(); }, throws(Errc::not_found, HasSubstr("000007.json")));
    test::write_file(depot.root() / "generations/000007.json", "{");
    EXPECT_THAT([&] { depot.load_current(); }, throws(Errc::corrupt, HasSubstr("000007.json")));
    test::write_file(depot.root() / "generations/000007.json", R"({"depot": 2})");
    EXPECT_THAT([&] { depot.load_current(); }, throws(Errc::corrupt, HasSubstr("000007.json")));
    std::filesystem::copy(depot.generation_path(0), depot.generation_path(8));
    EXPECT_THAT([&] { depot.load(8); }, throws(Errc::corrupt, HasSubstr("it is generation 0")));
    for (const auto* text : {"", "7\n6\n", "7\nx\n", "-1\n"}) {
        test::write_file(depot.root() / "CURRENT", text);
        EXPECT_THAT([&] { depot.current_number(); },
                    throws(Errc::corrupt, HasSubstr("CURRENT holds no number")))
            << text;
    }
}

TEST_F(DepotTest, is_changed_by_one_process_at_a_time) {
    {
        const DepotLock lock{depot};
        depot.create_if_missing(posix_file_ops());
        EXPECT_THAT([&] { DepotLock{depot}; }, throws(Errc::busy, HasSubstr("another process")));
    }
    EXPECT_NO_THROW(DepotLock{depot});
}

TEST_F(DepotTest, leases_no_generation_that_is_gone) {
    depot.create_if_missing(posix_file_ops());
    EXPECT_NO_THROW((GenerationLease{depot, 0}));
    EXPECT_THAT(
        [&] {
            (GenerationLease{depot, 5});
        },
        throws(Errc::not_found, HasSubstr("000005.json")));
}

}  // namespace
}  // namespace offgrid
