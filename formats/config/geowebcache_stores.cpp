#include "formats/base/text.h"
#include "formats/config/geowebcache_declarations.h"
#include "formats/gwc/file_template.h"

#include <algorithm>
#include <array>
#include <limits>

namespace offgrid::config {
namespace {

constexpr std::array<std::string_view, 6> other_kinds{
    "FileBlobStore",  "S3BlobStore",    "AzureBlobStore", "GoogleCloudStorageBlobStore",
    "SwiftBlobStore", "MemoryBlobStore"};

bool is_default(const XmlElement& element) {
    return equals_ignoring_case(element.attribute("default").value_or("false"), "true");
}

void require_new(const XmlElement& element, const std::string& id,
                 const GeowebcacheDeclarations& declarations) {
    if (id == "_DEFAULT_STORE_") {
        element.fail("the id _DEFAULT_STORE_ is reserved");
    }
    if (declarations.other_stores.contains(id) ||
        std::ranges::find(declarations.stores, id, &gwc::BlobStoreOptions::id) !=
            declarations.stores.end()) {
        element.fail(fmt::format("there is a store '{}' already", id));
    }
}

/// Say of a wrong template in which line it is.
void check_template(const XmlElement& element, const gwc::BlobStoreOptions& options) {
    try {
        const gwc::FileTemplate names{options.template_path, options.column_range_count,
                                      options.row_range_count};
    } catch (const Error& error) {
        element.child("templatePath").value_or(element).fail(error.what());
    }
}

}  // namespace

bool child_flag(const XmlElement& element, const char* tag, bool by_default) {
    const auto child = element.child(tag);
    return child ? equals_ignoring_case(child->text(), "true") : by_default;
}

void parse_blob_store(const XmlElement& element, GeowebcacheDeclarations& declarations) {
    const auto tag = element.tag();
    if (tag != "MbtilesBlobStore") {
        const bool is_known = std::ranges::find(other_kinds, tag) != other_kinds.end();
        const auto reason = is_known ? fmt::format("a {} is not read here", tag)
                                     : fmt::format("<{}> is no kind of store that is known", tag);
        const auto id = element.child_text("id");
        declarations.notes.add_unused(element, fmt::format("'{}': {}", id, reason));
        declarations.other_stores[is_default(element) ? "" : id] = reason;
        declarations.other_stores[id] = reason;
        return;
    }
    gwc::BlobStoreOptions options{.id = element.required_text("id")};
    require_new(element, options.id, declarations);
    constexpr auto no_limit = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t max_count = std::int64_t{1} << 40;
    options.is_default = is_default(element);
    options.enabled = child_flag(element, "enabled", options.enabled);
    options.root_directory = element.required_text("rootDirectory");
    if (element.child("templatePath")) {
        options.template_path = element.required_text("templatePath");
    }
    const auto number = [&](const char* child, std::int64_t by_default, std::int64_t max) {
        return element.child_number<std::int64_t>(child, by_default, 1, max);
    };
    options.pool_size = number("poolSize", options.pool_size, 1'000'000);
    options.pool_reaper_interval_ms =
        number("poolReaperIntervalMs", options.pool_reaper_interval_ms, no_limit);
    options.row_range_count = number("rowRangeCount", options.row_range_count, max_count);
    options.column_range_count = number("columnRangeCount", options.column_range_count, max_count);
    options.eager_delete = child_flag(element, "eagerDelete", options.eager_delete);
    options.use_create_time = child_flag(element, "useCreateTime", options.use_create_time);
    options.mbtiles_metadata_directory = element.child_text("mbtilesMetadataDirectory");
    options.executor_concurrency =
        static_cast<int>(number("executorConcurrency", options.executor_concurrency, 256));
    options.gzip_vector = child_flag(element, "gzipVector", options.gzip_vector);
    declarations.notes.check_children(
        element,
        {"id", "enabled", "rootDirectory", "templatePath", "poolSize", "poolReaperIntervalMs",
         "rowRangeCount", "columnRangeCount", "eagerDelete", "useCreateTime",
         "mbtilesMetadataDirectory", "executorConcurrency", "gzipVector"});
    declarations.notes.check_attributes(element, {"default"});
    check_template(element, options);
    if (options.is_default && !options.enabled) {
        element.fail("the default store cannot be disabled");
    }
    const bool has_default =
        declarations.other_stores.contains("") ||
        std::ranges::any_of(declarations.stores, &gwc::BlobStoreOptions::is_default);
    if (options.is_default && has_default) {
        element.fail("there is a default store already");
    }
    declarations.stores.push_back(std::move(options));
}

}  // namespace offgrid::config
