#pragma once

#include "serve/served_store.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {

/// One path that is served, with what was found there: a store, or the stores in a folder, by their
/// names. Owned by one thread; its stores may be opened by any.
class ServedPath {
public:
    using Clock = std::chrono::steady_clock;

    /// What a look has found out.
    struct Look {
        bool has_news = false;      ///< something came, went or changed since the look before
        bool has_changed = false;   ///< other stores are to be served than before
        bool is_unsettled = false;  ///< something is new, and may be being written
    };

    ServedPath(std::filesystem::path path, const StorePools& pools, Log log, WalkLimits limits)
        : path_{std::move(path)}, pools_{pools}, log_{std::move(log)}, limits_{limits} {}

    struct Times {
        std::chrono::milliseconds settling{500};
        std::chrono::milliseconds retry{5'000};
    };

    /// Look what is there now. What is new is served once it is the same for the settling time;
    /// with none at once. A store that is gone or another is given up then; one that is the same
    /// stays open, and so do those of which a look fails to tell. What could not be opened for now
    /// is to be opened again after the retry time, and each time that fails after twice as long, up
    /// to 64 times.
    Look look(const Times& times);

    /// The stores in the order in which they choose their names: the outermost first, those of one
    /// depth by name.
    std::vector<std::shared_ptr<ServedStore>> stores() const;

    const std::filesystem::path& path() const { return path_; }
    bool is_folder() const { return is_folder_; }

    /// The folders in which a change would show.
    const std::vector<std::filesystem::path>& folders() const { return folders_; }

private:
    struct Entry {
        std::shared_ptr<ServedStore> store{};  ///< null: not yet
        std::optional<FileIdentity> seen{};    ///< what has come and may not have settled
        Clock::time_point since{};
        std::string last_failure{};  ///< of a depot that could not be read again
        int tries = 0;               ///< to open it again, one after the other
        bool is_there = true;
    };

    Entry* own_depot();
    void look_at(const FoundStore& found, const Times& times, Look& look);
    void look_again_at(Entry& entry, const Times& times, Look& look);
    void discard(const ServedStore& store) const;
    bool reopen_depot(Entry& entry);
    void note_failure(const FoundStores& found);
    void note_folders(const FoundStores& found);

    std::filesystem::path path_;
    StorePools pools_;
    Log log_;
    WalkLimits limits_;
    std::map<std::string, Entry> entries_;  // by name
    std::vector<std::filesystem::path> folders_;
    bool is_folder_ = false;
    bool is_cut_off_ = false;
    std::string failure_;  // of the last look
};

}  // namespace offgrid
