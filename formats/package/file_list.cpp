#include "formats/package/file_list.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

using Nodes = std::vector<FileListNodePtr>;

/// Whether the node ends only because the list does: what follows would belong to it.
bool is_open(const FileListNode& node) {
    return !ends_node(node.last_name(), node.level);
}

Nodes cut_into_leaves(std::vector<PackageFile> files) {
    Nodes leaves;
    std::vector<PackageFile> next;
    for (auto& file : files) {
        next.push_back(std::move(file));
        if (ends_node(next.back().name, 0)) {
            leaves.push_back(make_leaf(std::exchange(next, {})));
        }
    }
    if (!next.empty()) {
        leaves.push_back(make_leaf(std::move(next)));
    }
    return leaves;
}

Nodes cut_into_parents(Nodes children) {
    Nodes parents;
    Nodes next;
    for (auto& child : children) {
        next.push_back(std::move(child));
        if (ends_node(next.back()->last_name(), next.back()->level + 1)) {
            parents.push_back(make_parent(std::exchange(next, {})));
        }
    }
    if (!next.empty()) {
        parents.push_back(make_parent(std::move(next)));
    }
    return parents;
}

/// The top over all nodes of one level: the lowest level that has one node.
FileListNodePtr top_of(Nodes nodes) {
    while (nodes.size() > 1) {
        nodes = cut_into_parents(std::move(nodes));
    }
    auto top = nodes.empty() ? nullptr : std::move(nodes.front());
    while (top && top->level > 0 && top->children.size() == 1) {
        top = FileListNodePtr{top->children.front()};
    }
    return top;
}

/// One node of an open one and the one behind it, which may both be large: only the nodes at the
/// seam are made anew.
FileListNodePtr joined(const FileListNode& left, const FileListNode& right) {
    if (left.level == 0) {
        auto files = left.files;
        files.insert(files.end(), right.files.begin(), right.files.end());
        return make_leaf(std::move(files));
    }
    auto children = left.children;
    auto behind = right.children.begin();
    if (is_open(*children.back())) {
        children.back() = joined(*children.back(), **behind);
        ++behind;
    }
    children.insert(children.end(), behind, right.children.end());
    return make_parent(std::move(children));
}

/// The child below which the name is or would be.
auto child_for(const FileListNode& node, std::string_view name) {
    const auto found = std::ranges::lower_bound(
        node.children, name, {},
        [](const FileListNodePtr& child) -> std::string_view { return child->last_name(); });
    return found == node.children.end() ? std::prev(found) : found;
}

/// The nodes of the same level that stand in place of the node once the name has the file; null:
/// no file. Only the last can be open.
Nodes changed(const FileListNode& node, std::string_view name, const PackageFile* file) {
    if (node.level == 0) {
        auto files = node.files;
        const auto place = std::ranges::lower_bound(files, name, {}, &PackageFile::name);
        const bool is_there = place != files.end() && place->name == name;
        if (file == nullptr) {
            files.erase(place, is_there ? std::next(place) : place);
        } else if (is_there) {
            *place = *file;
        } else {
            files.insert(place, *file);
        }
        return cut_into_leaves(std::move(files));
    }
    const auto child = child_for(node, name);
    auto behind = std::next(child);
    auto replaced = changed(**child, name, file);
    if (!replaced.empty() && is_open(*replaced.back()) && behind != node.children.end()) {
        replaced.back() = joined(*replaced.back(), **behind);
        ++behind;
    }
    Nodes children{node.children.begin(), child};
    children.insert(children.end(), replaced.begin(), replaced.end());
    children.insert(children.end(), behind, node.children.end());
    return cut_into_parents(std::move(children));
}

bool has_node(const FileList& list, const FileListNode& node) {
    return list.node(node.level, node.last_name(), node.sha256) != nullptr;
}

void visit_files(const FileListNode& node, const FileList& other,
                 const std::function<void(const PackageFile&)>& visit) {
    if (has_node(other, node)) {
        return;
    }
    for (const auto& child : node.children) {
        visit_files(*child, other, visit);
    }
    for (const auto& file : node.files) {
        const auto* const same = other.find(file.name);
        if (same == nullptr || *same != file) {
            visit(file);
        }
    }
}

void visit_nodes(const FileListNode& node, const FileList& other,
                 const std::function<void(const FileListNode&)>& visit) {
    if (has_node(other, node)) {
        return;
    }
    for (const auto& child : node.children) {
        visit_nodes(*child, other, visit);
    }
    visit(node);
}

}  // namespace

FileList::FileList(std::vector<PackageFile> files) {
    std::ranges::sort(files, {}, &PackageFile::name);
    const auto twin = std::ranges::adjacent_find(files, {}, &PackageFile::name);
    if (twin != files.end()) {
        throw Error{Errc::invalid_argument, fmt::format("file '{}' is there twice", twin->name)};
    }
    root_ = top_of(cut_into_leaves(std::move(files)));
}

const PackageFile* FileList::find(std::string_view name) const {
    const auto* node = root_.get();
    while (node != nullptr && node->level > 0) {
        node = child_for(*node, name)->get();
    }
    if (node == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::lower_bound(node->files, name, {}, &PackageFile::name);
    return found == node->files.end() || found->name != name ? nullptr : &*found;
}

FileList FileList::with(const PackageFile& file) const {
    if (!root_) {
        return {file};
    }
    return FileList{top_of(changed(*root_, file.name, &file))};
}

FileList FileList::without(std::string_view name) const {
    if (find(name) == nullptr) {
        return *this;
    }
    return FileList{top_of(changed(*root_, name, nullptr))};
}

FileListNodePtr FileList::node(int level, std::string_view last_name,
                               std::string_view sha256) const {
    const auto* found = &root_;
    while (*found && (*found)->level > level) {
        found = &*child_for(**found, last_name);
    }
    return *found && (*found)->level == level && (*found)->sha256 == sha256 ? *found : nullptr;
}

void FileList::visit_files_not_in(const FileList& other,
                                  const std::function<void(const PackageFile&)>& visit) const {
    if (root_) {
        visit_files(*root_, other, visit);
    }
}

void FileList::visit_nodes_not_in(const FileList& other,
                                  const std::function<void(const FileListNode&)>& visit) const {
    if (root_) {
        visit_nodes(*root_, other, visit);
    }
}

void FileList::Iterator::descend(const FileListNode& node) {
    const auto* below = &node;
    while (below->level > 0) {
        path_[depth_++] = {below, 0};
        below = below->children.front().get();
    }
    path_[depth_++] = {below, 0};
    file_ = &below->files.front();
}

FileList::Iterator& FileList::Iterator::operator++() {
    auto& leaf = path_[depth_ - 1];
    if (++leaf.place < leaf.node->files.size()) {
        file_ = &leaf.node->files[leaf.place];
        return *this;
    }
    file_ = nullptr;
    while (--depth_ > 0) {
        auto& parent = path_[depth_ - 1];
        if (++parent.place < parent.node->children.size()) {
            descend(*parent.node->children[parent.place]);
            break;
        }
    }
    return *this;
}

}  // namespace offgrid
