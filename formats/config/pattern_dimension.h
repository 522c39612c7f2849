#pragma once

#include "formats/config/mapcache_config.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;

namespace offgrid::config {

/// A dimension whose values match a regular expression anywhere (mapcache.xml type `regex`), in the
/// language of PCRE as in most builds of MapCache. A value that takes too long to match, or is
/// longer than 1024 bytes, is none.
class PatternDimension final : public Dimension {
public:
    /// Throws `invalid_argument` when the pattern is none.
    PatternDimension(std::string name, std::string default_value, const std::string& pattern);

    std::vector<std::string> resolve(std::string_view requested) const override;
    std::vector<std::string> values() const override { return {}; }

private:
    struct Free {
        void operator()(pcre2_real_code_8* code) const noexcept;
    };
    std::unique_ptr<pcre2_real_code_8, Free> code_;
};

}  // namespace offgrid::config
