#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace offgrid {

/// Where a store is, as far as that tells it from others of its name. A value.
struct StorePlace {
    std::vector<std::string> folders{};  ///< below the served folder, the outermost first
    std::string extension{};             ///< of the file, with the dot; may be empty
    std::string root{};                  ///< the served folder itself
};

/// Gives each layer a name that no other has. What is asked for first has the choice, so the same
/// questions in the same order have the same answers.
///
/// A name that is taken gets the folders before it that the file is in, the innermost first, until
/// it is free: `b`, `a:b`, `x:a:b`. Where that does not do, the extension comes behind
/// (`b.pmtiles`), then the served folder in front (`maps:b`), then a number (`b~2`).
class LayerNames {
public:
    std::string take(const std::string& wanted, const StorePlace& place);

private:
    bool is_free(const std::string& name) const;

    std::unordered_set<std::string> taken_;
};

}  // namespace offgrid
