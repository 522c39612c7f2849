#pragma once

#include "formats/package/manifest.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// One complete, immutable state of a depot: the packages that are installed, and how it came
/// about. A value that is cheap to copy however many files it has.
struct Generation {
    std::uint64_t number = 0;
    std::map<std::string, Manifest> layers{};  ///< by layer name

    std::optional<std::uint64_t> previous{};  ///< the one it was made from; nothing: the first
    std::int64_t created = 0;                 ///< seconds since 1970, UTC
    std::string author{};                     ///< who asked for it; may be empty
    std::string change{};                     ///< what differs, in short: for people
    std::uint64_t stored_bytes = 0;           ///< of tile files that were stored for it

    friend bool operator==(const Generation&, const Generation&) = default;
};

/// The sums over all layers.
FileTotals totals_of(const Generation& generation);

/// What the file of a generation says: all but the lists of files, of which it has the top nodes.
struct GenerationHead {
    struct List {
        std::string sha256{};  ///< of the top node; empty: no files
        FileTotals totals{};
    };

    Generation generation{};              ///< its layers without files
    std::map<std::string, List> lists{};  ///< by layer name
};

/// The content of a generation's file; README.md here has the format.
std::string to_json(const Generation& generation);

/// Throws `corrupt` for anything but a sane one, `unsupported` for one of another format.
GenerationHead parse_generation(std::string_view text);

}  // namespace offgrid
