#include "formats/config/pattern_dimension.h"

#include "formats/base/error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstdint>
#include <utility>

namespace offgrid::config {
namespace {

constexpr std::size_t max_value_bytes = 1024;

/// Bounds the work on a value that a pattern such as `(a+)+$` takes for ever to refuse.
constexpr std::uint32_t match_limit = 100'000;
constexpr std::uint32_t heap_limit_kib = 1024;

struct FreeMatchData {
    void operator()(pcre2_match_data* match) const noexcept { pcre2_match_data_free(match); }
};

struct FreeMatchContext {
    void operator()(pcre2_match_context* context) const noexcept {
        pcre2_match_context_free(context);
    }
};

std::string message_of(int code) {
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(code, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
}

}  // namespace

void PatternDimension::Free::operator()(pcre2_real_code_8* code) const noexcept {
    pcre2_code_free(code);
}

PatternDimension::PatternDimension(std::string name, std::string default_value,
                                   const std::string& pattern)
    : Dimension{std::move(name), std::move(default_value)} {
    int code = 0;
    std::size_t offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0,
                              &code, &offset, nullptr));
    if (!code_) {
        throw Error{Errc::invalid_argument,
                    fmt::format("'{}' is no regular expression: {} at character {}", pattern,
                                message_of(code), offset)};
    }
}

std::vector<std::string> PatternDimension::resolve(std::string_view requested) const {
    if (requested.size() > max_value_bytes) {
        return {};
    }
    const std::unique_ptr<pcre2_match_data, FreeMatchData> match{
        pcre2_match_data_create_from_pattern(code_.get(), nullptr)};
    const std::unique_ptr<pcre2_match_context, FreeMatchContext> context{
        pcre2_match_context_create(nullptr)};
    if (!match || !context) {
        throw Error{Errc::io, fmt::format("dimension '{}': out of memory", name())};
    }
    pcre2_set_match_limit(context.get(), match_limit);
    pcre2_set_heap_limit(context.get(), heap_limit_kib);
    const int matches = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(requested.data()),
                                    requested.size(), 0, 0, match.get(), context.get());
    return matches >= 0 ? std::vector{std::string{requested}} : std::vector<std::string>{};
}

}  // namespace offgrid::config
