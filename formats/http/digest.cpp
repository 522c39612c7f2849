#include "formats/http/digest.h"

#include "formats/base/error.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace offgrid::http {
namespace {

Bytes hmac(const EVP_MD* kind, BytesView key, std::string_view text) {
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    // An empty key must not be null, which means "the key of the last call".
    const unsigned char none = 0;
    const auto content = as_bytes(text);
    if (HMAC(kind, key.empty() ? &none : key.data(), static_cast<int>(key.size()), content.data(),
             content.size(), digest.data(), &size) == nullptr) {
        throw Error{Errc::io, "cannot compute an HMAC"};
    }
    digest.resize(size);
    return digest;
}

}  // namespace

Bytes hmac_sha256(BytesView key, std::string_view text) {
    return hmac(EVP_sha256(), key, text);
}

Bytes hmac_sha1(BytesView key, std::string_view text) {
    return hmac(EVP_sha1(), key, text);
}

Bytes md5(BytesView content) {
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) {
        throw Error{Errc::io, "cannot compute an MD5 digest"};
    }
    digest.resize(size);
    return digest;
}

std::string hex(BytesView bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const auto byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::string base64(BytesView bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // the library ends it with a zero
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                    static_cast<int>(bytes.size()));
    text.pop_back();
    return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
    constexpr std::size_t longest = std::size_t{64} * 1024;
    const auto digits = std::min(text.find('='), text.size());
    const auto padding = text.size() - digits;
    // Of the padding the library checks nothing, and counts it as bytes.
    if (text.size() % 4 != 0 || text.size() > longest || padding > 2 ||
        text.find_first_not_of('=', digits) != std::string_view::npos) {
        return std::nullopt;
    }
    Bytes bytes(text.size() / 4 * 3);
    const auto encoded = as_bytes(text);
    if (EVP_DecodeBlock(bytes.data(), encoded.data(), static_cast<int>(encoded.size())) < 0) {
        return std::nullopt;
    }
    bytes.resize(bytes.size() - padding);
    return bytes;
}

}  // namespace offgrid::http
