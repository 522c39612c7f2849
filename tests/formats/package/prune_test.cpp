#include "formats/package/prune.h"

#include "formats/package/replace.h"
#include "formats/package/served_generation.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <optional>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using test::FaultyFileOps;
using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string north_west_file = "z01-0-1.sqlite3";

struct PruneTest : testing::Test {
    PruneTest() {
        depot.create_if_missing(posix_file_ops());
        install("kenya", "z0: w z1: first b / c d");
    }

    void install(const std::string& layer, std::string_view drawing) const {
        ReplaceTransaction replace{posix_file_ops(), depot};
        const auto package = replace.staging() / "package";
        replace.add_package(test::write_package(package, layer, drawing), package);
        replace.commit();
    }

    void replace_north_west(const std::string& word) const {
        ReplaceTransaction replace{posix_file_ops(), depot};
        test::write_mbtiles(replace.staging() / "upload", test::draw("z1: " + word));
        replace.add_file("kenya", north_west_file, replace.staging() / "upload");
        replace.commit();
    }

    /// Every generation that is kept can be read, and its files are there.
    void expect_sound(int context = 0) const {
        for (const auto& some : depot.generations()) {
            const auto generation = depot.load(some.number);
            for (const auto& [layer, manifest] : generation.layers) {
                for (const auto& file : manifest.files) {
                    EXPECT_TRUE(fs::exists(depot.stored_path(layer, file)))
                        << file.name << " of generation " << some.number << ", " << context;
                }
            }
        }
    }

    std::vector<std::uint64_t> numbers() const {
        std::vector<std::uint64_t> all;
        for (const auto& some : depot.generations()) {
            all.push_back(some.number);
        }
        return all;
    }

    std::size_t stored_files() const {
        std::size_t count = 0;
        for (const auto& entry : fs::recursive_directory_iterator{depot.root() / "files"}) {
            count += entry.is_regular_file() ? 1 : 0;
        }
        return count;
    }

    test::TempFolder folder;
    Depot depot{folder / "depot"};
};

TEST_F(PruneTest, makes_the_switch_durable_before_it_removes_anything) {
    replace_north_west("second");
    FaultyFileOps files{[](FaultyFileOps::When, int, std::string_view) {}};

    prune(files, depot, 1);

    const auto steps = files.trace();
    ASSERT_FALSE(steps.empty());
    EXPECT_EQ(steps.front(), (FaultyFileOps::Step{.name = "sync_directory", .path = depot.root()}));
}

TEST_F(PruneTest, makes_durable_what_an_interrupted_one_has_removed) {
    prune(posix_file_ops(), depot, 1);
    FaultyFileOps files{[](FaultyFileOps::When, int, std::string_view) {}};

    prune(files, depot, 1);

    using Step = FaultyFileOps::Step;
    EXPECT_TRUE(files.trace() ==
                (std::vector{Step{.name = "sync_directory", .path = depot.root()},
                             Step{.name = "sync_directory", .path = depot.root() / "generations"}}))
        << "before files could go that its generations name";
}

TEST_F(PruneTest, removes_the_oldest_and_what_only_they_had) {
    replace_north_west("second");
    replace_north_west("third");
    ASSERT_EQ(stored_files(), 7U);

    const auto report = prune(posix_file_ops(), depot, 2);

    EXPECT_THAT(report.removed, ElementsAre(0, 1));
    EXPECT_THAT(report.kept, ElementsAre(2, 3));
    EXPECT_THAT(report.in_use, IsEmpty());
    EXPECT_EQ(report.files, 1U);
    EXPECT_GE(report.nodes, 1U);
    EXPECT_GT(report.bytes, 4096U);
    EXPECT_EQ(stored_files(), 6U);
    EXPECT_THAT(numbers(), ElementsAre(2, 3));
    expect_sound();
    EXPECT_EQ(depot.switch_to(posix_file_ops(), 2).number, 2U);
}

TEST_F(PruneTest, removes_nothing_the_second_time) {
    replace_north_west("second");
    prune(posix_file_ops(), depot, 1);
    const auto report = prune(posix_file_ops(), depot, 1);
    EXPECT_EQ(report.files + report.nodes + report.bytes, 0U);
    EXPECT_THAT(report.removed, IsEmpty());
}

TEST_F(PruneTest, only_looks_when_it_is_asked_to) {
    replace_north_west("second");
    const auto before = test::names_below(depot.root());
    const auto foreseen = prune(posix_file_ops(), depot, 1, PruneMode::look);
    EXPECT_EQ(test::names_below(depot.root()), before);
    const auto report = prune(posix_file_ops(), depot, 1);
    EXPECT_EQ(report.removed, foreseen.removed);
    EXPECT_EQ(report.files, foreseen.files);
    EXPECT_EQ(report.nodes, foreseen.nodes);
    EXPECT_EQ(report.bytes, foreseen.bytes);
}

/// What was rolled back from is the first to go, although it is newer.
TEST_F(PruneTest, keeps_what_the_current_generation_was_made_from) {
    replace_north_west("bad");
    depot.switch_to(posix_file_ops(), 1);
    replace_north_west("good");
    EXPECT_THAT(prune(posix_file_ops(), depot, 2).kept, ElementsAre(1, 3));
    EXPECT_EQ(depot.previous_number(), 1U);
    expect_sound();
}

TEST_F(PruneTest, keeps_the_current_generation_when_newer_ones_go_and_their_numbers_are_spent) {
    replace_north_west("second");
    replace_north_west("third");
    depot.switch_to(posix_file_ops(), 1);
    EXPECT_THAT(prune(posix_file_ops(), depot, 1).removed, ElementsAre(0, 2, 3));
    EXPECT_EQ(depot.load_current().number, 1U);
    EXPECT_EQ(depot.next_number(), 4U);
    expect_sound();
}

TEST_F(PruneTest, leaves_what_is_served_and_says_so) {
    replace_north_west("second");
    {
        const GenerationLease lease{depot, 1};
        const auto report = prune(posix_file_ops(), depot, 1);
        EXPECT_THAT(report.in_use, ElementsAre(1));
        EXPECT_THAT(report.removed, ElementsAre(0));
        expect_sound();
    }
    EXPECT_THAT(prune(posix_file_ops(), depot, 1).removed, ElementsAre(1));
}

TEST_F(PruneTest, keeps_the_files_of_two_layers_with_the_same_list) {
    install("uganda", "z0: w z1: first b / c d");
    const auto current = depot.load_current();
    ASSERT_EQ(current.layers.at("kenya").files, current.layers.at("uganda").files);
    prune(posix_file_ops(), depot, 1);
    expect_sound();
    EXPECT_EQ(stored_files(), 10U);
}

TEST_F(PruneTest, removes_what_dead_transactions_have_left) {
    test::write_file(depot.root() / "files/kenya/z9.0000.sqlite3",
                     "of a commit that was cut short");
    test::write_file(depot.root() / "files/gone/deep/z9.0000.sqlite3", "the same");
    test::write_file(depot.nodes().folder() / std::string(64, '0'), "{}");
    test::write_file(depot.nodes().folder() / "x.new", "{");
    test::write_file(depot.root() / "generations/000002.json", "never current");
    test::write_file(depot.root() / "generations/000003.json.new", "half");

    const auto report = prune(posix_file_ops(), depot, 5);

    EXPECT_THAT(report.removed, ElementsAre(2));
    EXPECT_EQ(report.files, 2U);
    EXPECT_EQ(report.nodes, 2U);
    EXPECT_THAT(test::names_below(depot.root() / "generations"),
                ElementsAre("000000.json", "000001.json"));
    EXPECT_FALSE(fs::exists(depot.root() / "files/gone"));
    expect_sound();
}

TEST_F(PruneTest, removes_nothing_when_a_generation_to_keep_is_damaged) {
    replace_north_west("second");
    replace_north_west("third");
    test::write_file(depot.generation_path(2), "half a gener");
    const auto before = test::names_below(depot.root());
    EXPECT_THAT([&] { prune(posix_file_ops(), depot, 2); },
                throws(Errc::corrupt, HasSubstr("000002.json")));
    EXPECT_EQ(test::names_below(depot.root()), before);
}

TEST_F(PruneTest, removes_nothing_when_the_current_generation_is_gone) {
    replace_north_west("second");
    fs::remove(depot.generation_path(2));
    const auto before = test::names_below(depot.root());

    EXPECT_THAT([&] { prune(posix_file_ops(), depot, 1); },
                throws(Errc::corrupt, HasSubstr("000002.json is missing")));
    EXPECT_EQ(test::names_below(depot.root()), before);
}

TEST_F(PruneTest, removes_nothing_when_a_list_of_files_is_damaged) {
    replace_north_west("second");
    const auto root = depot.load(2).layers.at("kenya").files.root()->sha256;
    test::write_file(depot.nodes().folder() / root, "damaged");
    const auto before = test::names_below(depot.root());
    EXPECT_THAT([&] { prune(posix_file_ops(), depot, 1); }, throws(Errc::corrupt, HasSubstr(root)));
    EXPECT_EQ(test::names_below(depot.root()), before);
}

TEST_F(PruneTest, keeps_at_least_the_current_generation) {
    EXPECT_THAT([&] { prune(posix_file_ops(), depot, 0); },
                throws(Errc::invalid_argument, HasSubstr("at least one")));
}

/// Lets the process have few open files for as long as it lives.
class FewDescriptors {
public:
    FewDescriptors() {
        EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
        auto few = before_;
        few.rlim_cur = 64;
        EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    }
    ~FewDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

private:
    rlimit before_{};
};

TEST_F(PruneTest, removes_more_generations_than_there_are_descriptors) {
    for (std::uint64_t number = 2; number <= 100; ++number) {
        depot.publish(posix_file_ops(), {.number = number, .previous = number - 1});
    }
    const FewDescriptors few;
    const auto report = prune(posix_file_ops(), depot, 2);
    EXPECT_EQ(report.removed.size(), 99U);
    EXPECT_THAT(report.in_use, IsEmpty());
    EXPECT_THAT(numbers(), ElementsAre(99, 100));
}

/// What is not known to be free is not taken for served: that would keep it without a word.
TEST_F(PruneTest, says_when_it_cannot_lock_a_generation) {
    replace_north_west("second");
    fs::remove(depot.generation_path(0));
    fs::create_symlink(depot.generation_path(0), depot.generation_path(0));
    EXPECT_THAT([&] { prune(posix_file_ops(), depot, 1); },
                throws(Errc::denied, HasSubstr("000000.json")));
}

TEST_F(PruneTest, keeps_what_is_leased_after_it_has_chosen) {
    replace_north_west("second");
    std::optional<GenerationLease> lease;
    FaultyFileOps files{[&](FaultyFileOps::When, int, std::string_view) {
        if (!lease) {
            lease.emplace(depot, 1);
        }
    }};
    const auto report = prune(files, depot, 1);
    EXPECT_THAT(report.removed, ElementsAre(0));
    EXPECT_THAT(report.kept, ElementsAre(1, 2));
    EXPECT_THAT(report.in_use, ElementsAre(1));
    EXPECT_EQ(report.files, 0U);
    expect_sound();
}

TEST_F(PruneTest, removes_damaged_generations_that_it_is_not_to_keep) {
    replace_north_west("second");
    replace_north_west("third");
    test::write_file(depot.generation_path(1), "half a gener");
    EXPECT_THAT(prune(posix_file_ops(), depot, 2).removed, ElementsAre(0, 1));
    expect_sound();
}

/// On a disk that folds case a folder is spelled as the first layer made it; a layer may have been
/// moved, and a link left in its place.
TEST_F(PruneTest, keeps_files_that_are_spelled_otherwise) {
    replace_north_west("second");
    fs::rename(depot.root() / "files/kenya", depot.root() / "files/Kenya");
    fs::create_symlink("Kenya", depot.root() / "files/kenya");

    const auto report = prune(posix_file_ops(), depot, 1);

    EXPECT_EQ(report.files, 1U);
    EXPECT_TRUE(fs::is_symlink(depot.root() / "files/kenya"));
    EXPECT_EQ(stored_files(), 5U);
    expect_sound();
}

/// Wherever it stops, what is left is whole, and the next prune goes on.
TEST_F(PruneTest, stopped_at_any_step_leaves_whole_generations) {
    for (int stop_at = 1;; ++stop_at) {
        for (const auto* word : {"x", "y", "z"}) {
            replace_north_west(word + std::to_string(stop_at));
        }
        bool has_stopped = false;
        FaultyFileOps files{[&](FaultyFileOps::When when, int step, std::string_view name) {
            if (when == FaultyFileOps::When::before && step == stop_at) {
                has_stopped = true;
                throw Error{Errc::io, std::string{name}};
            }
        }};
        try {
            prune(files, depot, 1);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), Errc::io);
        }
        expect_sound(stop_at);
        prune(posix_file_ops(), depot, 1);
        expect_sound(stop_at);
        EXPECT_EQ(stored_files(), 5U) << stop_at;
        if (!has_stopped) {
            EXPECT_GE(stop_at, 9);
            return;
        }
    }
}

}  // namespace
}  // namespace offgrid
