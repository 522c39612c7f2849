#include "formats/package/file_list.h"

#include "tests/support/errors.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <random>

namespace offgrid {
namespace {

using test::throws;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PackageFile file_named(const std::string& name, int version = 0) {
    return {.name = name,
            .bytes = 100,
            .sha256 = fmt::format("{:064x}", version),
            .max_zoom = 5,
            .tiles = 7};
}

/// z7-0-0.sqlite3, z7-0-1.sqlite3 and so on.
std::vector<PackageFile> files_of(int count) {
    std::vector<PackageFile> files;
    for (int i = 0; i < count; ++i) {
        files.push_back(file_named(fmt::format("z7-{}-{}.sqlite3", i / 100, i % 100)));
    }
    return files;
}

std::vector<std::string> names_of(const FileList& list) {
    std::vector<std::string> names;
    for (const auto& file : list) {
        names.push_back(file.name);
    }
    return names;
}

int nodes_not_in(const FileList& list, const FileList& other) {
    int count = 0;
    list.visit_nodes_not_in(other, [&](const FileListNode&) { ++count; });
    return count;
}

TEST(FileList, has_its_files_in_the_order_of_their_names) {
    const FileList list{file_named("b"), file_named("a"), file_named("c/d")};
    EXPECT_THAT(names_of(list), ElementsAre("a", "b", "c/d"));
    EXPECT_EQ(list.size(), 3U);
    EXPECT_EQ(list.totals(), (FileTotals{.files = 3, .bytes = 300, .tiles = 21}));
    EXPECT_EQ(list.find("b")->name, "b");
    EXPECT_EQ(list.find("bb"), nullptr);
    EXPECT_EQ(list.find("d"), nullptr);
}

TEST(FileList, may_be_empty) {
    const FileList list;
    EXPECT_TRUE(list.empty());
    EXPECT_THAT(names_of(list), IsEmpty());
    EXPECT_EQ(list.find("a"), nullptr);
    EXPECT_EQ(list.without("a"), list);
    EXPECT_EQ(FileList{file_named("a")}.without("a"), list);
}

TEST(FileList, refuses_two_files_of_one_name) {
    EXPECT_THAT(
        [] {
            FileList({file_named("a"), file_named("a", 1)});
        },
        throws(Errc::invalid_argument, HasSubstr("'a' is there twice")));
}

TEST(FileList, leaves_the_list_that_a_changed_one_was_made_from) {
    const FileList list{files_of(1000)};
    const auto changed = list.with(file_named("z7-5-5.sqlite3", 1)).without("z7-5-6.sqlite3");
    EXPECT_EQ(changed.size(), 999U);
    EXPECT_EQ(changed.find("z7-5-5.sqlite3")->sha256, fmt::format("{:064x}", 1));
    EXPECT_EQ(list, FileList{files_of(1000)});
}

TEST(FileList, is_the_same_tree_in_whatever_order_its_files_came) {
    auto files = files_of(3000);
    const FileList at_once{files};
    std::mt19937 random{7};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    std::shuffle(files.begin(), files.end(), random);
    FileList one_by_one;
    for (const auto& file : files) {
        one_by_one = one_by_one.with(file);
    }
    EXPECT_EQ(one_by_one, at_once);
    EXPECT_EQ(one_by_one.root()->level, at_once.root()->level);
    EXPECT_EQ(nodes_not_in(one_by_one, at_once), 0);
}

/// Names that end nodes of every level come and go: nodes split and join.
TEST(FileList, is_the_same_tree_whatever_was_in_it_before) {
    std::mt19937 random{11};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    const auto pool = files_of(5000);
    std::map<std::string, PackageFile> wanted;
    FileList list;
    for (int round = 0; round < 4000; ++round) {
        const bool grows = round < 2500;
        const auto& file = pool[random() % pool.size()];
        if (grows || random() % 4 == 0) {
            const auto version = file_named(file.name, static_cast<int>(random() % 3));
            wanted[file.name] = version;
            list = list.with(version);
        } else if (!wanted.empty()) {
            auto place = wanted.lower_bound(file.name);
            place = place == wanted.end() ? wanted.begin() : place;
            list = list.without(place->first);
            wanted.erase(place);
        }
        if (round % 97 == 0) {
            std::vector<PackageFile> files;
            for (const auto& [name, some] : wanted) {
                files.push_back(some);
            }
            ASSERT_EQ(list, FileList{files}) << "round " << round;
            ASSERT_TRUE(std::equal(list.begin(), list.end(), files.begin(), files.end()));
        }
    }
    while (!wanted.empty()) {
        list = list.without(wanted.begin()->first);
        wanted.erase(wanted.begin());
    }
    EXPECT_TRUE(list.empty());
}

/// Computed once: nothing here may depend on the machine, the compiler or the library.
TEST(FileList, has_the_same_hash_on_every_machine) {
    EXPECT_EQ(FileList{files_of(3)}.root()->sha256,
              "75752b2d869842e5925cfc6227335bfadd17b84be291f1c7d2490f4ff8702be3");
    EXPECT_EQ(FileList{files_of(5000)}.root()->sha256,
              "a0dd6197966260da4b97bc4d8d11d518f5fb626d5963fdc69ca32b5a318a7e40");
}

TEST(FileList, takes_few_new_nodes_for_a_change_however_long_it_is) {
    for (const int count : {10, 1000, 50'000}) {
        const FileList list{files_of(count)};
        const auto changed = list.with(file_named("z7-0-5.sqlite3", 1));
        EXPECT_EQ(nodes_not_in(changed, list), list.root()->level + 1) << count;
        EXPECT_LE(list.root()->level, 4);
    }
}

TEST(FileList, tells_what_differs_between_two) {
    const FileList old_list{files_of(2000)};
    const auto new_list = old_list.with(file_named("z7-3-3.sqlite3", 1))
                              .with(file_named("new"))
                              .without("z7-9-9.sqlite3");
    const auto names_not_in = [](const FileList& list, const FileList& other) {
        std::vector<std::string> names;
        list.visit_files_not_in(other,
                                [&](const PackageFile& file) { names.push_back(file.name); });
        return names;
    };
    EXPECT_THAT(names_not_in(new_list, old_list), ElementsAre("new", "z7-3-3.sqlite3"));
    EXPECT_THAT(names_not_in(old_list, new_list), ElementsAre("z7-3-3.sqlite3", "z7-9-9.sqlite3"));
    EXPECT_THAT(names_not_in(old_list, old_list), IsEmpty());
    EXPECT_EQ(names_not_in(old_list, {}).size(), 2000U);
    EXPECT_THAT(names_not_in({}, old_list), IsEmpty());
}

TEST(FileList, holds_names_that_json_must_escape) {
    const FileList list{file_named("a\"b\\c"), file_named("Москва")};
    const auto text = parse_node(node_text(*list.root()));
    EXPECT_EQ(text.files.at(0).name, "a\"b\\c");
    EXPECT_EQ(text.files.at(1).name, "Москва");
    EXPECT_THAT([] { FileList{file_named("\xFF")}; },
                throws(Errc::invalid_argument, HasSubstr("not UTF-8")));
}

/// Whoever chooses names that end no node would make one that is written and never read again.
TEST(FileList, refuses_names_that_make_a_node_too_large) {
    std::vector<PackageFile> files;
    std::size_t bytes = 0;
    for (int i = 0; bytes < max_node_bytes; ++i) {
        auto file = file_named(fmt::format("{:0>180}", i));
        if (!ends_node(file.name, 0)) {
            bytes += file.name.size() + file.sha256.size();
            files.push_back(std::move(file));
        }
    }
    const auto last = files.back();
    EXPECT_THAT([&] { FileList{files}; }, throws(Errc::too_large, HasSubstr("pieces of at most")));
    files.resize(files.size() / 2);
    EXPECT_NO_THROW(FileList{files}.with(last));
}

TEST(FileListNode, says_what_is_wrong_with_a_text) {
    const auto hash = std::string(64, 'a');
    const std::pair<std::string, const char*> cases[] = {
        {"", "bad manifest"},
        {"{}", "level"},
        {R"({"level":-1,"files":[]})", "-1 levels deep"},
        {R"({"level":13,"nodes":[]})", "13 levels deep"},
        {R"({"level":0,"files":[]})", "nothing in it"},
        {R"({"level":0,"files":{}})", "nothing in it"},
        {R"({"level":0,"nodes":[["a",")" + hash + R"(",1,1,1]]})", "files"},
        {R"({"level":0,"files":[["a",1]]})", "out of range"},
        {R"({"level":0,"files":[["a",-1,"x",0,0,0]]})", "a count is no count"},
        {R"({"level":0,"files":[[7,1,"x",0,0,0]]})", "type"},
        {R"({"level":0,"files":[["b",1,"x",0,0,0],["a",1,"x",0,0,0]]})", "not sorted"},
        {R"({"level":0,"files":[["a",1,"x",0,0,0],["a",1,"x",0,0,0]]})", "not sorted"},
        {R"({"level":1,"nodes":[["a","x",1,1,1],["b","x",1,1,1]]})", "no node can end with 'a'"},
    };
    for (const auto& [text, why] : cases) {
        EXPECT_THAT([&] { parse_node(text); }, throws(Errc::corrupt, HasSubstr(why))) << text;
    }
    std::string ending = "a";
    while (!ends_node(ending, 0)) {
        ending += "a";
    }
    EXPECT_THAT(
        [&] {
            parse_node(R"({"level":0,"files":[[")" + ending +
                       R"(",1,"x",0,0,0],["b",1,"x",0,0,0]]})");
        },
        throws(Errc::corrupt, HasSubstr("the node goes on behind")));
}

}  // namespace
}  // namespace offgrid
