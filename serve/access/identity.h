#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// What somebody may do; each role may what the ones before it may.
///
/// A reader asks (what layers, generations and jobs there are); a publisher also changes tiles of
/// its layers; an admin also changes everything else.
enum class Role { reader, publisher, admin };

constexpr std::string_view name_of(Role role) {
    switch (role) {
        case Role::reader:
            return "reader";
        case Role::publisher:
            return "publisher";
        case Role::admin:
            return "admin";
    }
    return "";
}

/// Who is asking, as Access found out. A value.
struct Identity {
    std::string name{};  ///< "local" for this machine without a users file
    Role role = Role::admin;
    std::vector<std::string> layers{};  ///< a publisher's; empty: all

    /// A layer `L` stands for itself and for its tilesets in the depot, `L@GRIDSET@EXT`.
    bool may_publish(std::string_view layer) const {
        return role == Role::admin ||
               (role == Role::publisher &&
                (layers.empty() || std::ranges::any_of(layers, [layer](std::string_view mine) {
                     return layer.starts_with(mine) &&
                            (layer.size() == mine.size() || layer[mine.size()] == '@');
                 })));
    }

    bool may_administer() const { return role == Role::admin; }
};

}  // namespace offgrid
