#include "sync/entry_names.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/package/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace offgrid {
namespace {

/// GeoWebCache's deepest layouts have seven folders.
constexpr int max_depth = 16;

constexpr std::size_t max_shown_bytes = 200;

/// What SQLite leaves beside a database: applied to the file that is swapped in, it would destroy
/// it.
constexpr std::array<std::string_view, 3> leftovers{"-journal", "-wal", "-shm"};

/// GeoWebCache's file of layer metadata at the root of a store.
constexpr std::string_view reserved_name = "metadata.sqlite";

Error refused(std::string_view name, std::string_view cause) {
    return Error{Errc::corrupt, fmt::format("entry '{}' {}", printable(name), cause)};
}

}  // namespace

void EntryNames::add_file(std::string_view name) {
    count(name);
    auto lower = lower_case(name);
    const auto last_part = std::string_view{lower}.substr(lower.rfind('/') + 1);
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
    const auto [found, is_new] = seen_.try_emplace(std::move(lower), Seen{std::string{name}, true});
    if (!is_new) {
        throw refused(name, found->second.spelling == name ? "is there twice"
                                                           : "differs from another only by case");
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
    if (std::ranges::count(name, '/') >= max_depth) {
        throw refused(name, fmt::format("is more than {} folders deep", max_depth));
    }
}

void EntryNames::note_folder(const std::string& name) {
    const auto [found, is_new] = seen_.try_emplace(lower_case(name), Seen{name, false});
    if (found->second.is_file) {
        throw refused(name, "is a file and a folder");
    }
    if (found->second.spelling != name) {
        throw refused(name, "differs from another only by case");
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
