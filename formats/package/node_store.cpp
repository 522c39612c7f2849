#include "formats/package/node_store.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

/// Whether the node is there, whole. What cannot be read is as good as missing.
bool is_stored(const fs::path& path, const std::string& sha256) {
    try {
        return sha256_hex_of_file(path) == sha256;
    } catch (const Error&) {
        return false;
    }
}

/// Reads one list, node by node.
class Reading {
public:
    Reading(const fs::path& folder, const FileList& known, const PackageFileCheck& check)
        : folder_{folder}, known_{known}, check_{check} {}

    /// The top of the list: of any level.
    FileListNodePtr top(const std::string& sha256) const {
        if (known_.root() && known_.root()->sha256 == sha256) {
            return known_.root();
        }
        auto node = read(sha256, std::nullopt);
        if (node->level > 0 && node->children.size() == 1) {
            throw damaged(sha256, "is no top of a list: there is one node below it");
        }
        return node;
    }

private:
    FileListNodePtr read(const std::string& sha256, std::optional<int> level) const {
        auto text = parse(sha256);
        if (level && text.level != *level) {
            throw damaged(sha256,
                          fmt::format("is of level {} and stands at level {}", text.level, *level));
        }
        auto node = text.level == 0 ? make_leaf(std::move(text.files)) : parent(sha256, text);
        if (node->sha256 != sha256) {
            throw damaged(sha256, "does not say what is below it");
        }
        return node;
    }

    FileListNodePtr parent(const std::string& sha256, const NodeText& text) const {
        std::vector<FileListNodePtr> children;
        for (const auto& said : text.children) {
            auto child = known_.node(text.level - 1, said.last_name, said.sha256);
            if (!child) {
                child = read(said.sha256, text.level - 1);
            }
            if (child->last_name() != said.last_name || child->totals != said.totals) {
                throw damaged(sha256, fmt::format("does not say what is in {}", said.sha256));
            }
            if (!children.empty() && children.back()->last_name() >= child->first_name()) {
                throw damaged(sha256, fmt::format("is not sorted at '{}'", child->first_name()));
            }
            children.push_back(std::move(child));
        }
        return make_parent(std::move(children));
    }

    NodeText parse(const std::string& sha256) const {
        if (!is_sha256_hex(sha256)) {
            throw damaged("", "has a name that is no SHA-256");
        }
        const auto content = content_of(sha256);
        if (sha256_hex(content) != sha256) {
            throw damaged(sha256, "is damaged: its content has another hash");
        }
        try {
            auto text = parse_node(as_text(content));
            for (const auto& file : text.files) {
                check_.check(file);
            }
            return text;
        } catch (const Error& error) {
            throw damaged(sha256, error.what());
        }
    }

    Bytes content_of(const std::string& sha256) const {
        try {
            return read_file(folder_ / sha256, max_node_bytes);
        } catch (const Error& error) {
            if (error.code() == Errc::not_found) {
                throw damaged(sha256, "is missing");
            }
            throw;
        }
    }

    Error damaged(const std::string& sha256, std::string_view why) const {
        return Error{Errc::corrupt, fmt::format("{} {}", (folder_ / sha256).string(), why)};
    }

    const fs::path& folder_;
    const FileList& known_;
    const PackageFileCheck& check_;
};

}  // namespace

FileList NodeStore::load(const std::string& sha256, const FileList& known,
                         const PackageFileCheck& check) const {
    return FileList{Reading{folder_, known, check}.top(sha256)};
}

bool NodeStore::write(FileOps& files, const FileList& list, const FileList& known) const {
    bool has_new = false;
    list.visit_nodes_not_in(known, [&](const FileListNode& node) {
        has_new = true;
        const auto path = folder_ / node.sha256;
        // One that was damaged since is put there again, as a tile file is.
        if (!is_stored(path, node.sha256)) {
            write_synced(files, path, as_bytes(node_text(node)));
        }
    });
    return has_new;
}

}  // namespace offgrid
