#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace offgrid::test {

/// What the CGI of the package mapcache-cgi answers, without a web server in front.
struct CgiResponse {
    std::string headers{};
    std::string body{};
};

CgiResponse ask_mapcache(const std::filesystem::path& config, const std::string& path_info,
                         const std::string& query = {});

/// A folder's `mapcache.xml` with a source `map`, a raster of many colours that covers the grid
/// GoogleMapsCompatible, the service TMS, and the caches and tilesets of the test. Returns its
/// path.
std::filesystem::path write_mapcache_config(const std::filesystem::path& folder,
                                            std::string_view caches_and_tilesets);

}  // namespace offgrid::test
