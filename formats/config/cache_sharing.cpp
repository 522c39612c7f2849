#include "formats/config/cache_sharing.h"

#include "formats/base/overloaded.h"
#include "formats/config/cache_parsers.h"

#include <algorithm>
#include <bitset>
#include <functional>
#include <set>

namespace offgrid::config {
namespace {

using Zooms = std::bitset<64>;

/// One tileset in one grid, as it reaches a cache that holds tiles itself.
struct Use {
    const CacheSpec* cache = nullptr;
    const Tileset* tileset = nullptr;
    const GridLink* link = nullptr;
    Zooms zooms{};                   ///< that reach the cache
    std::set<std::string> pinned{};  ///< dimensions of which only one value reaches the cache
};

struct UseVisitor {
    std::function<void(const Use& use)> visit{};
    std::function<void(const Use& use)> visit_unmatched{};  ///< a composite without an entry for it
};

Zooms zooms_between(int first, int last) {
    Zooms zooms;
    for (int z = first; z <= last && z < static_cast<int>(zooms.size()); ++z) {
        zooms.set(static_cast<std::size_t>(z));
    }
    return zooms;
}

bool has_dimension(const Tileset& tileset, std::string_view name) {
    return std::ranges::any_of(tileset.dimensions,
                               [&](const auto& dimension) { return dimension->name() == name; });
}

bool matches(const CompositeEntry& entry, const Use& use) {
    const auto& grid = use.link->grid->name();
    const bool has_grid =
        entry.grids.empty() || std::ranges::find(entry.grids, grid) != entry.grids.end();
    return has_grid && std::ranges::all_of(entry.dimensions, [&](const auto& dimension) {
               return has_dimension(*use.tileset, dimension.first);
           });
}

void visit_uses(const Use& use, const UseVisitor& visitor);

/// The first entry that matches a tile has it: later ones get the zooms that are left.
void visit_entries(const CompositeOptions& options, const Use& use, const UseVisitor& visitor) {
    auto left = use.zooms;
    bool is_matched = false;
    for (const auto& entry : options.entries) {
        auto below = use;
        below.cache = entry.cache;
        below.zooms = left & zooms_between(entry.min_zoom, entry.max_zoom);
        if (below.zooms.none() || !matches(entry, use)) {
            continue;
        }
        is_matched = true;
        for (const auto& [name, value] : entry.dimensions) {
            below.pinned.insert(name);
        }
        if (entry.dimensions.empty()) {
            left &= ~below.zooms;
        }
        visit_uses(below, visitor);
    }
    if (!is_matched && visitor.visit_unmatched) {
        visitor.visit_unmatched(use);
    }
}

void visit_uses(const Use& use, const UseVisitor& visitor) {
    const auto visit_part = [&](const CacheSpec* part) {
        auto below = use;
        below.cache = part;
        visit_uses(below, visitor);
    };
    std::visit(
        Overloaded{[&](const CompositeOptions& options) { visit_entries(options, use, visitor); },
                   [&](const FallbackOptions& options) {
                       std::ranges::for_each(options.caches, visit_part);
                   },
                   [&](const MultitierOptions& options) {
                       std::ranges::for_each(options.caches, visit_part);
                   },
                   [&](const auto&) { visitor.visit(use); }},
        use.cache->options);
}

void visit_uses(const Tileset& tileset, const UseVisitor& visitor) {
    for (const auto& link : tileset.grids) {
        visit_uses({.cache = tileset.cache,
                    .tileset = &tileset,
                    .link = &link,
                    .zooms = zooms_between(link.min_zoom, link.max_zoom)},
                   visitor);
    }
}

/// What names the tiles of a cache.
struct Naming {
    std::string element{};  ///< of the configuration
    std::string text{};     ///< a template
    PathTemplateOptions path{};
    bool has_columns = false;  ///< besides the name, what is inside tells tilesets apart
};

/// Nothing: the cache tells all tiles apart whatever the configuration says.
std::optional<Naming> naming_of(const CacheSpec& cache) {
    const auto visitor = Overloaded{
        [](const DiskOptions& options) -> std::optional<Naming> {
            switch (options.layout) {
                case DiskLayout::by_template:
                    return Naming{"template", options.path_template};
                case DiskLayout::worldwind:
                    return Naming{"layout"};
                case DiskLayout::tilecache:
                case DiskLayout::arcgis:
                    break;
            }
            return std::nullopt;
        },
        [](const sqlite::CacheOptions& options) -> std::optional<Naming> {
            const bool has_columns =
                options.schema == sqlite::CacheSchema::tiles || !options.queries.get.empty();
            return Naming{"dbfile", options.file, options.path, has_columns};
        },
        [](const TiffOptions& options) -> std::optional<Naming> {
            return Naming{"template", options.file, options.path};
        },
        [](const BdbOptions& options) -> std::optional<Naming> {
            return Naming{"key_template", options.key};
        },
        [](const LmdbOptions& options) -> std::optional<Naming> {
            return Naming{"key_template", options.key};
        },
        [](const HttpOptions& options) -> std::optional<Naming> {
            return Naming{"url", options.url};
        },
        [](const RiakOptions& options) -> std::optional<Naming> {
            return options.key.empty() ? std::nullopt
                                       : std::optional{Naming{"key", options.bucket + options.key}};
        },
        [](const auto&) -> std::optional<Naming> { return std::nullopt; }};
    return std::visit(visitor, cache.options);
}

/// Every `{dim:NAME}` must be one of the tileset.
void check_dimension_keys(const XmlElement& element, const Use& use, const Naming& naming) {
    constexpr std::string_view prefix = "{dim:";
    for (auto start = naming.text.find(prefix); start != std::string::npos;
         start = naming.text.find(prefix, start + 1)) {
        const auto from = start + prefix.size();
        const auto end = naming.text.find('}', from);
        if (end == std::string::npos) {
            return;
        }
        const auto name = naming.text.substr(from, end - from);
        if (!has_dimension(*use.tileset, name)) {
            element.fail(fmt::format("cache '{}': <{}> names {{dim:{}}}, which the tileset has not",
                                     use.cache->name, naming.element, name));
        }
    }
}

void check_dimensions(const XmlElement& element, const Use& use, const Naming& naming) {
    if (has_key(naming.text, {"{dim}"})) {
        return;
    }
    for (const auto& dimension : use.tileset->dimensions) {
        const auto key = fmt::format("{{dim:{}}}", dimension->name());
        if (!use.pinned.contains(dimension->name()) && !has_key(naming.text, {key})) {
            element.fail(fmt::format(
                "cache '{}' does not tell values of dimension '{}' of tileset "
                "'{}' apart: <{}> has neither {{dim}} nor {}",
                use.cache->name, dimension->name(), use.tileset->name, naming.element, key));
        }
    }
}

void check_top(const XmlElement& element, const Use& use, const Naming& naming) {
    const auto& grid = *use.link->grid;
    if (naming.path.top >= grid.levels()) {
        element.fail(fmt::format("cache '{}' has a <top> of {}, and grid '{}' ends at zoom {}",
                                 use.cache->name, naming.path.top, grid.name(), grid.levels() - 1));
    }
}

/// A TIFF file holds one zoom, and of it `xcount` by `ycount` tiles.
void check_tiff(const XmlElement& element, const Use& use, const Naming& naming) {
    const auto& grid = *use.link->grid;
    const auto fail = [&](std::string_view keys) {
        element.fail(
            fmt::format("cache '{}': <template> needs one of {}: tiles of grid '{}' would "
                        "share a place",
                        use.cache->name, keys, grid.name()));
    };
    int last = use.link->max_zoom;
    while (!use.zooms.test(static_cast<std::size_t>(last))) {
        --last;
    }
    if (use.zooms.count() > 1 && !has_key(naming.text, {"{z}", "{inv_z}"})) {
        fail("{z}, {inv_z}");
    }
    if (grid.matrix_width(last) > naming.path.xcount &&
        !has_key(naming.text, {"{x}", "{div_x}", "{inv_x}", "{inv_div_x}"})) {
        fail("{x}, {div_x}, {inv_x}, {inv_div_x}");
    }
    if (grid.matrix_height(last) > naming.path.ycount &&
        !has_key(naming.text, {"{y}", "{div_y}", "{inv_y}", "{inv_div_y}"})) {
        fail("{y}, {div_y}, {inv_y}, {inv_div_y}");
    }
}

/// Whether the same tile has the same name and the same content in both.
bool has_same_tiles(const Grid& one, const Grid& other) {
    const auto is_alias = [](const Grid& grid, const std::string& srs) {
        return std::ranges::find(grid.srs_aliases(), srs) != grid.srs_aliases().end();
    };
    if (one.levels() != other.levels() || one.extent() != other.extent() ||
        one.tile_size() != other.tile_size() || one.origin() != other.origin() ||
        (one.srs() != other.srs() && !is_alias(one, other.srs()) && !is_alias(other, one.srs()))) {
        return false;
    }
    for (int z = 0; z < one.levels(); ++z) {
        if (one.resolution(z) != other.resolution(z)) {
            return false;
        }
    }
    return true;
}

/// Fail when the other use has tiles of the same names.
void check_pair(const XmlElement& element, const Use& use, const Use& other, const Naming& naming) {
    const bool is_other_tileset = use.tileset != other.tileset;
    const bool is_other_grid = !has_same_tiles(*use.link->grid, *other.link->grid);
    const bool has_zoom_apart = (use.zooms & other.zooms).none() &&
                                !std::holds_alternative<TiffOptions>(use.cache->options);
    if (use.cache != other.cache || other.tileset->is_read_only || has_zoom_apart ||
        (!is_other_tileset && !is_other_grid) ||
        (is_other_tileset && has_key(naming.text, {"{tileset}"})) ||
        (is_other_grid && has_key(naming.text, {"{grid}"}))) {
        return;
    }
    if (is_other_tileset) {
        element.fail(
            fmt::format("cache '{}' does not tell tilesets '{}' and '{}' apart: <{}> has "
                        "no {{tileset}}",
                        use.cache->name, other.tileset->name, use.tileset->name, naming.element));
    }
    element.fail(fmt::format(
        "cache '{}' does not tell grids '{}' and '{}' of tileset '{}' apart: <{}> has no {{grid}}",
        use.cache->name, other.link->grid->name(), use.link->grid->name(), use.tileset->name,
        naming.element));
}

}  // namespace

void check_sharing(const XmlElement& element, const Tileset& tileset, Declarations& declarations) {
    std::vector<Use> before;
    for (const auto& other : declarations.tilesets) {
        visit_uses(*other, {.visit = [&](const Use& use) { before.push_back(use); }});
    }
    const auto check = [&](const Use& use) {
        const auto naming = naming_of(*use.cache);
        if (!naming) {
            return;
        }
        check_dimension_keys(element, use, *naming);
        check_top(element, use, *naming);
        if (std::holds_alternative<TiffOptions>(use.cache->options)) {
            check_tiff(element, use, *naming);
        }
        if (naming->has_columns || tileset.is_read_only) {
            return;
        }
        check_dimensions(element, use, *naming);
        for (const auto& other : before) {
            check_pair(element, use, other, *naming);
        }
        before.push_back(use);
    };
    const auto note_unmatched = [&](const Use& use) {
        declarations.notes.add_unused(
            element, fmt::format("no entry of cache '{}' has its tiles in grid '{}'",
                                 use.cache->name, use.link->grid->name()));
    };
    visit_uses(tileset, {.visit = check, .visit_unmatched = note_unmatched});
}

}  // namespace offgrid::config
