#include "formats/config/mapcache_locker.h"

#include "formats/config/cache_parsers.h"

#include <algorithm>

namespace offgrid::config {
namespace {

constexpr int max_depth = 8;

FileLockerOptions parse_old_elements(const XmlElement& root) {
    FileLockerOptions options;
    if (const auto folder = root.child_text("lock_dir"); !folder.empty()) {
        options.folder = folder;
    }
    constexpr std::int64_t by_default = 10'000;
    constexpr std::int64_t max = 60'000'000;
    const std::chrono::microseconds retry{
        root.child_number<std::int64_t>("lock_retry", by_default, 1, max)};
    options.retry = std::max(std::chrono::milliseconds{1},
                             std::chrono::duration_cast<std::chrono::milliseconds>(retry));
    return options;
}

FileLockerOptions parse_disk_locker(const XmlElement& element, Notes& notes) {
    notes.check_children(element, {"directory", "retry", "timeout"});
    FileLockerOptions options;
    if (const auto folder = element.child_text("directory"); !folder.empty()) {
        options.folder = folder;
    }
    options.retry =
        std::max(std::chrono::milliseconds{1}, child_seconds(element, "retry", options.retry));
    options.timeout = child_seconds(element, "timeout", options.timeout);
    return options;
}

/// The options of the first locker that locks by files, `depth` fallbacks down.
std::optional<FileLockerOptions> parse_element(const XmlElement& element, Notes& notes, int depth) {
    const auto type = element.required_attribute("type");
    if (type == "disk") {
        return parse_disk_locker(element, notes);
    }
    if (type == "memcache") {
        notes.add_unused(element, "files lock instead");
        return std::nullopt;
    }
    if (type != "fallback") {
        element.fail(fmt::format("type '{}' is none of disk, memcache, fallback", type));
    }
    if (depth == max_depth) {
        element.fail(fmt::format("is nested {} deep: there may be {}", depth + 1, max_depth));
    }
    std::optional<FileLockerOptions> first;
    for (const auto& nested : element.children("locker")) {
        const auto found = parse_element(nested, notes, depth + 1);
        if (!first) {
            first = found;
        }
    }
    return first;
}

}  // namespace

FileLockerOptions parse_locker(const XmlElement& root, Notes& notes) {
    const auto element = root.child("locker");
    return element ? parse_element(*element, notes, 0).value_or(FileLockerOptions{})
                   : parse_old_elements(root);
}

}  // namespace offgrid::config
