#include "tests/formats/gwc/blob_support.h"
#include "tests/formats/sqlite/cache_support.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

namespace offgrid::gwc {
namespace {

namespace fs = std::filesystem;
using sqlite::rows;
using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;

/// Two files of asia and one of europe, below folders that are called like the layer.
void fill(TestStore& store) {
    store.options.root_directory = (store.root() / "asia" / "asia-root").string();
    store.options.template_path = "asia/{layer}/{grid}/{z}/asia-{x}.sqlite";
    store.put(png_of("asia"), {10, 5, 5}, "1");
    store.put(png_of("asia", "EPSG:4326", {{"STYLES", "s"}}), {10, 505, 5}, "2");
    store.put(png_of("europe"), {10, 5, 5}, "3");
    store.store().metadata().put("asia", "key", "value");
}

std::vector<std::string> files_of(const TestStore& store) {
    auto names = test::names_below(store.root() / "asia" / "asia-root");
    std::erase_if(names, [](const std::string& name) {
        // A writer that died in a change leaves a journal, which SQLite plays back or ignores.
        return name.ends_with('/') || name.ends_with("-journal") || name.starts_with(".offgrid");
    });
    return names;
}

std::string name_in(const TestStore& store, const std::string& path) {
    return rows(store.root() / "asia" / "asia-root" / path,
                "SELECT value FROM metadata WHERE name='name'")
        .front();
}

const std::vector<std::string> as_it_was{
    "asia/asia/EPSG_4326/10/asia-0.sqlite", "asia/asia/EPSG_4326/10/asia-500.sqlite",
    "asia/europe/EPSG_4326/10/asia-0.sqlite", "metadata.sqlite"};
const std::vector<std::string> renamed{"asia/australia/EPSG_4326/10/asia-0.sqlite",
                                       "asia/australia/EPSG_4326/10/asia-500.sqlite",
                                       "asia/europe/EPSG_4326/10/asia-0.sqlite", "metadata.sqlite"};

// TR-01 TR-08
TEST(BlobRenaming, changes_the_layer_in_paths_and_metadata_and_nothing_else) {
    TestStore store;
    fill(store);
    store.store().rename_layer("asia", "australia");
    EXPECT_EQ(files_of(store), renamed);
    EXPECT_EQ(name_in(store, renamed.front()), "australia");
    EXPECT_EQ(name_in(store, renamed.at(2)), "europe");
    EXPECT_EQ(store.get(png_of("australia"), {10, 5, 5}), "1");
    EXPECT_EQ(store.get(png_of("asia"), {10, 5, 5}), std::nullopt);
    EXPECT_EQ(store.store().metadata().get("australia", "key"), "value");
    EXPECT_EQ(store.store().metadata().get("asia", "key"), std::nullopt);
    EXPECT_EQ(store.store().metadata().parameter_sets("australia").size(), 1U);
}

// TR-09
TEST(BlobRenaming, onto_a_layer_that_is_there_is_refused) {
    TestStore store;
    fill(store);
    EXPECT_THAT([&] { store.store().rename_layer("asia", "europe"); },
                throws(Errc::already_exists, HasSubstr("layer 'europe' has files")));
    EXPECT_EQ(files_of(store), as_it_was);
    EXPECT_THAT([&] { store.store().rename_layer("asia", ".."); },
                throws(Errc::invalid_argument, testing::_));
    EXPECT_THAT([&] { store.store().rename_layer("africa", "australia"); },
                throws(Errc::not_found, HasSubstr("layer 'africa'")));
    EXPECT_EQ(name_in(store, as_it_was.front()), "asia");
}

// TR-08
TEST(BlobRenaming, takes_a_damaged_file_along) {
    TestStore store;
    fill(store);
    store.reopen();
    test::write_file(store.options.root_directory / fs::path{as_it_was.at(1)}, "garbage");
    store.store().rename_layer("asia", "australia");
    EXPECT_EQ(files_of(store), renamed);
    EXPECT_EQ(name_in(store, renamed.front()), "australia");
    EXPECT_EQ(test::read_text(store.options.root_directory / fs::path{renamed.at(1)}), "garbage");
}

/// Run an action in a process that may not write files of root, who owns all but the one file.
/// Gives whether it has thrown nothing.
bool runs_as_another(const fs::path& folder, const fs::path& foreign,
                     const std::function<void()>& action) {
    fs::permissions(foreign, fs::perms{0444});
    const auto child = ::fork();
    if (child != 0) {
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    constexpr uid_t nobody = 65'534;
    bool is_ready = ::geteuid() != 0;
    if (!is_ready) {
        is_ready = ::chown(folder.c_str(), nobody, nobody) == 0;
        for (const auto& entry : fs::recursive_directory_iterator{folder}) {
            is_ready = is_ready && (entry.path() == foreign ||
                                    ::chown(entry.path().c_str(), nobody, nobody) == 0);
        }
        is_ready = is_ready && ::seteuid(nobody) == 0;
    }
    try {
        action();
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        is_ready = false;
    }
    std::fflush(nullptr);
    ::_exit(is_ready && !testing::Test::HasFailure() ? 0 : 1);
}

// TR-10
TEST(BlobRenaming, that_fails_at_a_file_that_may_not_be_written_is_taken_back_whole) {
    TestStore store;
    fill(store);
    store.reopen();
    const auto foreign = store.options.root_directory / fs::path{as_it_was.at(1)};
    EXPECT_TRUE(runs_as_another(store.root().parent_path(), foreign, [&] {
        EXPECT_THAT([&] { store.store().rename_layer("asia", "australia"); },
                    throws(Errc::io, HasSubstr("asia-500.sqlite")));
        if (store.store().remove_layer("europe").files != 1) {
            throw Error{Errc::io, "another layer is not changed"};
        }
    }));
    EXPECT_EQ(files_of(store), (std::vector{as_it_was[0], as_it_was[1], as_it_was[3]}));
    EXPECT_EQ(name_in(store, as_it_was[0]), "asia");
    EXPECT_EQ(name_in(store, as_it_was[1]), "asia");
    EXPECT_EQ(store.store().metadata().get("asia", "key"), "value");
}

// TR-10
TEST(BlobRenaming, that_fails_at_any_step_changes_nothing) {
    for (int broken = 1;; ++broken) {
        TestStore store;
        fill(store);
        store.reopen();
        test::FaultyFileOps files{[&](test::FaultyFileOps::When when, int step, std::string_view) {
            if (when == test::FaultyFileOps::When::before && step == broken) {
                throw Error{Errc::io, "broken"};
            }
        }};
        store.files = &files;
        bool has_failed = false;
        try {
            store.store().rename_layer("asia", "australia");
        } catch (const Error&) {
            has_failed = true;
        }
        EXPECT_EQ(files_of(store), has_failed ? as_it_was : renamed) << broken;
        EXPECT_EQ(name_in(store, files_of(store).front()), has_failed ? "asia" : "australia");
        EXPECT_EQ(store.store().metadata().get(has_failed ? "asia" : "australia", "key"), "value");
        if (files.steps_taken() < broken) {
            EXPECT_GT(broken, 6);
            return;
        }
    }
}

/// Rename in a process that ends before that step. Gives whether it got that far.
bool rename_and_die(TestStore& store, int last) {
    const auto child = ::fork();
    if (child == 0) {
        test::FaultyFileOps files{[&](test::FaultyFileOps::When when, int step, std::string_view) {
            if (when == test::FaultyFileOps::When::before && step == last) {
                ::_exit(1);
            }
        }};
        store.files = &files;
        store.reopen();
        store.store().rename_layer("asia", "australia");
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 1;
}

// TR-10
TEST(BlobRenaming, that_a_crash_has_cut_short_is_taken_back_before_the_next_change) {
    for (int last = 1;; ++last) {
        TestStore store;
        fill(store);
        store.reopen();
        const bool has_died = rename_and_die(store, last);
        store.store().remove_layer("no such layer");
        const auto files = files_of(store);
        ASSERT_TRUE(files == as_it_was || files == renamed) << last;
        EXPECT_EQ(name_in(store, files.front()), files == as_it_was ? "asia" : "australia") << last;
        EXPECT_EQ(store.store().metadata().get(files == as_it_was ? "asia" : "australia", "key"),
                  "value")
            << last;
        if (!has_died) {
            EXPECT_GT(last, 6);
            EXPECT_EQ(files, renamed);
            return;
        }
    }
}

TEST(BlobRenaming, waits_for_no_other_program_that_changes_files) {
    TestStore store;
    fill(store);
    TestStore other;
    other.options = store.options;
    bool was_refused = false;
    test::FaultyFileOps files{[&](test::FaultyFileOps::When when, int, std::string_view name) {
        if (when == test::FaultyFileOps::When::before && name == "rename" && !was_refused) {
            EXPECT_THAT([&] { other.store().remove_layer("europe"); },
                        throws(Errc::busy, HasSubstr("another program")));
            was_refused = true;
        }
    }};
    store.files = &files;
    store.reopen();
    store.store().rename_layer("asia", "australia");
    EXPECT_TRUE(was_refused);
    EXPECT_EQ(files_of(store), renamed);
}

}  // namespace
}  // namespace offgrid::gwc
