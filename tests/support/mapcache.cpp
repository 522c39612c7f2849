#include "tests/support/mapcache.h"

#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <fmt/format.h>

#include <stdexcept>

namespace offgrid::test {

namespace fs = std::filesystem;

CgiResponse ask_mapcache(const fs::path& config, const std::string& path_info,
                         const std::string& query) {
    const auto answer = run({"/usr/lib/cgi-bin/mapcache"},
                            {.input = {},
                             .cwd = config.parent_path(),
                             .environment = {{"MAPCACHE_CONFIG_FILE", config.filename().string()},
                                             {"REQUEST_METHOD", "GET"},
                                             {"SERVER_NAME", "localhost"},
                                             {"SERVER_PORT", "80"},
                                             {"SCRIPT_NAME", ""},
                                             {"PATH_INFO", path_info},
                                             {"QUERY_STRING", query}}});
    const auto end_of_headers = answer.out.find("\r\n\r\n");
    if (end_of_headers == std::string::npos) {
        return {.headers = answer.out + answer.err, .body = {}};
    }
    return {.headers = answer.out.substr(0, end_of_headers),
            .body = answer.out.substr(end_of_headers + 4)};
}

fs::path write_mapcache_config(const fs::path& folder, std::string_view caches_and_tilesets) {
    const auto raster = folder / "map.vrt";
    const auto made =
        run({"gdal_translate", "-q", "-of", "VRT", "-a_srs", "EPSG:3857", "-a_ullr",
             "-20037508.3427892", "20037508.3427892", "20037508.3427892", "-20037508.3427892",
             OFFGRID_SOURCE_DIR "/examples/data/earth-blue-marble.jpg", raster.string()});
    if (made.exit_code != 0) {
        throw std::runtime_error{"gdal_translate: " + made.err};
    }
    const auto config = folder / "mapcache.xml";
    write_file(config, fmt::format(R"(<mapcache>
  <source name="map" type="gdal"><data>{}</data></source>
  {}
  <service type="tms" enabled="true"/>
</mapcache>
)",
                                   raster.string(), caches_and_tilesets));
    return config;
}

}  // namespace offgrid::test
