#include "formats/package/change_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace offgrid {
namespace {

/// Who changes more layers at once is told their number only.
constexpr std::size_t max_layers = 3;

struct Counts {
    int replaced = 0;
    int added = 0;
    int removed = 0;
};

std::string text_of(const Counts& counts, const std::string& layer) {
    std::vector<std::string> parts;
    const auto add = [&](std::string_view verb, int count) {
        if (count > 0) {
            parts.push_back(fmt::format("{} {} {}", verb, count, count == 1 ? "file" : "files"));
        }
    };
    add("replaced", counts.replaced);
    add("added", counts.added);
    add("removed", counts.removed);
    return fmt::format("{} of layer '{}'", fmt::join(parts, ", "), layer);
}

}  // namespace

std::string change_text(const std::vector<FileChange>& changes,
                        const std::vector<std::string>& declared_layers) {
    std::map<std::string, Counts> layers;
    for (const auto& change : changes) {
        if (change.old_sha256 == change.new_sha256) {
            continue;
        }
        auto& counts = layers[change.layer];
        counts.added += change.old_sha256 ? 0 : 1;
        counts.removed += change.new_sha256 ? 0 : 1;
        counts.replaced += change.old_sha256 && change.new_sha256 ? 1 : 0;
    }
    std::vector<std::string> parts;
    for (const auto& layer : declared_layers) {
        parts.push_back(fmt::format("declared layer '{}'", layer));
    }
    for (const auto& [layer, counts] : layers) {
        parts.push_back(text_of(counts, layer));
    }
    if (parts.size() > max_layers) {
        return fmt::format("changed {} layers", parts.size());
    }
    return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace offgrid
