#include "pack/inspect/store_table.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace offgrid {

std::string store_types_to_text(std::span<const StoreType> types) {
    std::size_t width = 4;
    for (const auto& type : types) {
        width = std::max(width, type.name.size());
    }
    auto text = fmt::format("{:{}}  read  write  scan  delete  expiry  built in\n", "type", width);
    const auto word = [](bool can) { return can ? "yes" : "-"; };
    for (const auto& type : types) {
        fmt::format_to(std::back_inserter(text),
                       "{:{}}  {:4}  {:5}  {:4}  {:6}  {:6}  {:8}  {}{}\n", type.name, width,
                       word(type.can_read), word(type.can_write), word(type.can_scan),
                       word(type.can_erase), word(type.can_expire),
                       type.missing.empty() ? "yes" : "no", type.summary,
                       type.missing.empty() ? std::string{} : fmt::format(" ({})", type.missing));
    }
    return text;
}

std::string store_types_to_json(std::span<const StoreType> types) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& type : types) {
        nlohmann::ordered_json json{
            {"type", type.name},         {"summary", type.summary},
            {"read", type.can_read},     {"write", type.can_write},
            {"scan", type.can_scan},     {"delete", type.can_erase},
            {"expiry", type.can_expire}, {"built_in", type.missing.empty()}};
        if (!type.missing.empty()) {
            json["missing"] = type.missing;
        }
        list.push_back(std::move(json));
    }
    return list.dump() + "\n";
}

}  // namespace offgrid
