#pragma once

#include "formats/gwc/blob_store_options.h"
#include "formats/gwc/file_template.h"

#include <string>
#include <vector>

namespace offgrid::gwc {

/// The files of a store that are there, found by walking the folders that its template can have
/// made. Links are not followed: what is removed lies in the root. Immutable; safe for concurrent
/// use. The options are not owned.
class StoreFiles {
public:
    /// Throws `invalid_argument` for a template that is none.
    explicit StoreFiles(const BlobStoreOptions& options);

    const FileTemplate& names() const { return names_; }

    /// The paths of the files that are meant, relative to the root, sorted. A root that is not
    /// there has none; a folder that cannot be read is an Error.
    std::vector<std::string> list(const FileQuery& query) const;

private:
    void walk(const std::string& folder, std::size_t depth, const FileQuery& query,
              std::vector<std::string>& found) const;
    bool explain(const FileQuery& query, const std::string& path) const;
    bool is_of_another(const std::string& path, const FileQuery& query) const;

    const BlobStoreOptions& options_;
    FileTemplate names_;
};

/// What names the files of one tileset.
FileQuery query_of(const TilesetId& id);

}  // namespace offgrid::gwc
