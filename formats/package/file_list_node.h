#pragma once

#include "formats/package/package_file.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// A piece of a FileList: at level 0 files, at each level above the nodes of the level below.
/// Immutable, so any number of lists and threads share it.
///
/// A node ends behind a name that `ends_node` picks by its hash, about every 32nd. So the nodes of
/// a list depend on the names in it and on nothing else, and a change of one file changes one node
/// of each level.
struct FileListNode {
    int level = 0;
    std::vector<PackageFile> files{};                             ///< at level 0, by name
    std::vector<std::shared_ptr<const FileListNode>> children{};  ///< at the others, by name
    FileTotals totals{};                                          ///< of all files below
    std::string sha256{};  ///< of `node_text`: equal nodes have equal hashes, on every machine

    const std::string& first_name() const;
    const std::string& last_name() const;
};

using FileListNodePtr = std::shared_ptr<const FileListNode>;

/// No name ends a node of this level, so that no list is deeper.
inline constexpr int max_node_level = 12;

/// Whether a node of the level ends behind the name. What ends a node ends those below it too.
bool ends_node(std::string_view name, int level);

/// The largest text of a node. About 32 entries of 100 bytes make one, of 1 kB at most; chance
/// makes none a hundred times larger, but somebody who chooses names with it in mind does.
inline constexpr std::size_t max_node_bytes = 4 << 20;

/// REQUIRES: something in it, sorted by name, each name once. Throws `invalid_argument` for a name
/// that is not UTF-8, `too_large` for a node that nobody would read.
FileListNodePtr make_leaf(std::vector<PackageFile> files);

/// REQUIRES: something in it, all of one level, sorted. Throws `too_large` as `make_leaf`.
FileListNodePtr make_parent(std::vector<FileListNodePtr> children);

/// The node as it is kept on disk; README.md here has the format. The same text for the same node.
std::string node_text(const FileListNode& node);

/// What a node's text says. Its children are still to be read.
struct NodeText {
    struct Child {
        std::string last_name{};
        std::string sha256{};
        FileTotals totals{};
    };

    int level = 0;
    std::vector<PackageFile> files{};
    std::vector<Child> children{};
};

/// Read a node's text. Throws `corrupt` for anything but a sane one: something in it, sorted, cut
/// where nodes end and not before. What the files say is for PackageFileCheck.
NodeText parse_node(std::string_view text);

}  // namespace offgrid
