#include "formats/gwc/store_files.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace offgrid::gwc {
namespace {

namespace fs = std::filesystem;

}  // namespace

FileQuery query_of(const TilesetId& id) {
    return {.layer = id.layer,
            .grid_set = id.grid_set,
            .format = id.format,
            .parameters_id = parameters_id(id.parameters),
            .parameters = id.parameters};
}

StoreFiles::StoreFiles(const BlobStoreOptions& options)
    : options_{options},
      names_{options.template_path, options.column_range_count, options.row_range_count} {}

std::vector<std::string> StoreFiles::list(const FileQuery& query) const {
    std::vector<std::string> found;
    walk("", 0, query, found);
    std::erase_if(found, [&](const std::string& path) {
        return !explain(query, path) || is_of_another(path, query);
    });
    std::ranges::sort(found);
    return found;
}

/// `folder` is relative to the root and ends in `/`, or is empty for the root.
void StoreFiles::walk(const std::string& folder, std::size_t depth, const FileQuery& query,
                      std::vector<std::string>& found) const {
    const bool is_last = depth + 1 == names_.depth();
    const auto path = fs::path{options_.root_directory} / folder;
    std::error_code failure;
    fs::directory_iterator entry{path, failure};
    if (failure == std::errc::no_such_file_or_directory) {
        return;
    }
    for (; !failure && entry != fs::directory_iterator{}; entry.increment(failure)) {
        const auto name = entry->path().filename().string();
        if (!names_.matches_component(depth, name, query)) {
            continue;
        }
        std::error_code vanished;  // another program may remove it meanwhile
        const auto type = entry->symlink_status(vanished).type();
        if (is_last && type == fs::file_type::regular) {
            found.push_back(folder + name);
        } else if (!is_last && type == fs::file_type::directory) {
            walk(folder + name + '/', depth + 1, query, found);
        }
    }
    if (failure) {
        throw system_error(failure.value(),
                           fmt::format("cannot list the folder {}", path.string()));
    }
}

/// Whether the names explain the path; with a grid set that is configured where none is asked for
/// and its text begins or ends at another name.
bool StoreFiles::explain(const FileQuery& query, const std::string& path) const {
    using Term = FileTemplate::Term;
    if (query.grid_set || options_.known_grid_sets.empty() ||
        !names_.are_side_by_side(Term::layer, Term::grid_set)) {
        return names_.match(path, query).has_value();
    }
    return std::ranges::any_of(options_.known_grid_sets, [&](const std::string& grid_set) {
        auto in_grid_set = query;
        in_grid_set.grid_set = grid_set;
        return names_.match(path, in_grid_set).has_value();
    });
}

/// Whether a longer name that is configured explains the path too: `{layer}_{grid}` says the same
/// of layer `a` in grid `b_c` and of layer `a_b` in grid `c`.
bool StoreFiles::is_of_another(const std::string& path, const FileQuery& query) const {
    const auto fits_longer = [&](const std::vector<std::string>& known,
                                 std::optional<std::string> FileQuery::*name) {
        if (!(query.*name)) {
            return false;
        }
        const auto asked = escaped(*(query.*name));
        return std::ranges::any_of(known, [&](const std::string& other) {
            if (escaped(other).size() <= asked.size()) {
                return false;
            }
            auto of_other = query;
            of_other.*name = other;
            return explain(of_other, path);
        });
    };
    return fits_longer(options_.known_layers, &FileQuery::layer) ||
           fits_longer(options_.known_grid_sets, &FileQuery::grid_set);
}

}  // namespace offgrid::gwc
