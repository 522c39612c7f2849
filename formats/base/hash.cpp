#include "formats/base/hash.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace offgrid {
namespace {

std::string hex(BytesView bytes, std::string_view digits = "0123456789abcdef") {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 0xF]);
    }
    return text;
}

std::array<std::uint8_t, 32> sha256(BytesView content) {
    std::array<std::uint8_t, 32> digest{};
    if (EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr) !=
        1) {
        throw Error{Errc::io, "SHA-256 is not available from OpenSSL"};
    }
    return digest;
}

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept {
    EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_{EVP_MD_CTX_new()} {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
        throw Error{Errc::io, "SHA-256 is not available from OpenSSL"};
    }
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(BytesView piece) {
    if (EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) != 1) {
        throw Error{Errc::io, "SHA-256 failed"};
    }
}

std::string Sha256::finish_hex() {
    std::array<std::uint8_t, 32> digest{};
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) {
        throw Error{Errc::io, "SHA-256 failed"};
    }
    return hex(digest);
}

std::string sha256_hex(BytesView content) {
    return hex(sha256(content));
}

std::string sha256_hex_of_file(const std::filesystem::path& path) {
    const std::unique_ptr<std::FILE, CloseFile> file{std::fopen(path.c_str(), "rbe")};
    if (!file) {
        throw system_error(errno, fmt::format("cannot open {}", path.string()));
    }
    Sha256 digest;
    Bytes piece(1 << 18);
    while (const auto size = std::fread(piece.data(), 1, piece.size(), file.get())) {
        digest.update({piece.data(), size});
    }
    if (std::ferror(file.get()) != 0) {
        throw system_error(errno, fmt::format("cannot read {}", path.string()));
    }
    return digest.finish_hex();
}

bool is_sha256_hex(std::string_view text) {
    return text.size() == 64 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string tile_id(BytesView tile) {
    return hex(BytesView{sha256(tile)}.first(16));
}

std::string md5_hex(BytesView content) {
    std::array<std::uint8_t, 16> digest{};
    if (EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_md5(), nullptr) !=
        1) {
        throw Error{Errc::unsupported, "MD5 is not available from OpenSSL"};
    }
    return hex(digest, "0123456789ABCDEF");
}

std::string sha1_hex(BytesView content) {
    std::array<std::uint8_t, 20> digest{};
    if (EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha1(), nullptr) !=
        1) {
        throw Error{Errc::unsupported, "SHA-1 is not available from OpenSSL"};
    }
    return hex(digest);
}

std::uint64_t fast_hash(BytesView content) {
    return XXH3_64bits(content.data(), content.size());
}

ContentHash content_hash(BytesView content) {
    const auto hash = XXH3_128bits(content.data(), content.size());
    return {.high = hash.high64, .low = hash.low64};
}

std::string hex_of(const ContentHash& hash) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, {.low64 = hash.low, .high64 = hash.high});
    return hex(canonical.digest);
}

}  // namespace offgrid
