#pragma once

#include "formats/config/declarations.h"
#include "formats/config/geowebcache_config.h"
#include "formats/config/xml_element.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace offgrid::config {

/// What a `geowebcache.xml` has declared so far. The parser's state; one thread.
struct GeowebcacheDeclarations {
    std::vector<std::unique_ptr<const Grid>> grids{};
    std::map<std::string, std::string> left_out_grids{};  ///< grid set to the reason
    std::vector<gwc::BlobStoreOptions> stores{};
    std::map<std::string, std::string> other_stores{};  ///< id to why it cannot be used
    std::vector<std::unique_ptr<const GeowebcacheLayer>> layers{};
    std::map<std::string, LeftOutLayer> left_out{};  ///< by name
    Notes notes{};
};

/// The grid sets that GeoWebCache has by itself.
std::vector<std::unique_ptr<const Grid>> geowebcache_grids();

/// Read `<gridSet>`. One that cannot be used here is noted and left out.
void parse_grid_set(const XmlElement& element, GeowebcacheDeclarations& declarations);

/// Read a child of `<blobStores>`.
void parse_blob_store(const XmlElement& element, GeowebcacheDeclarations& declarations);

/// Read a child of `<layers>`.
void parse_geowebcache_layer(const XmlElement& element, GeowebcacheDeclarations& declarations);

/// The numbers in `<double>` below `<coords>`: minx, miny, maxx, maxy.
Box parse_coords(const XmlElement& extent);

/// The texts of the children of that tag below the child, if that is there.
std::vector<std::string> texts_in(const XmlElement& element, const char* child, const char* tag);

/// The boolean in a child, or the default without one. As Java reads it: `true` in any letters.
bool child_flag(const XmlElement& element, const char* tag, bool by_default);

}  // namespace offgrid::config
