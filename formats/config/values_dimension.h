#pragma once

#include "formats/config/mapcache_config.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid::config {

/// Whether `A` and `a` are different values.
enum class LetterCase { counts, does_not_count };

/// A dimension whose values are listed (mapcache.xml type `values`). A value that is requested, or
/// is the default, in other letters than those listed is stored in its own letters, as by MapCache.
class ValuesDimension final : public Dimension {
public:
    ValuesDimension(std::string name, std::string default_value, std::vector<std::string> values,
                    LetterCase letters)
        : Dimension{std::move(name), std::move(default_value)},
          values_{std::move(values)},
          letters_{letters} {}

    std::vector<std::string> resolve(std::string_view requested) const override;
    std::vector<std::string> values() const override { return values_; }

private:
    std::vector<std::string> values_;
    LetterCase letters_;
};

}  // namespace offgrid::config
