#include "pack/commands/open_store.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <cstdio>

namespace offgrid {

std::unique_ptr<config::StoreLocations> make_locations() {
    return std::make_unique<config::StoreLocations>(max_open_files, [](const std::string& message) {
        fmt::print(stderr, "note: {}\n", message);
    });
}

config::StoreLocation find_source(config::StoreLocations& locations, const std::string& text,
                                  const SelectionRequest& request) {
    try {
        auto source = locations.find(text, location_options(text, request));
        require_there(source);
        return source;
    } catch (const Error& error) {
        const bool is_wrong_word = error.code() == Errc::not_found ||
                                   (error.code() == Errc::corrupt && names_tileset(text));
        throw is_wrong_word ? Error{Errc::invalid_argument, error.what()} : error;
    }
}

}  // namespace offgrid
