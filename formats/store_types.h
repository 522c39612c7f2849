#pragma once

#include <span>
#include <string_view>

namespace offgrid {

/// What a type of store can do. `offgrid stores` prints these.
struct StoreType {
    std::string_view name{};  ///< as mapcache.xml calls it, where it does
    std::string_view summary{};
    bool can_read = false;
    bool can_write = false;
    bool can_scan = false;
    bool can_erase = false;  ///< tiles that earlier commits wrote
    bool can_expire = false;
    std::string_view missing{};  ///< why it is not built in; empty: it is
};

/// Every type of store, in the order of the documentation.
std::span<const StoreType> store_types();

}  // namespace offgrid
