#pragma once

#include "formats/package/file_list_node.h"
#include "formats/package/package_file.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// The files of a package, sorted by name, each name once. A value whose copies and changed
/// versions share what they have in common: a copy costs nothing, `with` and `without` cost the
/// same for ten thousand files as for ten (a tree of FileListNode, about 32 entries a node).
///
/// Equal lists are equal trees, however they came about: comparing them is comparing two hashes,
/// and what differs between two large lists is found at the cost of the difference. Pointers and
/// iterators into a list are valid while any list has the file. Safe for concurrent reading.
class FileList {
public:
    class Iterator;
    using value_type = PackageFile;
    using const_iterator = Iterator;

    FileList() = default;

    /// Of files in any order. Throws `invalid_argument` when two have one name.
    FileList(
        std::vector<PackageFile> files);  // NOLINT(google-explicit-constructor): a list of files
    FileList(std::initializer_list<PackageFile> files)
        : FileList{std::vector<PackageFile>(files)} {}

    /// Of a whole tree; null: empty.
    explicit FileList(FileListNodePtr root) : root_{std::move(root)} {}

    bool empty() const { return root_ == nullptr; }
    std::size_t size() const { return static_cast<std::size_t>(totals().files); }
    FileTotals totals() const { return root_ ? root_->totals : FileTotals{}; }

    Iterator begin() const;
    Iterator end() const;

    /// The file of that name, or null.
    const PackageFile* find(std::string_view name) const;

    /// The list with the file, in place of the one of its name where there is one.
    FileList with(const PackageFile& file) const;

    /// The list without the file of that name.
    FileList without(std::string_view name) const;

    /// The top of the tree; null for an empty list.
    const FileListNodePtr& root() const { return root_; }

    /// The node of that hash that ends with that name, or null.
    FileListNodePtr node(int level, std::string_view last_name, std::string_view sha256) const;

    /// Visit the files that the other list lacks, or has otherwise, in the order of their names.
    void visit_files_not_in(const FileList& other,
                            const std::function<void(const PackageFile& file)>& visit) const;

    /// Visit the nodes that the other list lacks, each after those below it.
    void visit_nodes_not_in(const FileList& other,
                            const std::function<void(const FileListNode& node)>& visit) const;

    friend bool operator==(const FileList& a, const FileList& b) {
        return a.root_ == b.root_ || (a.root_ && b.root_ && a.root_->sha256 == b.root_->sha256);
    }

private:
    FileListNodePtr root_;
};

/// Goes through the files of a list in the order of their names.
class FileList::Iterator {
public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = PackageFile;
    using difference_type = std::ptrdiff_t;
    using pointer = const PackageFile*;
    using reference = const PackageFile&;

    Iterator() = default;

    reference operator*() const { return *file_; }
    pointer operator->() const { return file_; }
    Iterator& operator++();
    Iterator operator++(int) {
        auto before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.file_ == b.file_; }

private:
    friend class FileList;
    explicit Iterator(const FileListNode& root) { descend(root); }
    void descend(const FileListNode& node);

    struct Step {
        const FileListNode* node = nullptr;
        std::size_t place = 0;
    };
    std::array<Step, max_node_level + 1> path_{};  // from the root down to a leaf
    std::size_t depth_ = 0;
    const PackageFile* file_ = nullptr;  // null: behind the last
};

inline FileList::Iterator FileList::begin() const {
    return root_ ? Iterator{*root_} : Iterator{};
}

inline FileList::Iterator FileList::end() const {
    return {};
}

}  // namespace offgrid
