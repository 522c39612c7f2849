#pragma once

#include "sync/precondition.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace offgrid {

/// What a client wants replaced. Texts are as the client wrote them, but hashes, which are in
/// lower-case hex.
struct ReplaceRequest {
    std::string layer{};
    std::string destination{};  ///< name of the file in the layer; empty: none given
    std::string source{};       ///< file or folder on this machine; empty: none given
    std::string sha256{};       ///< what the file must hash to; empty: not checked
    std::map<std::string, std::string>
        sha256_by_name{};         ///< the same, of files in an archive or folder
    Precondition precondition{};  ///< on the file at `destination`, else on the layer
    bool is_dry_run = false;      ///< verify and report, change nothing
    bool is_strict = false;       ///< refuse what else would be ignored
};

/// A request body's file, received into a staging folder.
struct Upload {
    std::filesystem::path path{};
    std::string sha256{};  ///< in lower-case hex
    std::uint64_t bytes = 0;
};

}  // namespace offgrid
