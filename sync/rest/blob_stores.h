#pragma once

#include "formats/base/file_ops.h"
#include "serve/log.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// Definitions of blob stores as GeoWebCache's clients manage them, kept in the depot's file
/// `blobstores.json`.
///
/// The depot itself is the one store whose tiles are served; the definitions are kept for those
/// clients and hold no tiles. Safe for concurrent use. The FileOps is not owned.
class BlobStores {
public:
    /// The name of the depot's own store, which can neither be changed nor removed.
    static constexpr std::string_view own_name = "depot";

    /// One definition: the name of its type (`FileBlobStore`) with its fields.
    using Definition = nlohmann::ordered_json;

    /// Reads the file where there is one; one that cannot be read goes to the log and is left out,
    /// as tiles are served without it. REQUIRES: the DepotLock.
    BlobStores(FileOps& files, std::filesystem::path file, const Log& log);

    std::vector<std::string> names() const;

    /// Nothing when there is none of that name.
    std::optional<Definition> find(const std::string& name) const;

    /// Add or change a definition, durably; whether it is new. Throws `invalid_argument` for a body
    /// that defines no store of that name, `too_large` when there are too many.
    bool put(const std::string& name, std::string_view body);

    /// Remove a definition, durably. False when there is none.
    bool remove(const std::string& name);

private:
    void save(const std::map<std::string, Definition>& definitions);

    FileOps& files_;
    std::filesystem::path file_;
    mutable std::mutex mutex_;
    std::map<std::string, Definition> definitions_;
};

}  // namespace offgrid
