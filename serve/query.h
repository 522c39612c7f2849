#pragma once

#include "serve/request.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// The query of an address as OGC's services read it (OGC 06-121r3, section 11.5.2): the case of
/// names does not matter. Fields with a broken escape are as good as none. A value.
class Query {
public:
    explicit Query(const Request& request);

    /// The value of the first field of that name, which is given in lower case; null where there is
    /// none, or an empty one.
    const std::string* find(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace offgrid
