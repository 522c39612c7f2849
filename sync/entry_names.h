#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace offgrid {

/// The names in one delivery, an archive or a folder, each checked before anything is written under
/// it.
///
/// A name stays inside the folder it is unpacked in, is not too deep, is no leftover of an SQLite
/// writer and no bookkeeping of a tile store, and names no file that is there already on any file
/// system: names that differ only by case, or by how Unicode composes their letters (NFC, NFD), are
/// the same name. Every refusal is `corrupt` and names the entry; too many entries are `too_large`.
/// One thread.
class EntryNames {
public:
    EntryNames(std::size_t max_entries, std::size_t max_depth)
        : max_entries_{max_entries}, max_depth_{max_depth} {}

    void add_file(std::string_view name);
    void add_folder(std::string_view name);

private:
    struct Seen {
        std::string spelling;
        bool is_file = false;
    };

    void count(std::string_view name);
    void note_folder(const std::string& name);

    std::size_t max_entries_;
    std::size_t max_depth_;
    std::size_t entries_ = 0;
    std::map<std::string, Seen> seen_;  // by what file systems may take the name for
};

/// A name that came from outside as a message may show it: short, and without control characters.
std::string printable(std::string_view name);

}  // namespace offgrid
