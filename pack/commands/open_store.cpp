#include "pack/commands/open_store.h"

#include <fmt/format.h>

#include <cstdio>

namespace offgrid {

std::unique_ptr<config::StoreLocations> make_locations() {
    return std::make_unique<config::StoreLocations>(max_open_files, [](const std::string& message) {
        fmt::print(stderr, "note: {}\n", message);
    });
}

}  // namespace offgrid
