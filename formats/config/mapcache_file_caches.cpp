#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/config/cache_parsers.h"
#include "formats/config/mapcache_formats.h"

#include <algorithm>

namespace offgrid::config {
namespace {

constexpr std::int64_t max_count = std::int64_t{1} << 32;
constexpr int max_top = 63;

/// The attributes `x_fmt`, `inv_y_fmt` … of the element that has the template.
void parse_key_formats(const XmlElement& element, Notes& notes, PathTemplateOptions& path) {
    constexpr std::string_view suffix = "_fmt";
    constexpr std::array<std::string_view, 15> keys{
        "z",         "x",     "div_x", "inv_x", "inv_div_x", "y",         "div_y",    "inv_y",
        "inv_div_y", "inv_z", "top",   "top_x", "top_y",     "inv_top_x", "inv_top_y"};
    for (const auto& [name, value] : element.attributes()) {
        if (!name.ends_with(suffix)) {
            notes.add_unused(element, fmt::format("unknown attribute '{}'", name));
            continue;
        }
        const auto key = name.substr(0, name.size() - suffix.size());
        if (std::ranges::find(keys, key) == keys.end()) {
            notes.add_unused(element, fmt::format("there is no key {{{}}} for {}", key, name));
            continue;
        }
        path.formats.emplace(key, value);
    }
}

/// What names of sqlite3 and tiff files have in common.
void take_mapcache_naming(PathTemplateOptions& path) {
    path.replaces_texts_once = true;
    path.unknown_keys = {"inv_z", "quadkey", "ext"};
}

/// Fail in the name of the element when the template is none.
void check_template(const XmlElement& element, const std::string& text,
                    const PathTemplateOptions& path) {
    try {
        const PathTemplate parsed{text, path};
    } catch (const Error& error) {
        element.fail(error.what());
    }
}

/// Columns or rows of a file. MapCache has -1 and 0 for files that end nowhere.
std::int64_t parse_count(const XmlElement& element, const char* tag) {
    return std::max<std::int64_t>(0, element.child_number<std::int64_t>(tag, 0, -1, max_count));
}

int parse_top(const XmlElement& element) {
    const auto top = element.child("top");
    if (!top) {
        return 0;
    }
    if (parse_number<int>(top->text()).value_or(1) < 1) {
        top->fail(fmt::format("'{}': top keys need a top of at least 1", top->text()));
    }
    return top->number<int>(1, max_top);
}

sqlite::CacheQueries parse_queries(const XmlElement& element, Notes& notes) {
    const auto queries = element.child("queries");
    if (!queries) {
        return {};
    }
    notes.check_children(*queries, {"create", "exists", "get", "set", "delete"});
    return {.create = queries->child_text("create"),
            .exists = queries->child_text("exists"),
            .get = queries->child_text("get"),
            .set = queries->child_text("set"),
            .erase = queries->child_text("delete")};
}

void parse_pragmas(const XmlElement& element, sqlite::CacheOptions& options) {
    for (const auto& pragma : element.children("pragma")) {
        const auto name = pragma.required_attribute("name");
        const auto is_word = std::ranges::all_of(name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_';
        });
        if (!is_word) {
            pragma.fail("a pragma's name is letters, digits and _");
        }
        options.pragmas.emplace_back(name, pragma.text());
    }
}

/// Elements of older versions, which MapCache refuses as well.
void refuse_old_elements(const XmlElement& element) {
    for (const auto* const tag : {"base", "dbname_template"}) {
        if (const auto old = element.child(tag)) {
            old->fail("is of an older MapCache: name the file with <dbfile>");
        }
    }
    const auto hits = element.child("hitstats");
    if (hits && equals_ignoring_case(hits->text(), "true")) {
        hits->fail("is of an older MapCache: use <queries>");
    }
}

sqlite::CacheOptions parse_sqlite_files(const XmlElement& element, const std::string& name,
                                        sqlite::CacheSchema schema, Notes& notes) {
    refuse_old_elements(element);
    sqlite::CacheOptions options{
        .name = name, .schema = schema, .file = element.required_text("dbfile")};
    const auto file = *element.child("dbfile");
    options.path.xcount = parse_count(element, "xcount");
    options.path.ycount = parse_count(element, "ycount");
    options.path.top = parse_top(element);
    options.path.dimension_text = element.attribute("allow_path_in_dim") == "yes"
                                      ? DimensionText::paths
                                      : DimensionText::values;
    take_mapcache_naming(options.path);
    parse_key_formats(file, notes, options.path);
    check_template(file, options.file, options.path);
    options.queries = parse_queries(element, notes);
    parse_pragmas(element, options);
    return options;
}

}  // namespace

StoreOptions parse_disk(const XmlElement& element, const std::string& name,
                        Declarations& declarations) {
    auto& notes = declarations.notes;
    check_cache_children(element, declarations,
                         {"base", "template", "symlink_blank", "detect_blank", "creation_retry"});
    const auto layout = element.attribute("layout").value_or("");
    DiskOptions options{.name = name,
                        .leaves_out_blank = element.child("detect_blank").has_value(),
                        .creation_retry = element.child_number<int>("creation_retry", 0, 0)};
    const auto symlinks = element.child("symlink_blank");
    if (layout == "template") {
        options.layout = DiskLayout::by_template;
        options.path_template = element.required_text("template");
        const auto names = *element.child("template");
        require_tile_keys(names, options.path_template);
        check_template(names, options.path_template, {.xcount = 1, .ycount = 1});
        if (symlinks) {
            notes.add_unused(*symlinks, "a template layout has no links for blank tiles");
        }
        return options;
    }
    if (layout == "arcgis") {
        options.layout = DiskLayout::arcgis;
    } else if (layout == "worldwind") {
        options.layout = DiskLayout::worldwind;
    } else if (!layout.empty() && layout != "tilecache") {
        element.fail(
            fmt::format("layout '{}' is none of tilecache, arcgis, worldwind, template", layout));
    }
    options.base = element.required_text("base");
    options.symlinks_blank = is_on(element, "symlink_blank");
    if (const auto names = element.child("template")) {
        notes.add_unused(*names, "it is used with layout=\"template\" only");
    }
    return options;
}

StoreOptions parse_sqlite3(const XmlElement& element, const std::string& name,
                           Declarations& declarations) {
    check_cache_children(
        element, declarations,
        {"dbfile", "xcount", "ycount", "top", "queries", "pragma", "detect_blank", "hitstats"});
    auto options =
        parse_sqlite_files(element, name, sqlite::CacheSchema::tiles, declarations.notes);
    options.marks_blank = is_on(element, "detect_blank");
    return options;
}

StoreOptions parse_mbtiles(const XmlElement& element, const std::string& name,
                           Declarations& declarations) {
    check_cache_children(
        element, declarations,
        {"dbfile", "xcount", "ycount", "top", "queries", "pragma", "hitstats"},
        {{"detect_blank", "equal tiles of an mbtiles cache are stored once in any case"}});
    auto options =
        parse_sqlite_files(element, name, sqlite::CacheSchema::mbtiles, declarations.notes);
    for (const auto query : {&sqlite::CacheQueries::set, &sqlite::CacheQueries::erase}) {
        (options.queries.*query).clear();
    }
    if (const auto queries = element.child("queries")) {
        for (const auto* const tag : {"set", "delete"}) {
            if (const auto query = queries->child(tag)) {
                declarations.notes.add_unused(*query, "MapCache has its own for mbtiles");
            }
        }
    }
    return options;
}

StoreOptions parse_tiff(const XmlElement& element, const std::string& name,
                        Declarations& declarations) {
    auto& notes = declarations.notes;
    check_cache_children(element, declarations,
                         {"template", "xcount", "ycount", "format", "storage"},
                         {{"locker", "the locker of the whole file is used"}});
    TiffOptions options{.name = name, .file = element.required_text("template")};
    if (const auto storage = element.child("storage")) {
        constexpr std::string_view reason = "TIFF files are read from the file system only";
        notes.add_unused(*storage, reason);
        declarations.left_out.emplace(name, reason);
        return options;
    }
    const auto file = *element.child("template");
    options.path.xcount =
        element.child_number<std::int64_t>("xcount", options.path.xcount, 1, max_count);
    options.path.ycount =
        element.child_number<std::int64_t>("ycount", options.path.ycount, 1, max_count);
    take_mapcache_naming(options.path);
    parse_key_formats(file, notes, options.path);
    check_template(file, options.file, options.path);
    const auto format_name = element.child_text("format");
    const auto& format = require_format(element.child("format").value_or(element),
                                        format_name.empty() ? "JPEG" : format_name, declarations);
    if (format.type != Format::Type::jpeg) {
        element.child("format")->fail(
            fmt::format("'{}' is no JPEG format, and TIFF files hold JPEG", format.name));
    }
    options.quality = format.quality;
    options.photometric = format.photometric;
    return options;
}

}  // namespace offgrid::config
