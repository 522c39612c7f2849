#pragma once

#include "formats/config/declarations.h"

#include <string>
#include <string_view>
#include <vector>

namespace offgrid::config {

/// The options of one type of cache, from its `<cache>` element. `type` is the attribute's value.
using CacheParser = StoreOptions (*)(const XmlElement& element, const std::string& name,
                                     Declarations& declarations);

StoreOptions parse_disk(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_sqlite3(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_mbtiles(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_tiff(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_bdb(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_lmdb(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_memcache(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_redis(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_riak(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_rest(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_s3(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_azure(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_google(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_composite(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_fallback(const XmlElement&, const std::string& name, Declarations&);
StoreOptions parse_multitier(const XmlElement&, const std::string& name, Declarations&);

/// As `Notes::check_children`, with the children that every type of cache has.
void check_cache_children(const XmlElement& element, Declarations& declarations,
                          std::vector<std::string_view> used,
                          const std::vector<Notes::Unneeded>& unneeded = {});

/// Fail when the template does not name each tile by zoom, column and row: two would share a name.
void require_tile_keys(const XmlElement& element, std::string_view text);

/// The same for a template that may have `{quadkey}` instead: those of bdb, lmdb and riak. Others
/// keep these letters.
void require_tile_or_quad_keys(const XmlElement& element, std::string_view text);

/// Whether the template has one of the keys, each with its braces.
bool has_key(std::string_view text, const std::vector<std::string_view>& keys);

/// A duration in seconds, which may have decimals.
std::chrono::milliseconds child_seconds(const XmlElement& element, const char* tag,
                                        std::chrono::milliseconds by_default);

/// A host and a port, both required.
ServerAddress parse_server(const XmlElement& element);

}  // namespace offgrid::config
