#include "formats/package/file_list_node.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/package/manifest_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

/// A node ends behind one name of 2^5.
constexpr int bits_per_level = 5;

Error bad(std::string_view what) {
    return Error{Errc::corrupt, fmt::format("bad list of files: {}", what)};
}

/// The name as JSON. Nearly all are plain.
std::string quoted(const std::string& name) {
    const bool is_plain = std::ranges::all_of(
        name, [](char c) { return c >= ' ' && c < '\x7F' && c != '"' && c != '\\'; });
    if (is_plain) {
        return fmt::format("\"{}\"", name);
    }
    try {
        return Json(name).dump();
    } catch (const Json::exception&) {
        throw Error{Errc::invalid_argument, "the name of a file is not UTF-8"};
    }
}

FileListNodePtr finished(FileListNode node) {
    const auto text = node_text(node);
    if (text.size() > max_node_bytes) {
        throw Error{Errc::too_large,
                    fmt::format("the list of files from '{}' to '{}' cannot be cut into pieces of "
                                "at most {} bytes: name the files otherwise",
                                node.first_name(), node.last_name(), max_node_bytes)};
    }
    node.sha256 = sha256_hex(as_bytes(text));
    return std::make_shared<const FileListNode>(std::move(node));
}

/// The value at the place of an entry. Throws `corrupt` when it is missing or of another type.
template <typename T>
T at(const Json& entry, std::size_t place) {
    const auto& value = entry.at(place);
    if constexpr (std::is_unsigned_v<T>) {
        if (!value.is_number_unsigned()) {
            throw bad("a count is no count");
        }
    }
    return value.get<T>();
}

PackageFile file_of(const Json& entry) {
    return {.name = at<std::string>(entry, 0),
            .bytes = at<std::uint64_t>(entry, 1),
            .sha256 = at<std::string>(entry, 2),
            .min_zoom = at<int>(entry, 3),
            .max_zoom = at<int>(entry, 4),
            .tiles = at<std::int64_t>(entry, 5)};
}

NodeText::Child child_of(const Json& entry) {
    return {.last_name = at<std::string>(entry, 0),
            .sha256 = at<std::string>(entry, 1),
            .totals = {.files = at<std::uint64_t>(entry, 2),
                       .bytes = at<std::uint64_t>(entry, 3),
                       .tiles = at<std::uint64_t>(entry, 4)}};
}

/// Throws unless the names are those of one node: sorted, each once, and none but the last ends it.
template <typename Entry>
void check_cut(const std::vector<Entry>& entries, std::string Entry::*name, int level) {
    for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
        const auto next = std::next(entry);
        if (next != entries.end() && (*entry).*name >= (*next).*name) {
            throw bad(fmt::format("'{}' and what follows are not sorted", (*entry).*name));
        }
        if (next != entries.end() && ends_node((*entry).*name, level)) {
            throw bad(fmt::format("the node goes on behind '{}'", (*entry).*name));
        }
        if (next != entries.end() && level > 0 && !ends_node((*entry).*name, level - 1)) {
            throw bad(fmt::format("no node can end with '{}'", (*entry).*name));
        }
    }
}

NodeText parse_entries(const Json& json) {
    NodeText node{.level = json.at("level").get<int>()};
    if (node.level < 0 || node.level > max_node_level) {
        throw bad(fmt::format("it is {} levels deep", node.level));
    }
    const auto& entries = json.at(node.level == 0 ? "files" : "nodes");
    if (!entries.is_array() || entries.empty()) {
        throw bad("there is nothing in it");
    }
    for (const auto& entry : entries) {
        if (node.level == 0) {
            node.files.push_back(file_of(entry));
        } else {
            node.children.push_back(child_of(entry));
        }
    }
    return node;
}

}  // namespace

const std::string& FileListNode::first_name() const {
    return level == 0 ? files.front().name : children.front()->first_name();
}

const std::string& FileListNode::last_name() const {
    return level == 0 ? files.back().name : children.back()->last_name();
}

bool ends_node(std::string_view name, int level) {
    return std::countr_zero(fast_hash(as_bytes(name))) >= bits_per_level * (level + 1);
}

FileListNodePtr make_leaf(std::vector<PackageFile> files) {
    FileListNode node{.level = 0, .files = std::move(files)};
    for (const auto& file : node.files) {
        node.totals += {1, file.bytes, static_cast<std::uint64_t>(file.tiles)};
    }
    return finished(std::move(node));
}

FileListNodePtr make_parent(std::vector<FileListNodePtr> children) {
    FileListNode node{.level = children.front()->level + 1, .children = std::move(children)};
    for (const auto& child : node.children) {
        node.totals += child->totals;
    }
    return finished(std::move(node));
}

std::string node_text(const FileListNode& node) {
    std::string text;
    auto out = std::back_inserter(text);
    fmt::format_to(out, "{{\"level\":{},\"{}\":[", node.level, node.level == 0 ? "files" : "nodes");
    std::string_view separator = "\n";
    for (const auto& file : node.files) {
        fmt::format_to(out, "{}[{},{},\"{}\",{},{},{}]", separator, quoted(file.name), file.bytes,
                       file.sha256, file.min_zoom, file.max_zoom, file.tiles);
        separator = ",\n";
    }
    for (const auto& child : node.children) {
        const auto& totals = child->totals;
        fmt::format_to(out, "{}[{},\"{}\",{},{},{}]", separator, quoted(child->last_name()),
                       child->sha256, totals.files, totals.bytes, totals.tiles);
        separator = ",\n";
    }
    text += "\n]}\n";
    return text;
}

NodeText parse_node(std::string_view text) {
    try {
        auto node = parse_entries(parse_shallow(text, 0));
        check_cut(node.files, &PackageFile::name, 0);
        check_cut(node.children, &NodeText::Child::last_name, node.level);
        return node;
    } catch (const Json::exception& error) {
        throw bad(error.what());
    }
}

}  // namespace offgrid
