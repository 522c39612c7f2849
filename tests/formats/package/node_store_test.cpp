#include "formats/package/node_store.h"

#include "formats/base/hash.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace offgrid {
namespace {

namespace fs = std::filesystem;
using test::throws;
using testing::AllOf;
using testing::HasSubstr;

constexpr int file_count = 3000;

PackageFile file_at(int index, int version = 0) {
    return {.name = fmt::format("z07-{}-{}.sqlite3", index / 100, index % 100),
            .bytes = 100,
            .sha256 = fmt::format("{:064x}", version),
            .min_zoom = 7,
            .max_zoom = 9,
            .tiles = 7};
}

FileList many_files() {
    std::vector<PackageFile> files;
    for (int i = 0; i < file_count; ++i) {
        files.push_back(file_at(i));
    }
    return files;
}

struct NodeStoreTest : testing::Test {
    NodeStoreTest() {
        fs::create_directory(store.folder());
        store.write(posix_file_ops(), list, {});
    }

    FileList load(const FileList& known = {}) const {
        return store.load(list.root()->sha256, known, check);
    }

    fs::path path_of(const FileListNode& node) const { return store.folder() / node.sha256; }

    std::vector<fs::path> all_nodes() const {
        std::vector<fs::path> paths;
        list.visit_nodes_not_in({},
                                [&](const FileListNode& node) { paths.push_back(path_of(node)); });
        return paths;
    }

    test::TempFolder folder;
    NodeStore store{folder / "manifests"};
    FileList list = many_files();
    PackageFileCheck check{
        Manifest{.pyramids = {{.max_zoom = 9,
                               .names = "z{top}-{top_x}-{top_y}.sqlite3",
                               .options = {.top = 7, .formats = {{"top", "%02d"}}}}}}};
};

TEST_F(NodeStoreTest, gives_back_what_was_written) {
    ASSERT_GE(list.root()->level, 2);
    const auto loaded = load();
    EXPECT_EQ(loaded, list);
    EXPECT_TRUE(std::equal(loaded.begin(), loaded.end(), list.begin(), list.end()));
}

TEST_F(NodeStoreTest, names_each_node_by_the_hash_of_its_content) {
    const auto names = test::names_below(store.folder());
    EXPECT_EQ(names.size(), all_nodes().size());
    for (const auto& name : names) {
        EXPECT_TRUE(is_sha256_hex(name)) << name;
        EXPECT_EQ(sha256_hex_of_file(store.folder() / name), name);
    }
}

TEST_F(NodeStoreTest, writes_and_reads_no_more_than_what_a_list_does_not_share_with_a_known_one) {
    const auto known = load();
    for (const auto& path : all_nodes()) {
        fs::remove(path);
    }
    list = list.with(file_at(500, 1));

    EXPECT_TRUE(store.write(posix_file_ops(), list, known));

    EXPECT_EQ(test::names_below(store.folder()).size(),
              static_cast<std::size_t>(list.root()->level) + 1);
    EXPECT_EQ(load(known), list);
    EXPECT_FALSE(store.write(posix_file_ops(), list, list));
}

TEST_F(NodeStoreTest, names_a_node_that_is_damaged) {
    for (const auto& path : all_nodes()) {
        auto text = test::read_text(path);
        text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1);
        test::write_file(path, text);
        EXPECT_THAT([&] { load(); },
                    throws(Errc::corrupt, AllOf(HasSubstr(path.filename().string()),
                                                HasSubstr("its content has another hash"))));
        store.write(posix_file_ops(), list, {});  // puts it there again
        ASSERT_EQ(load(), list);
    }
}

TEST_F(NodeStoreTest, names_a_node_that_is_missing_cut_or_swapped) {
    for (const auto& path : all_nodes()) {
        const auto text = test::read_text(path);
        const auto damages = [&](Errc code, const char* why) {
            EXPECT_THAT([&] { load(); },
                        throws(code, AllOf(HasSubstr(path.filename().string()), HasSubstr(why))));
        };
        fs::remove(path);
        damages(Errc::corrupt, "is missing");
        test::write_file(path, "");
        damages(Errc::corrupt, "another hash");
        test::write_file(path, text.substr(0, text.size() - 1));
        damages(Errc::corrupt, "another hash");
        test::write_file(path, text);
    }
}

/// What has the right hash may still say anything: it may come from another machine.
TEST_F(NodeStoreTest, refuses_nodes_that_lie) {
    const auto lie = [&](const std::string& text) {
        const auto sha256 = sha256_hex(as_bytes(text));
        test::write_file(store.folder() / sha256, text);
        return sha256;
    };
    const auto loading = [&](const std::string& sha256) {
        return [this, sha256] { store.load(sha256, {}, check); };
    };
    const auto& leaf = *list.root()->children.front()->children.front();
    const auto& parent = *list.root()->children.front();
    const auto entry = fmt::format("[\"{}\",\"{}\",{},{},{}]", leaf.last_name(), leaf.sha256,
                                   leaf.totals.files, leaf.totals.bytes, leaf.totals.tiles);
    EXPECT_THAT(loading(lie("{\"level\":1,\"nodes\":[" + entry + "]}")),
                throws(Errc::corrupt, HasSubstr("does not say what is below it")));
    EXPECT_THAT(loading(lie("{\"level\":1,\"nodes\":[\n" + entry + "\n]}\n")),
                throws(Errc::corrupt, HasSubstr("is no top of a list")));
    EXPECT_THAT(loading(lie("{\"level\":2,\"nodes\":[\n" + entry + "\n]}\n")),
                throws(Errc::corrupt, HasSubstr("is of level 0 and stands at level 1")));
    auto counts_more = node_text(parent);
    counts_more.replace(counts_more.find(fmt::format(",{},", leaf.totals.files)), 1, ",9");
    EXPECT_THAT(loading(lie(counts_more)),
                throws(Errc::corrupt, HasSubstr("does not say what is in")));
    EXPECT_THAT(loading(lie("{\"level\":0,\"files\":[\n[\"../x\",1,\"" + std::string(64, 'a') +
                            "\",0,0,0]\n]}\n")),
                throws(Errc::corrupt, HasSubstr("'../x' leaves the package")));
    EXPECT_THAT(loading("../../etc/passwd"),
                throws(Errc::corrupt, HasSubstr("a name that is no SHA-256")));
}

}  // namespace
}  // namespace offgrid
