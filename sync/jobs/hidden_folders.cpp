#include "sync/jobs/hidden_folders.h"

#include <string_view>
#include <utility>

namespace offgrid {
namespace {

/// The text with another in place of the folder.
std::string hiding(std::string text, const std::string& folder, std::string_view shown) {
    constexpr std::string_view ends = "/ '\"`:;,()[]<>";
    if (folder.size() < 2) {  // the root, or none
        return text;
    }
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder, at + 1)) {
        const auto end = at + folder.size();
        if (end == text.size() || ends.find(text[end]) != std::string_view::npos) {
            text.replace(at, folder.size(), shown);
        }
    }
    return text;
}

/// The folder in the name of a raster or another file, which may have a driver's name before it;
/// empty: none.
std::string folder_in(const std::string& raster) {
    const auto start = raster.find('/');
    return start == std::string::npos ? "" : raster.substr(start, raster.rfind('/') - start);
}

}  // namespace

std::string without_folders(std::string text, const std::filesystem::path& depot,
                            const std::filesystem::path& sources_folder,
                            const LayerSources& sources) {
    text = hiding(std::move(text), depot.string(), "(depot)");
    text = hiding(std::move(text), sources_folder.string(), "(sources)");
    for (const auto& [layer, source] : sources) {
        for (const auto& raster : source.pack.sources) {
            text = hiding(std::move(text), folder_in(raster), "(sources)");
        }
        for (const auto& region : source.pack.regions) {
            text = hiding(std::move(text), folder_in(region.file), "(sources)");
        }
        text = hiding(std::move(text), folder_in(source.pack.grid), "(sources)");
    }
    return text;
}

}  // namespace offgrid
