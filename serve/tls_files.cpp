#include "serve/tls_files.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"

#include <fmt/format.h>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_pem_bytes = 1 << 20;

std::string read_text(const fs::path& path) {
    const auto bytes = read_file(path, max_pem_bytes);
    return std::string{as_text(bytes)};
}

}  // namespace

TlsText read_tls_files(const fs::path& certificate, const fs::path& key) {
    TlsText text{.certificate = read_text(certificate), .key = read_text(key)};
    if ((fs::status(key).permissions() & fs::perms::others_read) != fs::perms::none) {
        throw Error{Errc::denied,
                    fmt::format("{} may be read by everyone: it is a private key", key.string())};
    }
    return text;
}

}  // namespace offgrid
