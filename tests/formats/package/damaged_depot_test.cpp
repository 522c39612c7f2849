#include "formats/package/depot.h"
#include "formats/package/prune.h"
#include "formats/package/replace.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using test::throws;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Generation 1 has the words first and b, 2 second and b, 3 third and b.
struct DamagedDepot : testing::Test {
    DamagedDepot() {
        depot.create_if_missing(posix_file_ops());
        for (const auto* word : {"first", "second", "third"}) {
            install(word);
        }
    }

    Generation install(const std::string& word, const Generation* current = nullptr) const {
        StagingFolder staging{posix_file_ops(), depot};
        ReplaceTransaction replace{posix_file_ops(), depot,
                                   current == nullptr ? depot.load_current() : *current,
                                   std::move(staging)};
        add(replace, word);
        return replace.commit();
    }

    static void add(ReplaceTransaction& replace, const std::string& word) {
        const auto package = replace.staging() / "package";
        replace.add_package(test::write_package(package, "kenya", "z0: w z1: " + word + " b"),
                            package);
    }

    std::vector<std::uint64_t> numbers(const GenerationWindow& window = {}) const {
        std::vector<std::uint64_t> all;
        for (const auto& some : depot.generations(window)) {
            all.push_back(some.number);
        }
        return all;
    }

    /// What the generation has and the current one has not.
    fs::path own_file_of(std::uint64_t number) const {
        fs::path own;
        const auto current = depot.load_current();
        depot.load(number).layers.at("kenya").files.visit_files_not_in(
            current.layers.at("kenya").files,
            [&](const PackageFile& file) { own = depot.stored_path("kenya", file); });
        return own;
    }

    test::TempFolder folder;
    Depot depot{folder / "depot"};
};

TEST_F(DamagedDepot, steps_back_over_generations_that_cannot_be_read) {
    test::write_file(depot.generation_path(3), "half a gener");
    EXPECT_EQ(depot.previous_number(), 2U);
    test::write_file(depot.generation_path(2), "half a gener");
    EXPECT_EQ(depot.previous_number(), 1U);
    depot.switch_to(posix_file_ops(), 1);
    EXPECT_EQ(depot.load_current().number, 1U);
    EXPECT_EQ(depot.next_number(), 4U);
}

TEST_F(DamagedDepot, goes_to_a_named_generation_without_knowing_the_current_one) {
    test::write_file(depot.root() / "CURRENT", "\x7F\x03");
    EXPECT_THAT(numbers(), ElementsAre(0, 1, 2, 3));
    EXPECT_EQ(depot.switch_to(posix_file_ops(), 2).number, 2U);
    EXPECT_EQ(depot.current_number(), 2U);
    EXPECT_EQ(depot.next_number(), 4U) << "a number is never used twice";

    fs::remove(depot.root() / "CURRENT");
    EXPECT_NO_THROW(DepotLock{depot});
    EXPECT_EQ(depot.switch_to(posix_file_ops(), 3).number, 3U);
    EXPECT_EQ(depot.current_number(), 3U);
}

TEST_F(DamagedDepot, makes_no_generation_current_whose_tile_files_are_not_there) {
    const auto file = own_file_of(2);
    const auto content = test::read_text(file);
    test::write_file(file, content.substr(0, content.size() - 1));
    EXPECT_THAT([&] { depot.switch_to(posix_file_ops(), 2); },
                throws(Errc::corrupt, AllOf(HasSubstr("generation 2 is damaged"),
                                            HasSubstr(file.string()), HasSubstr("bytes and not"))));
    fs::remove(file);
    EXPECT_THAT([&] { depot.switch_to(posix_file_ops(), 2, depot.load_current()); },
                throws(Errc::corrupt, HasSubstr("cannot be read")));
    EXPECT_EQ(depot.current_number(), 3U);
    EXPECT_EQ(depot.switch_to(posix_file_ops(), 1).number, 1U);
}

TEST_F(DamagedDepot, has_its_nodes_put_there_again_by_the_same_upload) {
    const auto in_memory = depot.load_current();
    for (const auto& name : test::names_below(depot.nodes().folder())) {
        test::write_file(depot.nodes().folder() / name, "damaged");
    }
    EXPECT_THAT([&] { depot.load_current(); }, throws(Errc::corrupt, HasSubstr("another hash")));

    install("third", &in_memory);

    EXPECT_EQ(depot.load_current(), in_memory);
}

TEST_F(DamagedDepot, writes_a_next_generation_by_the_same_upload_where_the_file_of_one_is_lost) {
    const auto in_memory = depot.load_current();
    fs::remove(depot.generation_path(3));
    EXPECT_EQ(install("third", &in_memory).number, 4U);
    const auto next = depot.load_current();
    EXPECT_EQ(next.layers, in_memory.layers);

    test::write_file(depot.generation_path(4), "half a gener");
    EXPECT_EQ(install("third", &next).number, 5U);
    EXPECT_EQ(depot.load_current().layers, in_memory.layers);
    EXPECT_EQ(install("third").number, 5U) << "nothing differs, and nothing is damaged";
}

/// A bad sector: reading fails. So does a link that leads to itself.
TEST_F(DamagedDepot, has_a_node_put_there_again_that_cannot_be_read) {
    const auto in_memory = depot.load_current();
    const auto node = depot.nodes().folder() / in_memory.layers.at("kenya").files.root()->sha256;
    fs::remove(node);
    fs::create_symlink(node, node);

    install("third", &in_memory);

    EXPECT_EQ(depot.load_current(), in_memory);
}

TEST_F(DamagedDepot, never_keeps_a_generation_that_was_refused) {
    {
        ReplaceTransaction refused{posix_file_ops(), depot};
        add(refused, "refused");
        ASSERT_EQ(refused.prepare().number, 4U);  // and CURRENT could not be written
    }
    EXPECT_THAT(numbers(), ElementsAre(0, 1, 2, 3));

    EXPECT_EQ(install("fifth").number, 5U);

    EXPECT_THAT(numbers(), ElementsAre(0, 1, 2, 3, 5));
    EXPECT_FALSE(depot.keeps(4));
    EXPECT_THAT([&] { depot.switch_to(posix_file_ops(), 4); },
                throws(Errc::not_found, HasSubstr("does not keep generation 4")));
    EXPECT_THAT(prune(posix_file_ops(), depot, 2).kept, ElementsAre(3, 5));
}

/// Between the look into the folder and the look at the file. So does a link that leads nowhere.
TEST_F(DamagedDepot, does_not_list_as_damaged_what_was_pruned_meanwhile) {
    fs::remove(depot.generation_path(1));
    fs::create_symlink("pruned", depot.generation_path(1));
    EXPECT_THAT(numbers(), ElementsAre(0, 2, 3));
}

TEST_F(DamagedDepot, lists_some_of_many_generations) {
    test::write_file(depot.generation_path(0), "half a gener");
    EXPECT_THAT(numbers({.limit = 2}), ElementsAre(2, 3));
    EXPECT_THAT(numbers({.before = 2, .limit = 1}), ElementsAre(1));
    EXPECT_THAT(numbers({.before = 2}), ElementsAre(0, 1));
}

TEST_F(DamagedDepot, may_be_named_with_a_slash_at_its_end) {
    const Depot same{depot.root().string() + "/"};
    EXPECT_EQ(same.root(), depot.root());
    ReplaceTransaction replace{posix_file_ops(), same};
    add(replace, "fourth");
    EXPECT_EQ(replace.commit().number, 4U);
}

TEST(DepotLock, leaves_nothing_in_a_folder_of_something_else) {
    const test::TempFolder folder;
    test::write_file(folder / "photos/holiday.jpg", "mine");
    EXPECT_THAT([&] { DepotLock{Depot{folder / "photos"}}; },
                throws(Errc::already_exists, HasSubstr("is no depot, and not empty")));
    EXPECT_THAT(test::names_below(folder / "photos"), ElementsAre("holiday.jpg"));
}

}  // namespace
}  // namespace offgrid
