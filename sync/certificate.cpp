#include "sync/certificate.h"

#include "formats/base/error.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace offgrid {
namespace {

constexpr int bits_of_serial = 127;

template <auto free_function>
struct Free {
    template <typename T>
    void operator()(T* object) const noexcept {
        free_function(object);
    }
};

using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free>>;

/// Throws unless a call of OpenSSL has succeeded.
void check(bool is_done, std::string_view action) {
    if (!is_done) {
        const char* const reason = ERR_reason_error_string(ERR_get_error());
        throw Error{Errc::io,
                    fmt::format("cannot {}: {}", action, reason == nullptr ? "OpenSSL" : reason)};
    }
}

bool is_ip_address(const std::string& name) {
    in6_addr address{};
    return ::inet_pton(AF_INET, name.c_str(), &address) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

/// Also what OpenSSL's syntax of extensions would take for something else.
bool is_host_name(std::string_view name) {
    return !name.empty() && name.size() <= 253 && !name.starts_with('-') &&
           std::ranges::all_of(name, [](unsigned char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '*';
           });
}

std::string alternative_names(const std::vector<std::string>& names) {
    std::string list;
    for (const auto& name : names) {
        const bool is_ip = is_ip_address(name);
        if (!is_ip && !is_host_name(name)) {
            throw Error{Errc::invalid_argument,
                        fmt::format("'{}' is neither a host name nor an IP address", name)};
        }
        list += fmt::format("{}{}:{}", list.empty() ? "" : ",", is_ip ? "IP" : "DNS", name);
    }
    return list;
}

void add_extension(X509* certificate, int id, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str())};
    check(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
          "add an extension");
}

void set_times(X509* certificate, std::chrono::system_clock::time_point now,
               std::chrono::days validity) {
    const auto set = [](ASN1_TIME* time, std::chrono::system_clock::time_point value) {
        check(ASN1_TIME_set(time, std::chrono::system_clock::to_time_t(value)) != nullptr,
              "set the validity");
    };
    set(X509_getm_notBefore(certificate), now - std::chrono::days{1});
    set(X509_getm_notAfter(certificate), now + validity);
}

void set_names(X509* certificate, const std::string& name) {
    auto* const subject = X509_get_subject_name(certificate);
    // At most 64 bytes by X.520; clients read the alternative names.
    const auto common = name.substr(0, 64);
    check(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common.data()),
                                     static_cast<int>(common.size()), -1, 0) == 1 &&
              X509_set_issuer_name(certificate, subject) == 1,
          "set the name");
}

void set_serial(X509* certificate) {
    const Number number{BN_new()};
    check(number != nullptr &&
              BN_rand(number.get(), bits_of_serial, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
          "make a serial number");
}

template <typename Write>
std::string to_pem(const Write& write) {
    const Memory memory{BIO_new(BIO_s_mem())};
    check(memory != nullptr && write(memory.get()) == 1, "write PEM");
    char* text = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string fingerprint_of(const X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    check(X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1, "hash it");
    return fmt::format("{:02X}", fmt::join(digest.begin(), digest.begin() + size, ":"));
}

}  // namespace

SelfSigned make_certificate(const CertificateOptions& options,
                            std::chrono::system_clock::time_point now) {
    if (options.names.empty()) {
        throw Error{Errc::invalid_argument, "a certificate is for at least one name"};
    }
    const auto names = alternative_names(options.names);
    const Key key{EVP_EC_gen("P-256")};
    check(key != nullptr, "make a key");
    const Certificate certificate{X509_new()};
    check(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
              X509_set_pubkey(certificate.get(), key.get()) == 1,
          "make a certificate");
    set_serial(certificate.get());
    set_times(certificate.get(), now, options.validity);
    set_names(certificate.get(), options.names.front());
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(certificate.get(), NID_ext_key_usage, "serverAuth");
    add_extension(certificate.get(), NID_subject_key_identifier, "hash");
    add_extension(certificate.get(), NID_subject_alt_name, names);
    check(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "sign it");
    return {.certificate_pem =
                to_pem([&](BIO* memory) { return PEM_write_bio_X509(memory, certificate.get()); }),
            .key_pem = to_pem([&](BIO* memory) {
                return PEM_write_bio_PrivateKey(memory, key.get(), nullptr, nullptr, 0, nullptr,
                                                nullptr);
            }),
            .sha256 = fingerprint_of(certificate.get())};
}

}  // namespace offgrid
