#pragma once

#include <filesystem>
#include <string>

namespace offgrid {

/// A certificate, with those behind it up to its root, and its private key, both as PEM.
struct TlsText {
    std::string certificate{};
    std::string key{};
};

/// Read them. Throws what reading them fails with, and `denied` when the key may be read by
/// everyone.
TlsText read_tls_files(const std::filesystem::path& certificate, const std::filesystem::path& key);

}  // namespace offgrid
