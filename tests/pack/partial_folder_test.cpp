#include "pack/partial_folder.h"

#include "formats/package/manifest.h"
#include "tests/support/errors.h"
#include "tests/support/faulty_file_ops.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PartialFolder, appears_under_its_name_when_published) {
    TempFolder folder;
    PartialFolder partial{folder / "new/kenya/", Overwrite::no, posix_file_ops()};
    write_file(partial.path() / "a", "1");
    EXPECT_FALSE(std::filesystem::exists(folder / "new/kenya"));

    partial.publish();

    EXPECT_THAT(names_below(folder / "new"), ElementsAre("kenya/", "kenya/a"));
}

TEST(PartialFolder, is_gone_when_it_is_not_published) {
    TempFolder folder;
    {
        const PartialFolder partial{folder / "kenya", Overwrite::no, posix_file_ops()};
        write_file(partial.path() / "a", "1");
    }

    EXPECT_THAT(names_below(folder.path()), IsEmpty());
}

TEST(PartialFolder, sweeps_what_a_killed_process_left) {
    TempFolder folder;
    write_file(folder / ".kenya.partial/z0-0-0.sqlite3.part", "half");
    write_file(folder / ".kenya.partial/spared", "whole");
    PartialFolder partial{folder / "kenya", Overwrite::no, posix_file_ops()};

    partial.sweep({"spared"});
    EXPECT_THAT(names_below(partial.path()), ElementsAre("spared"));

    partial.sweep();
    EXPECT_THAT(names_below(partial.path()), IsEmpty());
}

TEST(PartialFolder, stays_where_it_is_kept) {
    TempFolder folder;
    {
        PartialFolder partial{folder / "kenya", Overwrite::no, posix_file_ops()};
        write_file(partial.path() / "a", "1");
        partial.keep();
    }

    EXPECT_EQ(read_text(folder / ".kenya.partial/a"), "1");
}

TEST(PartialFolder, is_made_by_one_at_a_time) {
    TempFolder folder;
    const PartialFolder first{folder / "kenya", Overwrite::no, posix_file_ops()};
    write_file(first.path() / "a", "1");

    EXPECT_THAT([&] { PartialFolder(folder / "kenya", Overwrite::yes, posix_file_ops()); },
                throws(Errc::busy, HasSubstr("another process")));

    EXPECT_THAT(names_below(first.path()), ElementsAre("a"));
}

TEST(PartialFolder, does_not_replace_what_came_in_between) {
    TempFolder folder;
    PartialFolder partial{folder / "kenya", Overwrite::no, posix_file_ops()};
    write_file(folder / "kenya/manifest.json", "of another");

    EXPECT_THAT([&] { partial.publish(); }, throws(Errc::already_exists, HasSubstr("kenya")));

    EXPECT_EQ(read_text(folder / "kenya/manifest.json"), "of another");
}

/// A folder with a manifest of one file in a folder of its own, and that file.
void write_package(const std::filesystem::path& folder) {
    const Manifest manifest{
        .layer = "kenya",
        .bounds = {33, -5, 42, 5},
        .pyramids = {{.names = "files/z0-0-0.mbtiles"}},
        .files = {{.name = "files/z0-0-0.mbtiles", .sha256 = std::string(64, '0')}}};
    write_file(folder / "manifest.json", to_json(manifest));
    write_file(folder / "mapcache.xml", "<mapcache/>");
    write_file(folder / "files/z0-0-0.mbtiles", "tiles");
}

TEST(PartialFolder, replaces_a_package) {
    TempFolder folder;
    write_package(folder / "kenya");
    PartialFolder partial{folder / "kenya", Overwrite::yes, posix_file_ops()};
    write_file(partial.path() / "a", "1");

    partial.publish();

    EXPECT_THAT(names_below(folder.path()), ElementsAre("kenya/", "kenya/a"));
}

TEST(PartialFolder, is_published_though_the_old_package_cannot_be_removed) {
    TempFolder folder;
    write_package(folder / "kenya");
    FaultyFileOps files{[](FaultyFileOps::When, int, std::string_view name) {
        if (name.starts_with("remove")) {
            throw Error{Errc::io, "stuck"};
        }
    }};
    PartialFolder partial{folder / "kenya", Overwrite::yes, files};
    write_file(partial.path() / "a", "1");

    const auto note = partial.publish();

    EXPECT_THAT(note.value_or(""), HasSubstr("is left: stuck"));
    EXPECT_THAT(names_below(folder / "kenya"), ElementsAre("a"));
}

TEST(PartialFolder, does_not_overwrite_a_folder_that_only_looks_like_a_package) {
    struct Case {
        const char* file;
        const char* content;
        const char* cause;
    };
    const Case cases[] = {
        {
            "manifest.json",
            R"({"name": "a web extension"})",
            "is no package (",
        },
        {"photo.jpg", "precious", "holds 'photo.jpg', which is not of the package"},
        {"files/photo.jpg", "precious", "holds 'files/photo.jpg'"},
    };
    for (const auto& [file, content, cause] : cases) {
        TempFolder folder;
        write_package(folder / "kenya");
        write_file(folder / "kenya" / file, content);

        EXPECT_THAT([&] { PartialFolder(folder / "kenya", Overwrite::yes, posix_file_ops()); },
                    throws(Errc::already_exists, HasSubstr(cause)));

        EXPECT_EQ(read_text(folder / "kenya" / file), content);
    }
}

}  // namespace
}  // namespace offgrid::test
