#include "sync/entry_names.h"

#include "formats/base/error.h"
#include "formats/package/manifest.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace offgrid {
namespace {

constexpr std::size_t max_shown_bytes = 200;

/// What SQLite leaves beside a database: applied to the file that is swapped in, it would destroy
/// it.
constexpr std::array<std::string_view, 3> leftovers{"-journal", "-wal", "-shm"};

/// GeoWebCache's file of layer metadata at the root of a store.
constexpr std::string_view reserved_name = "metadata.sqlite";

constexpr std::string_view same_name = "differs from another only by case or Unicode form";

Error refused(std::string_view name, std::string_view cause) {
    return Error{Errc::corrupt, fmt::format("entry '{}' {}", printable(name), cause)};
}

struct FreeText {
    void operator()(utf8proc_uint8_t* text) const noexcept { std::free(text); }
};

/// One text for all names that some file system may take for one: letters decomposed (HFS+) and
/// their case folded (NTFS, APFS, exFAT); Unicode 15, section 3.13, canonical caseless matching.
std::string folded(std::string_view name) {
    constexpr auto options =
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD);
    utf8proc_uint8_t* raw = nullptr;
    const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                                   static_cast<utf8proc_ssize_t>(name.size()), &raw, options);
    const std::unique_ptr<utf8proc_uint8_t, FreeText> text{raw};
    if (size == UTF8PROC_ERROR_NOMEM) {
        throw std::bad_alloc{};
    }
    if (size < 0) {
        throw refused(name, "has a name that is not UTF-8");
    }
    return {reinterpret_cast<const char*>(text.get()), static_cast<std::size_t>(size)};
}

}  // namespace

void EntryNames::add_file(std::string_view name) {
    count(name);
    auto key = folded(name);
    const auto last_part = std::string_view{key}.substr(key.rfind('/') + 1);
    if (last_part == reserved_name) {
        throw refused(name, "is the bookkeeping of a tile store, not tiles");
    }
    if (std::ranges::any_of(leftovers,
                            [&](std::string_view end) { return last_part.ends_with(end); })) {
        throw refused(name, "is what a writer of a database leaves beside it");
    }
    for (auto slash = name.find('/'); slash != std::string_view::npos;
         slash = name.find('/', slash + 1)) {
        note_folder(std::string{name.substr(0, slash)});
    }
    const auto [found, is_new] = seen_.try_emplace(std::move(key), Seen{std::string{name}, true});
    if (!is_new) {
        throw refused(name, found->second.spelling == name ? "is there twice" : same_name);
    }
}

void EntryNames::add_folder(std::string_view name) {
    count(name);
    note_folder(std::string{name});
}

void EntryNames::count(std::string_view name) {
    if (++entries_ > max_entries_) {
        throw Error{Errc::too_large, fmt::format("more than {} entries", max_entries_)};
    }
    if (!is_contained_name(name)) {
        throw refused(name, "has a name that could leave its folder");
    }
    if (static_cast<std::size_t>(std::ranges::count(name, '/')) >= max_depth_) {
        throw refused(name, fmt::format("is more than {} folders deep", max_depth_));
    }
}

void EntryNames::note_folder(const std::string& name) {
    const auto [found, is_new] = seen_.try_emplace(folded(name), Seen{name, false});
    if (found->second.is_file) {
        throw refused(name, "is a file and a folder");
    }
    if (found->second.spelling != name) {
        throw refused(name, same_name);
    }
}

std::string printable(std::string_view name) {
    std::string shown{name.substr(0, max_shown_bytes)};
    std::ranges::replace_if(
        shown, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
    if (shown.size() < name.size()) {
        shown += "…";
    }
    return shown;
}

}  // namespace offgrid
