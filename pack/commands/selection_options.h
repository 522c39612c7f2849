#pragma once

#include "formats/config/store_location.h"
#include "formats/tile/box.h"
#include "pack/transfer/selection.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {

/// Which tiles a command line asks for. A value.
struct SelectionRequest {
    std::vector<int> zooms{};   ///< ascending, each once; empty: those that the source has
    std::optional<Box> bbox{};  ///< longitude and latitude degrees
    std::string region{};       ///< a file of polygons; empty: none
    std::string grid{};         ///< empty: the first
    std::vector<std::pair<std::string, std::string>> dimensions{};  ///< name and value
};

/// The options that choose tiles, the same for every verb. Outlives the parsing.
class SelectionOptions {
public:
    void add_to(CLI::App& app);

    /// Only those that choose a store of several at one location: `--grid` and `--dim`.
    void add_store_options_to(CLI::App& app);

    /// What was given. Throws `invalid_argument` naming the option.
    SelectionRequest read() const;

private:
    std::string zooms_;
    std::string bbox_;
    std::string region_;
    std::string grid_;
    std::vector<std::string> dimensions_;
};

/// `5`, `0-12`, `3,5-7`: ascending, each once. Throws `invalid_argument`.
std::vector<int> parse_zoom_list(const std::string& text);

/// The `mapcache.xml` of a location that names a tileset, else nothing.
std::optional<std::filesystem::path> config_file_of(const std::string& location);

/// Whether the location is a tileset of a mapcache.xml.
bool names_tileset(const std::string& location);

/// Throws `invalid_argument` for dimensions where none of the locations is a tileset.
void require_dimensions_used(const SelectionRequest& request,
                             std::span<const std::string> locations);

/// What is asked of a location: dimensions only where it names a tileset, which alone has any.
config::LocationOptions location_options(const std::string& location,
                                         const SelectionRequest& request);

/// Throws `not_found` for a source in files that are not there: a store that is not there yet is
/// one without tiles, and that is no reason to succeed.
void require_there(const config::StoreLocation& source);

/// The tiles that are asked for of those that the source may have and, where there is a
/// destination, that it takes. Adds to the notes what is left out without having been asked for.
///
/// Throws `invalid_argument` for a zoom that one of the two does not have, and for a selection
/// without tiles.
Selection select(const SelectionRequest& request, const config::StoreLocation& source,
                 const config::StoreLocation* destination, std::vector<std::string>& notes);

}  // namespace offgrid
