#include "pack/source_words.h"

#include "formats/package/current_file.h"
#include "formats/package/manifest.h"

#include <array>
#include <fstream>
#include <string_view>
#include <system_error>

namespace offgrid {

namespace fs = std::filesystem;

namespace {

bool is_file(const fs::path& path) {
    std::error_code failure;
    return fs::is_regular_file(path, failure);
}

/// The part of the word that is a file: all before the `#` of `FILE.xml#TILESET` and the like.
std::string_view file_part(std::string_view source) {
    for (const std::string_view end : {".xml#", ".gpkg#"}) {
        if (const auto at = source.rfind(end); at != std::string_view::npos) {
            return source.substr(0, at + end.size() - 1);
        }
    }
    return source;
}

/// Whether the file begins like a configuration of MapCache or GeoWebCache; GDAL has XML files of
/// its own.
bool is_configuration(const fs::path& file) {
    std::array<char, 4096> first{};
    std::ifstream stream{file, std::ios::binary};
    stream.read(first.data(), first.size());
    const std::string_view text{first.data(), static_cast<std::size_t>(stream.gcount())};
    return text.find("<mapcache") != std::string_view::npos ||
           text.find("<gwcConfiguration") != std::string_view::npos;
}

bool is_template(std::string_view source) {
    return !source.starts_with('<') && source.find("{z}") != std::string_view::npos;
}

}  // namespace

bool names_store(const std::string& source) {
    if (is_template(source)) {
        return true;
    }
    const auto file = file_part(source);
    if (file.ends_with(".xml")) {
        return file.size() < source.size() || (is_file(file) && is_configuration(file));
    }
    if (file.ends_with(".mbtiles") || file.ends_with(".pmtiles") || file.ends_with(".gpkg")) {
        return file.size() < source.size() || is_file(file);
    }
    return is_file(fs::path{source} / manifest_name) || is_file(fs::path{source} / current_name);
}

fs::path file_behind(const std::string& source) {
    for (const auto name : {current_name, manifest_name}) {
        if (is_file(fs::path{source} / name)) {
            return fs::path{source} / name;
        }
    }
    return file_part(source);
}

std::string absolute_name(const std::string& source) {
    const auto file = std::string{file_part(source)};
    const bool is_url = source.find("://") != std::string::npos;
    std::error_code failure;
    const bool is_path = fs::exists(file, failure) || (is_template(source) && !is_url);
    return is_path ? fs::absolute(file).lexically_normal().string() + source.substr(file.size())
                   : source;
}

}  // namespace offgrid
