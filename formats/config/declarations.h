#pragma once

#include "formats/config/mapcache_config.h"
#include "formats/config/xml_element.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::config {

/// What a configuration has and nothing here uses, each kind of thing once.
class Notes {
public:
    /// `<source> 'osm' of type 'wms' (line 12): reason`.
    void add_unused(const XmlElement& element, std::string_view reason);

    /// Note each child whose tag is in neither list: those that MapCache knows and nothing here
    /// needs with the reason, the others as unknown.
    struct Unneeded {
        std::string_view tag{};
        std::string_view reason{};
    };
    void check_children(const XmlElement& element, const std::vector<std::string_view>& used,
                        const std::vector<Unneeded>& unneeded = {});

    /// The same for attributes.
    struct UnneededAttribute {
        std::string_view name{};
        std::string_view reason{};
    };
    void check_attributes(const XmlElement& element, const std::vector<std::string_view>& used,
                          const std::vector<UnneededAttribute>& unneeded = {});

    std::vector<std::string> take() { return std::move(texts_); }

private:
    void add(const std::string& thing, int line, std::string_view reason);

    std::vector<std::string> texts_;
    std::set<std::string> seen_;
};

/// What a configuration has declared so far. The parser's state; one thread.
struct Declarations {
    std::vector<std::unique_ptr<const Grid>> grids{};
    std::map<std::string, Format, std::less<>> formats{};
    std::map<std::string, int, std::less<>> sources{};      ///< name to line
    std::map<std::string, int, std::less<>> cache_lines{};  ///< of all caches of the file
    std::vector<std::unique_ptr<const CacheSpec>> caches{};

    /// Of how many caches a cache is made; one for a cache that holds tiles itself.
    std::map<const CacheSpec*, int> leaf_counts{};

    /// Names of caches and grids that nothing here can read, to the reason. What needs them is left
    /// out too.
    std::map<std::string, std::string, std::less<>> left_out{};
    std::map<std::string, std::string, std::less<>> left_out_grids{};

    std::vector<std::unique_ptr<const Tileset>> tilesets{};
    Notes notes{};

    const Grid* find_grid(std::string_view name) const;
    const CacheSpec* find_cache(std::string_view name) const;
};

/// Whether the element is there and switched on: `<detect_blank/>` and any text but `false`, in
/// whatever letters, as MapCache reads it.
bool is_on(const XmlElement& parent, const char* tag);

/// Whether the element is there and its text is `true`, in whatever letters.
bool is_true(const XmlElement& parent, const char* tag);

/// The names of what there is, for a message: `a, b, c`, or `none`.
template <typename Named>
std::string names_of(const std::vector<std::unique_ptr<const Named>>& all) {
    std::string names;
    for (const auto& one : all) {
        if (!names.empty()) {
            names += ", ";
        }
        if constexpr (requires { one->name(); }) {
            names += one->name();
        } else {
            names += one->name;
        }
    }
    return names.empty() ? "none" : names;
}

}  // namespace offgrid::config
