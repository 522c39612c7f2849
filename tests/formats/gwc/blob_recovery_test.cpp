#include "tests/formats/gwc/blob_support.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace offgrid::gwc {
namespace {

using test::FaultyFileOps;
using test::throws;
using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

const TilesetId asia = png_of("asia");
constexpr const char* first_file = "EPSG_4326/asia/image_png/10/tiles-0-0.sqlite";

/// Two files of asia.
void fill(TestStore& store) {
    store.options.executor_concurrency = 1;
    store.put(asia, {10, 5, 5}, "first");
    store.put(asia, {10, 505, 5}, "second");
    store.store().metadata().put("asia", "key", "value");
    store.reopen();
}

/// Calls the action before the step of that name for the n-th time.
FaultyFileOps before(std::string step, int n, std::function<void()> action) {
    return FaultyFileOps{[step = std::move(step), n, action = std::move(action), seen = 0](
                             FaultyFileOps::When when, int, std::string_view name) mutable {
        if (when == FaultyFileOps::When::before && name == step && ++seen == n) {
            action();
        }
    }};
}

constexpr int second_file = 3;  // the first rename is that of the list

TEST(BlobRecovery, keeps_both_when_another_program_makes_a_file_anew) {
    TestStore store;
    fill(store);
    auto files = before("rename", second_file, [&] {
        test::write_file(store.file(first_file), "new");
        throw Error{Errc::io, "broken"};
    });
    store.files = &files;
    EXPECT_THAT([&] { store.store().remove_layer("asia"); },
                throws(Errc::io, AllOf(HasSubstr("broken"), HasSubstr(first_file))));
    EXPECT_EQ(store.get(asia, {10, 505, 5}), "second");
    EXPECT_EQ(test::read_text(store.file(first_file)), "new");
    EXPECT_THAT([&] { store.store().remove_layer("europe"); },
                throws(Errc::already_exists,
                       AllOf(HasSubstr(first_file), HasSubstr(".offgrid/removed/0"))));
    std::filesystem::remove(store.file(first_file));
    EXPECT_EQ(store.store().remove_layer("europe"), Removed{});
    EXPECT_EQ(store.get(asia, {10, 5, 5}), "first");
}

TEST(BlobRecovery, leaves_what_belongs_to_a_new_file_of_the_same_name) {
    TestStore store;
    fill(store);
    const auto journal = std::string{first_file} + "-journal";
    auto files = before("remove_all", 2, [&] {  // the first is that of the list, which decides
        test::write_file(store.file(first_file), "new");
        test::write_file(store.file(journal), "of the new one");
    });
    store.files = &files;
    store.store().remove_layer("asia");
    EXPECT_EQ(test::read_text(store.file(journal)), "of the new one");
}

TEST(BlobRecovery, of_a_list_that_is_none_loses_nothing) {
    TestStore store;
    fill(store);
    test::write_file(store.file(".offgrid/moves"), "remove\na\n");
    test::write_file(store.file(".offgrid/removed/0"), "tiles");
    for (int i = 0; i < 2; ++i) {
        EXPECT_THAT([&] { store.store().remove_layer("asia"); },
                    throws(Errc::corrupt, HasSubstr(".offgrid/moves")));
    }
    EXPECT_TRUE(store.has(".offgrid/removed/0"));
    EXPECT_THAT(store.files_there(), SizeIs(2));
}

// TR-10
TEST(BlobRecovery, refuses_to_rename_where_a_list_could_not_say_it) {
    TestStore store;
    fill(store);
    for (const auto* name : {"x\ny", "x\ty"}) {
        EXPECT_THAT([&] { store.store().rename_layer("asia", name); },
                    throws(Errc::invalid_argument, HasSubstr("control characters")));
        EXPECT_EQ(store.get(asia, {10, 5, 5}), "first");
    }
}

// TR-09
TEST(BlobRecovery, never_mixes_what_is_known_of_two_layers) {
    TestStore store;
    fill(store);
    store.store().metadata().put("africa", "key", "of africa");
    EXPECT_THAT([&] { store.store().rename_layer("asia", "africa"); },
                throws(Errc::already_exists, HasSubstr("metadata.sqlite")));
    EXPECT_EQ(store.store().metadata().get("asia", "key"), "value");
    EXPECT_EQ(store.store().metadata().get("africa", "key"), "of africa");
    EXPECT_EQ(store.get(asia, {10, 5, 5}), "first");
}

// TR-10
TEST(BlobRecovery, takes_back_no_rows_that_were_never_renamed) {
    TestStore store;
    fill(store);
    auto files = before("rename", second_file, [&] {
        TestStore other;
        other.options = store.options;
        other.store().metadata().put("africa", "key", "of africa");
        throw Error{Errc::io, "broken"};
    });
    store.files = &files;
    EXPECT_THAT([&] { store.store().rename_layer("asia", "africa"); },
                throws(Errc::io, HasSubstr("broken")));
    EXPECT_EQ(store.store().metadata().get("asia", "key"), "value");
    EXPECT_EQ(store.store().metadata().get("africa", "key"), "of africa");
}

// TR-10
TEST(BlobRecovery, goes_on_with_what_could_not_be_taken_back_at_once) {
    TestStore store;
    fill(store);
    int renames = 0;
    FaultyFileOps files{[&](FaultyFileOps::When when, int, std::string_view name) {
        if (when == FaultyFileOps::When::before && name == "rename" && ++renames >= second_file) {
            throw Error{Errc::io, "broken"};
        }
    }};
    store.files = &files;
    EXPECT_THAT([&] { store.store().rename_layer("asia", "africa"); },
                throws(Errc::io, HasSubstr("nor is it taken back yet")));
    EXPECT_FALSE(store.has(first_file));
    store.files = &posix_file_ops();
    store.reopen();
    store.store().remove_layer("europe");
    EXPECT_EQ(store.get(asia, {10, 5, 5}), "first");
    EXPECT_EQ(store.get(asia, {10, 505, 5}), "second");
    EXPECT_EQ(store.store().metadata().get("asia", "key"), "value");
    EXPECT_FALSE(store.has("EPSG_4326/africa")) << "an empty folder";
}

// TR-10
TEST(BlobRecovery, of_a_removal_that_a_crash_has_cut_short_leaves_all_or_nothing) {
    for (int last = 1;; ++last) {
        TestStore store;
        fill(store);
        const auto child = ::fork();
        if (child == 0) {
            FaultyFileOps files{[&](FaultyFileOps::When when, int step, std::string_view) {
                if (when == FaultyFileOps::When::before && step == last) {
                    ::_exit(1);
                }
            }};
            store.files = &files;
            store.store().remove_layer("asia");
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        store.store().remove_layer("europe");
        const auto files = store.files_there();
        ASSERT_TRUE(files.empty() || files.size() == 2) << last;
        if (!files.empty()) {
            EXPECT_EQ(store.get(asia, {10, 5, 5}), "first") << last;
            EXPECT_EQ(store.store().metadata().get("asia", "key"), "value") << last;
        }
        EXPECT_FALSE(store.has(".offgrid/removed")) << last;
        if (WEXITSTATUS(status) == 0) {
            EXPECT_GT(last, 8);
            EXPECT_TRUE(files.empty());
            return;
        }
    }
}

}  // namespace
}  // namespace offgrid::gwc
