#include "sync/archive.h"

#include "formats/base/forwarding_file_ops.h"
#include "tests/support/errors.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/sync/archives.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <iostream>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

/// A folder with an archive and an empty place beside it to unpack it into.
struct Unpacked {
    TempFolder root;
    fs::path archive = root / "archive";
    fs::path folder = root / "in";
    Limits limits;

    Unpacked() { fs::create_directory(folder); }

    std::vector<std::string> unpack() const {
        return unpack_archive(posix_file_ops(), archive, folder, limits);
    }

    /// What there is outside the folder: the archive, or something got out.
    std::vector<std::string> outside() const {
        auto names = names_below(root.path());
        std::erase_if(names, [](const std::string& name) { return name.starts_with("in/"); });
        return names;
    }
};

struct BadArchive {
    const char* what;
    ArchiveKind kind;
    std::vector<ArchiveEntry> entries;
    const char* message;
};

TEST(Archive, of_every_kind_is_unpacked_with_and_without_folders) {
    for (const auto kind :
         {ArchiveKind::zip, ArchiveKind::tar, ArchiveKind::tar_gz, ArchiveKind::tar_zst}) {
        Unpacked at;
        write_archive(at.archive, kind,
                      {{"a/", "", EntryType::folder},
                       {"a/b.sqlite", "one"},
                       {"c/d/e.sqlite", "two"},
                       {"./f", "three"}});

        EXPECT_THAT(at.unpack(), ElementsAre("a/b.sqlite", "c/d/e.sqlite", "f"));

        EXPECT_EQ(read_text(at.folder / "a/b.sqlite"), "one");
        EXPECT_EQ(read_text(at.folder / "c/d/e.sqlite"), "two");
        EXPECT_EQ(read_text(at.folder / "f"), "three");
    }
}

/// A disk that takes no time to make folders durable for.
class NoDurableFolders final : public ForwardingFileOps {
public:
    NoDurableFolders() : ForwardingFileOps{posix_file_ops()} {}

    void create_directories(const fs::path& path) override {
        throw Error{Errc::io, fmt::format("waits for the disk for {}", path.string())};
    }
};

TEST(Archive, and_a_folder_are_staged_without_a_wait_for_the_disk_for_each_of_their_folders) {
    NoDurableFolders files;
    Unpacked at;
    fs::create_directory(at.root / "copy");
    write_archive(at.archive, ArchiveKind::zip, {{"a/b/one", "1"}, {"c/two", "2"}});

    EXPECT_THAT(unpack_archive(files, at.archive, at.folder, at.limits),
                ElementsAre("a/b/one", "c/two"));
    EXPECT_THAT(copy_folder(files, fs::canonical(at.folder), at.root / "copy", at.limits),
                ElementsAre("a/b/one", "c/two"));
}

TEST(Archive, may_have_names_in_any_script) {
    Unpacked at;
    write_archive(at.archive, ArchiveKind::tar, {{"карта/плитки.sqlite", "x"}});

    EXPECT_THAT(at.unpack(), ElementsAre("карта/плитки.sqlite"));
}

// RP-16
TEST(Archive, is_refused_for_what_does_not_belong_in_it) {
    using enum ArchiveKind;
    const std::vector<BadArchive> table{
        {"parent", zip, {{"../evil", "x"}}, "'../evil' has a name"},
        {"parent inside", tar, {{"a/../../evil", "x"}}, "could leave its folder"},
        {"parent folder", tar, {{"../evil/", "", EntryType::folder}}, "could leave its folder"},
        {"absolute", tar, {{"/etc/evil", "x"}}, "could leave its folder"},
        {"absolute in a zip", zip, {{"/etc/evil", "x"}}, "could leave its folder"},
        {"drive", zip, {{"C:/evil", "x"}}, "could leave its folder"},
        {"backslash", tar, {{"a\\..\\evil", "x"}}, "could leave its folder"},
        {"dot inside", tar, {{"a/./b", "x"}}, "could leave its folder"},
        {"control character", tar, {{"a\nb", "x"}}, "'a?b'"},
        {"symlink", zip, {{"a", "/etc/passwd", EntryType::symlink}}, "'a' is a link"},
        {"file through a symlink",
         tar,
         {{"a", "..", EntryType::symlink}, {"a/evil", "x"}},
         "'a' is a link"},
        {"hard link", tar, {{"a", "x"}, {"b", "a", EntryType::hard_link}}, "'b' is a link"},
        {"fifo", tar, {{"a", "", EntryType::fifo}}, "'a' is not a regular file"},
        {"device", tar, {{"a", "", EntryType::device}}, "'a' is not a regular file"},
        {"twice", zip, {{"a", "x"}, {"a", "y"}}, "'a' is there twice"},
        {"case twins",
         zip,
         {{"a/B.sqlite", "x"}, {"a/b.SQLITE", "y"}},
         "differs from another only by case"},
        {"case twins of folders",
         tar,
         {{"a/b", "x"}, {"A/c", "y"}},
         "differs from another only by case"},
        {"twins in another script",
         zip,
         {{"\xd0\x9a.sqlite", "x"}, {"\xd0\xba.sqlite", "y"}},
         "differs from another only by case or Unicode form"},
        {"one letter composed, the other not",
         zip,
         {{"\xc3\xa9.sqlite", "x"}, {"e\xcc\x81.sqlite", "y"}},
         "differs from another only by case or Unicode form"},
        {"the same in the names of folders",
         tar,
         {{"e\xcc\x81/b", "x"}, {"\xc3\x89/c", "y"}},
         "differs from another only by case or Unicode form"},
        {"no UTF-8", tar, {{"\xff\xfe.sqlite", "x"}}, "name"},
        {"file and folder", tar, {{"a", "x"}, {"a/b", "y"}}, "is a file and a folder"},
        {"folder and file", tar, {{"a/b", "x"}, {"a", "y"}}, "'a' is there twice"},
        {"journal", zip, {{"a.sqlite-journal", "x"}}, "leaves beside it"},
        {"wal", zip, {{"a.sqlite-WAL", "x"}}, "leaves beside it"},
        {"shm", zip, {{"d/a.sqlite-shm", "x"}}, "leaves beside it"},
        {"bookkeeping", zip, {{"metadata.sqlite", "x"}}, "bookkeeping"},
        {"too deep", zip, {{"1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "x"}}, "folders deep"},
        {"nothing", zip, {}, "holds no files"},
        {"only a folder", zip, {{"a/", "", EntryType::folder}}, "holds no files"},
    };
    for (const auto& [what, kind, entries, message] : table) {
        SCOPED_TRACE(what);
        Unpacked at;
        write_archive(at.archive, kind, entries);

        EXPECT_THAT([&] { at.unpack(); }, throws(Errc::corrupt, HasSubstr(message)));

        EXPECT_THAT(at.outside(), ElementsAre("archive"));
    }
}

// RP-21
TEST(Archive, is_refused_beyond_the_limits) {
    const std::vector<ArchiveEntry> bomb{{"zeros", std::string(8 << 20, '\0')}};
    Unpacked ratio;
    write_archive(ratio.archive, ArchiveKind::zip, bomb);
    EXPECT_THAT([&] { ratio.unpack(); }, throws(Errc::too_large, HasSubstr("200 times its size")));

    Unpacked bytes;
    bytes.limits.max_unpacked_bytes = 1000;
    write_archive(bytes.archive, ArchiveKind::tar,
                  {{"a", std::string(600, 'x')}, {"b", std::string(600, 'x')}});
    EXPECT_THAT([&] { bytes.unpack(); },
                throws(Errc::too_large, HasSubstr("more than 1000 bytes")));

    Unpacked depth;
    depth.limits.max_depth = 2;
    write_archive(depth.archive, ArchiveKind::tar, {{"1/a", ""}, {"1/2/a", ""}});
    EXPECT_THAT([&] { depth.unpack(); },
                throws(Errc::corrupt, HasSubstr("more than 2 folders deep")));

    Unpacked entries;
    entries.limits.max_entries = 2;
    write_archive(entries.archive, ArchiveKind::tar, {{"a", ""}, {"b", ""}, {"c", ""}});
    EXPECT_THAT([&] { entries.unpack(); },
                throws(Errc::too_large, HasSubstr("more than 2 entries")));
}

TEST(Archive, is_neither_zip_nor_tar_when_it_is_something_else) {
    for (const std::string& content :
         {std::string{"hello"}, std::string(100'000, 'x'), std::string{"\x1f\x8b\x08", 3}}) {
        Unpacked at;
        write_file(at.archive, content);
        EXPECT_THAT([&] { at.unpack(); },
                    throws(Errc::unsupported, HasSubstr("neither an SQLite database")));
        EXPECT_THAT(at.outside(), ElementsAre("archive"));
    }
}

TEST(Archive, that_ends_early_is_damaged) {
    Unpacked at;
    write_archive(at.archive, ArchiveKind::tar, {{"a", std::string(5000, 'x')}});
    fs::resize_file(at.archive, 3000);

    EXPECT_THAT([&] { at.unpack(); }, throws(Errc::corrupt, HasSubstr("'a' is damaged")));
}

TEST(Archive, of_the_bad_ones_that_were_collected_gets_nothing_out_of_its_folder) {
    int taken = 0;
    int refused = 0;
    for (const auto& file : shared_files("bad/zip")) {
        SCOPED_TRACE(file.filename());
        Unpacked at;
        fs::copy_file(file, at.archive);
        try {
            at.unpack();
            ++taken;
        } catch (const Error&) {
            ++refused;
        }
        EXPECT_THAT(at.outside(), ElementsAre("archive"));
        for (const auto& entry : fs::recursive_directory_iterator{at.folder}) {
            EXPECT_TRUE(entry.is_directory() || fs::is_regular_file(entry.symlink_status()))
                << entry.path();
        }
    }
    std::cout << taken << " archives taken, " << refused << " refused\n";
}

TEST(Folder, is_copied_and_stays_as_it_is) {
    Unpacked at;
    write_file(at.root / "from/a/b", "one");
    write_file(at.root / "from/c", "two");

    const auto names = copy_folder(posix_file_ops(), at.root / "from", at.folder, at.limits);

    EXPECT_THAT(names, ElementsAre("a/b", "c"));
    EXPECT_EQ(read_text(at.folder / "a/b"), "one");
    EXPECT_EQ(read_text(at.root / "from/c"), "two");
}

TEST(Folder, with_a_link_or_without_files_is_refused) {
    Unpacked at;
    fs::create_directory(at.root / "from");
    const auto copy = [&] {
        copy_folder(posix_file_ops(), at.root / "from", at.folder, at.limits);
    };
    EXPECT_THAT(copy, throws(Errc::corrupt, HasSubstr("holds no files")));

    fs::create_symlink("/etc/passwd", at.root / "from/link");
    EXPECT_THAT(copy, throws(Errc::corrupt, HasSubstr("'link' is not a regular file")));
}

}  // namespace
}  // namespace offgrid::test
