#include "formats/http/headers.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/base/text.h"
#include "formats/http/text.h"

#include <algorithm>
#include <array>

namespace offgrid::http {
namespace {

constexpr std::uint64_t header_file_limit = std::uint64_t{64} * 1024;

/// RFC 9110, section 5.6.2.
bool is_token(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return c > ' ' && c <= '~' &&
               std::string_view{"\"(),/:;<=>?@[\\]{}"}.find(c) == std::string_view::npos;
    });
}

bool is_one_line(std::string_view value) {
    return value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
}

/// Headers that frame the message or the connection are the transfer's own.
bool is_of_the_transfer(std::string_view name) {
    constexpr std::array<std::string_view, 4> names{"Content-Length", "Transfer-Encoding", "Expect",
                                                    "Connection"};
    return std::ranges::any_of(
        names, [&](std::string_view own) { return equals_ignoring_case(own, name); });
}

void add(HttpHeaders& headers, std::string_view name, std::string_view value) {
    if (!is_token(name)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' is no name of a header", excerpt(name))};
    }
    if (!is_one_line(value)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("the header '{}' has more than one line", name)};
    }
    if (!is_of_the_transfer(name)) {
        set_header(headers, name, value);
    }
}

void add_file(HttpHeaders& headers, const std::filesystem::path& path) {
    const auto content = read_file(path, header_file_limit);
    auto rest = as_text(content);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        const auto line = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto colon = line.find(':');
        const auto name = trimmed(line.substr(0, colon));
        if (colon == std::string_view::npos || !is_token(name)) {
            continue;
        }
        try {
            add(headers, name, trimmed(line.substr(colon + 1)));
        } catch (const Error& error) {
            rethrow_with(error, "header file {}", path.string());
        }
    }
}

void add_all(HttpHeaders& headers, const HeaderSource& source) {
    for (const auto& [name, value] : source.headers) {
        add(headers, name, value);
    }
    if (!source.file.empty()) {
        add_file(headers, source.file);
    }
}

auto find(auto& headers, std::string_view name) {
    return std::ranges::find_if(
        headers, [&](const auto& header) { return equals_ignoring_case(header.first, name); });
}

}  // namespace

void set_header(HttpHeaders& headers, std::string_view name, std::string_view value) {
    if (const auto found = find(headers, name); found != headers.end()) {
        *found = {std::string{name}, std::string{value}};
    } else {
        headers.emplace_back(name, value);
    }
}

std::string_view find_header(const HttpHeaders& headers, std::string_view name) {
    const auto found = find(headers, name);
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

HttpHeaders configured_headers(const HeaderSource& common, const HeaderSource* operation) {
    HttpHeaders headers;
    add_all(headers, common);
    if (operation != nullptr) {
        add_all(headers, *operation);
    }
    return headers;
}

}  // namespace offgrid::http
