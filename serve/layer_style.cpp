#include "serve/layer_style.h"

#include "formats/base/error.h"

#include <fmt/format.h>

#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr const char* fonts_folder = "fonts";

/// The folder, unless it is not there or cannot be opened: a layer is served without a style.
std::optional<AssetFolder> existing(const fs::path& root, std::vector<std::string> folders) {
    AssetFolder found{root, std::move(folders)};
    try {
        return found.exists() ? std::optional{std::move(found)} : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::shared_ptr<const LayerStyle> find_style(const fs::path& root, const std::string& folder,
                                             const fs::path& served_folder) {
    LayerStyle style{.own = existing(root, {folder})};
    if (style.own) {
        style.own_fonts = existing(root, {folder, fonts_folder});
        style.has_style = style.own->has_file("style.json");
    }
    if (!served_folder.empty()) {
        style.shared_fonts = existing(fs::absolute(served_folder), {fonts_folder});
    }
    if (!style.own && !style.shared_fonts) {
        return nullptr;
    }
    return std::make_shared<const LayerStyle>(std::move(style));
}

}  // namespace

std::shared_ptr<const LayerStyle> style_of_package(const fs::path& package,
                                                   const fs::path& served_folder) {
    return find_style(fs::absolute(package), "style", served_folder);
}

std::shared_ptr<const LayerStyle> style_of_file(const fs::path& file,
                                                const fs::path& served_folder) {
    return find_style(fs::absolute(file).parent_path(), file.stem().string() + ".style",
                      served_folder);
}

std::shared_ptr<const LayerStyle> style_in_depot(const fs::path& depot, const std::string& folder) {
    return find_style(depot / "styles", folder, depot);
}

std::optional<Bytes> find_glyphs(const std::vector<AssetFolder>& places,
                                 const std::vector<std::string>& fonts, int start) {
    const auto file = fmt::format("{}-{}.pbf", start, start + 255);
    for (const auto& font : fonts) {
        for (const auto& place : places) {
            if (auto glyphs = place.read({font, file}, max_glyphs_bytes)) {
                return glyphs;
            }
        }
    }
    return std::nullopt;
}

}  // namespace offgrid
