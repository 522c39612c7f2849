#pragma once

#include "formats/base/bytes.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace offgrid {

/// SHA-256 (FIPS 180-4) of content that arrives in pieces. One thread at a time.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void update(BytesView piece);

    /// The digest in lower-case hex, 64 digits. Ends this object's use.
    std::string finish_hex();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// SHA-256 in lower-case hex, 64 digits.
std::string sha256_hex(BytesView content);

/// SHA-256 of a file's content, read in pieces. Throws when it cannot be read.
std::string sha256_hex_of_file(const std::filesystem::path& path);

/// Whether the text can be what `sha256_hex` gives.
bool is_sha256_hex(std::string_view text);

/// The identity of a tile inside a package: the first 128 bits of its SHA-256, 32 hex digits.
/// Long enough that nobody can forge a second tile for a given id (2^128), half the index of the
/// whole digest.
std::string tile_id(BytesView tile);

/// MD5 (RFC 1321) in upper-case hex, 32 digits, where a format asks for it. Not for trust.
std::string md5_hex(BytesView content);

/// SHA-1 (FIPS 180-4) in lower-case hex, 40 digits, where a format asks for it. Not for trust.
std::string sha1_hex(BytesView content);

/// A fast hash that is the same on every machine (XXH3, 64 bits). Not for trust.
std::uint64_t fast_hash(BytesView content);

/// A fast hash for validators such as ETag (XXH3, 128 bits).
struct ContentHash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend bool operator==(const ContentHash&, const ContentHash&) = default;
};

/// Not for trust.
ContentHash content_hash(BytesView content);

/// The hash in lower-case hex, 32 digits.
std::string hex_of(const ContentHash& hash);

/// The same of the content at once. Not for trust.
inline std::string fast_hash_hex(BytesView content) {
    return hex_of(content_hash(content));
}

}  // namespace offgrid
