#include "tests/support/process.h"
#include "tests/support/shared_data.h"
#include "tests/sync/besieged_daemon.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using enum ArchiveKind;

const std::string file_of_kenya = "z01-0-1.sqlite3";

class HostileArchives : public BesiegedDaemon {
protected:
    using BesiegedDaemon::BesiegedDaemon;

    void TearDown() override {
        EXPECT_FALSE(fs::exists("/evil"));
        BesiegedDaemon::TearDown();
    }

    /// What a zip with that entry looks like, as bytes.
    std::string zip_of(const std::string& name, const std::string& content) const {
        write_archive(attacks_ / "inner", zip, {{name, content}});
        return read_text(attacks_ / "inner");
    }
};

class HostileArchivesWithFewEntries : public HostileArchives {
protected:
    HostileArchivesWithFewEntries() : HostileArchives{{"--max-entries", "50000"}} {}
};

std::vector<ArchiveEntry> numbered_entries(int count) {
    std::vector<ArchiveEntry> entries;
    for (int i = 0; i < count; ++i) {
        entries.push_back({fmt::format("n/{:06}.sqlite3", i), ""});
    }
    return entries;
}

// RP-16
TEST_F(HostileArchives, that_were_collected_are_refused_as_upload_as_source_and_as_a_file) {
    for (const auto& file : shared_files("bad/zip")) {
        const auto name = file.filename().string();
        const auto copy = attacks_ / name;
        fs::copy_file(file, copy);
        expect_form_refused({{"layer", "kenya", {}}, {"file", {}, file}}, name);
        expect_form_refused(
            {{"layer", "kenya", {}}, {"destination", file_of_kenya, {}}, {"file", {}, file}}, name);
        expect_form_refused({{"layer", "kenya", {}}, {"source", copy.string(), {}}}, name);
        expect_archive_refused(tar, {{file_of_kenya, read_text(file)}});
    }
}

// RP-16
TEST_F(HostileArchives, with_names_that_lead_elsewhere_are_refused) {
    for (const std::string& name :
         {std::string{"../evil"}, std::string{"../../../../../../../../evil"}, std::string{"/evil"},
          std::string{"//evil"}, std::string{"a/../../evil"}, std::string{"..\\evil"},
          std::string{"C:\\evil"}, std::string{"C:evil"}, std::string{"c:/evil"},
          std::string{"\\\\host\\share\\evil"}, std::string{"."}, std::string{".."},
          std::string{"a//b"}, (attacks_ / "evil").string(), (depot_ / "evil").string(),
          "../../" + file_of_kenya}) {
        for (const auto kind : {zip, tar, tar_zst}) {
            SCOPED_TRACE(name);
            expect_archive_refused(kind, {{file_of_kenya, good_file_}, {name, good_file_}});
        }
    }
    EXPECT_FALSE(fs::exists(attacks_ / "evil"));
}

// RP-16
TEST_F(HostileArchives, with_what_is_no_file_are_refused) {
    for (const auto type :
         {EntryType::symlink, EntryType::hard_link, EntryType::fifo, EntryType::device}) {
        for (const std::string target : {"/etc/passwd", "../CURRENT", ".", "good"}) {
            expect_archive_refused(tar, {{"good", good_file_}, {file_of_kenya, target, type}});
        }
    }
    expect_archive_refused(tar, {{"a", "..", EntryType::symlink}, {"a/evil", "x"}});
    expect_archive_refused(zip, {{"a", "/", EntryType::symlink}, {"a/evil", "x"}});
}

TEST_F(HostileArchives, with_long_names_or_deep_folders_are_refused) {
    std::string deep = file_of_kenya;
    for (int i = 0; i < 500; ++i) {
        deep.insert(0, "d/");
    }
    for (const std::string& name :
         {std::string(256, 'n'), std::string(5'000, 'n'), std::string(60'000, 'n'),
          std::string(300, 'n') + "/" + file_of_kenya, deep}) {
        expect_archive_refused(zip, {{name, good_file_}});
        expect_archive_refused(tar, {{name, good_file_}});
    }
    expect_archive_refused(tar, {{std::string(2'000'000, 'n'), good_file_}});
}

TEST_F(HostileArchives, with_a_zero_byte_in_a_name_are_refused) {
    auto archive = zip_of(file_of_kenya + "@evil", good_file_);
    std::ranges::replace(archive, '@', '\0');
    write_file(attacks_ / "archive", archive);
    expect_form_refused({{"layer", "kenya", {}}, {"file", {}, attacks_ / "archive"}}, "zero byte");
}

TEST_F(HostileArchives, with_names_that_are_one_on_other_systems_are_refused) {
    EXPECT_THAT(
        expect_archive_refused(zip, {{"Z01-0-1.SQLITE3", good_file_}, {file_of_kenya, good_file_}})
            .body,
        HasSubstr("differs"));
    // one letter with its accent, and the letter and the accent
    EXPECT_THAT(expect_archive_refused(
                    tar, {{"caf\u00e9.sqlite3", good_file_}, {"cafe\u0301.sqlite3", good_file_}})
                    .body,
                HasSubstr("differs"));
}

TEST_F(HostileArchives, with_what_a_writer_left_beside_its_file_are_refused) {
    for (const std::string end : {"-wal", "-shm", "-journal"}) {
        expect_archive_refused(zip,
                               {{file_of_kenya, good_file_}, {file_of_kenya + end, good_file_}});
        expect_archive_refused(tar,
                               {{file_of_kenya + end, good_file_}, {file_of_kenya, good_file_}});
    }
    expect_archive_refused(zip, {{"metadata.sqlite", good_file_}});
}

// RP-21
TEST_F(HostileArchives, in_each_other_are_not_unpacked) {
    auto nested = zip_of(file_of_kenya, std::string(1 << 20, '\0'));
    for (int level = 0; level < 6; ++level) {
        std::vector<ArchiveEntry> copies;
        for (int i = 0; i < 16; ++i) {
            copies.push_back({fmt::format("lib {}.zip", i), nested});
        }
        write_archive(attacks_ / "nested", zip, copies);
        nested = read_text(attacks_ / "nested");
    }
    const auto response =
        expect_form_refused({{"layer", "kenya", {}}, {"file", {}, attacks_ / "nested"}}, "nested");
    EXPECT_THAT(response.body, HasSubstr("lib 0.zip"));
    expect_archive_refused(zip, {{file_of_kenya, nested}});
}

// RP-21
TEST_F(HostileArchives, that_unpack_to_much_are_too_large) {
    const std::string zeros(200 << 20, '\0');
    for (const auto kind : {zip, tar_gz, tar_zst}) {
        EXPECT_EQ(expect_archive_refused(kind, {{file_of_kenya, zeros}}).status, 413);
    }
}

// RP-21
TEST_F(HostileArchives, with_a_hole_in_a_content_are_too_large) {
    write_file(attacks_ / file_of_kenya, "SQLite format 3");
    fs::resize_file(attacks_ / file_of_kenya, std::uintmax_t{1} << 36);
    std::ofstream{attacks_ / file_of_kenya, std::ios::app} << "the end";
    for (const std::string format : {"gnu", "posix"}) {
        run({"tar", "--sparse", "--format", format, "-cf", (attacks_ / "archive").string(), "-C",
             attacks_.path().string(), file_of_kenya});
        EXPECT_EQ(expect_form_refused({{"layer", "kenya", {}}, {"file", {}, attacks_ / "archive"}},
                                      format)
                      .status,
                  413);
    }
    fs::remove(attacks_ / file_of_kenya);
}

TEST_F(HostileArchives, of_100000_entries_are_refused_within_the_limit) {
    patience_ = std::chrono::minutes{2};
    EXPECT_EQ(expect_archive_refused(zip, numbered_entries(100'000)).status, 422);
}

TEST_F(HostileArchivesWithFewEntries, of_100000_entries_are_too_large_beyond_the_limit) {
    patience_ = std::chrono::minutes{2};
    EXPECT_EQ(expect_archive_refused(zip, numbered_entries(100'000)).status, 413);
}

}  // namespace
}  // namespace offgrid::test
