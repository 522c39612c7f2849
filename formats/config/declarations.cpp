#include "formats/config/declarations.h"

#include "formats/base/text.h"

#include <algorithm>

namespace offgrid::config {

void Notes::add(const std::string& thing, int line, std::string_view reason) {
    const auto cause = reason.empty() ? std::string{} : fmt::format(": {}", reason);
    if (seen_.insert(thing + cause).second) {
        texts_.push_back(fmt::format("{} (line {}){}", thing, line, cause));
    }
}

void Notes::add_unused(const XmlElement& element, std::string_view reason) {
    const auto type = element.attribute("type").value_or("");
    add(type.empty() ? element.shown() : fmt::format("{} of type '{}'", element.shown(), type),
        element.line(), reason);
}

void Notes::check_children(const XmlElement& element, const std::vector<std::string_view>& used,
                           const std::vector<Unneeded>& unneeded) {
    for (const auto& child : element.children()) {
        if (std::ranges::find(used, child.tag()) != used.end()) {
            continue;
        }
        const auto known = std::ranges::find(unneeded, child.tag(), &Unneeded::tag);
        if (known != unneeded.end()) {
            add_unused(child, known->reason);
        } else {
            add(fmt::format("unknown element <{}>", child.tag()), child.line(), {});
        }
    }
}

void Notes::check_attributes(const XmlElement& element, const std::vector<std::string_view>& used,
                             const std::vector<UnneededAttribute>& unneeded) {
    for (const auto& [name, value] : element.attributes()) {
        if (std::ranges::find(used, name) != used.end()) {
            continue;
        }
        const auto known = std::ranges::find(unneeded, name, &UnneededAttribute::name);
        if (known != unneeded.end()) {
            add(fmt::format("attribute '{}' of {}", name, element.shown()), element.line(),
                known->reason);
        } else {
            add(fmt::format("unknown attribute '{}' of <{}>", name, element.tag()), element.line(),
                {});
        }
    }
}

const Grid* Declarations::find_grid(std::string_view name) const {
    const auto found = std::ranges::find(
        grids, name, [](const auto& grid) -> std::string_view { return grid->name(); });
    return found == grids.end() ? nullptr : found->get();
}

const CacheSpec* Declarations::find_cache(std::string_view name) const {
    const auto found = std::ranges::find(
        caches, name, [](const auto& cache) -> std::string_view { return cache->name; });
    return found == caches.end() ? nullptr : found->get();
}

bool is_on(const XmlElement& parent, const char* tag) {
    const auto found = parent.child(tag);
    return found && !equals_ignoring_case(found->text(), "false");
}

bool is_true(const XmlElement& parent, const char* tag) {
    return equals_ignoring_case(parent.child_text(tag), "true");
}

}  // namespace offgrid::config
