#pragma once

#include "formats/base/pool.h"
#include "formats/kv/kv_options.h"
#include "formats/kv/sorted_scan.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <semaphore>
#include <shared_mutex>
#include <string>
#include <string_view>

struct MDB_env;

namespace offgrid {

class LmdbTransaction;

/// An open LMDB environment and its unnamed database. Keys end in NUL. Safe for concurrent use.
///
/// LMDB must not open one folder twice in a process: closing one of them would drop the locks of
/// the other (lmdb.h, "Caveats"). So all stores of a folder share one environment, and a register
/// of them is the one static with state here.
class LmdbEnvironment {
public:
    /// Open for reading what is there; null when there is no database yet.
    ///
    /// Where folder and file may be written, readers and writers register in `lock.mdb` of the
    /// folder; where not, nothing is written, and a folder without a lock file that may be written
    /// is read without locks: sound as long as nobody writes.
    static std::shared_ptr<LmdbEnvironment> open_to_read(const LmdbOptions& options);

    /// Open for writing; the database is made where it is missing.
    static std::shared_ptr<LmdbEnvironment> open_to_write(const LmdbOptions& options);

    ~LmdbEnvironment();
    LmdbEnvironment(const LmdbEnvironment&) = delete;
    LmdbEnvironment& operator=(const LmdbEnvironment&) = delete;

    /// Throws `invalid_argument` for a key that is longer than LMDB takes.
    std::optional<Bytes> get(std::string_view key);
    bool exists(std::string_view key);

    /// See WalkEntries. Works on one state of the database, and holds up nobody.
    void walk(std::string_view from, const ConsumeEntry& consume);

private:
    friend class LmdbTransaction;
    class Snapshot;
    class ReadHandle;
    struct Close {
        void operator()(MDB_env* environment) const noexcept;
    };
    enum class Access { read, write };

    explicit LmdbEnvironment(const LmdbOptions& options);

    static std::shared_ptr<LmdbEnvironment> share(const LmdbOptions& options, Access access);
    void refuse_cut_off_file() const;
    std::unique_lock<std::shared_timed_mutex> alone() const;
    void grow_map(std::size_t bytes);
    void adopt_map();
    void check_key(std::string_view key) const;
    void check(int code, std::string_view action) const;

    std::string cache_;
    std::filesystem::path folder_;
    std::size_t map_bytes_ = 0;  // guarded by mapping_
    bool may_write_ = false;
    unsigned database_ = 0;
    std::unique_ptr<MDB_env, Close> environment_;

    /// Shared by whoever has a transaction, held alone to change the size of the map.
    mutable std::shared_timed_mutex mapping_;
    std::binary_semaphore writing_{1};  ///< LMDB would wait for ever for a second writer
    Pool<ReadHandle> handles_;
    Pool<ReadHandle>::Hold hold_;
};

}  // namespace offgrid
