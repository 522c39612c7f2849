#include "formats/kv/lmdb_environment.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <lmdb.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <mutex>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr int file_mode = 0664;  // as MapCache
constexpr std::size_t read_handles = 16;

/// For a place among the readers, or for all readers to be done.
constexpr std::chrono::seconds wait_limit{5};

/// LMDB counts pages that a transaction took and gave back without writing them: a file may end a
/// little before its last page.
constexpr std::size_t unwritten_pages = 64;

struct AbortRead {
    void operator()(MDB_txn* transaction) const noexcept { mdb_txn_abort(transaction); }
};

struct CloseCursor {
    void operator()(MDB_cursor* cursor) const noexcept { mdb_cursor_close(cursor); }
};

/// For LMDB to read; it takes no pointer to const.
MDB_val input(std::string_view text) {
    return {text.size(), const_cast<char*>(text.data())};
}

BytesView bytes_in(const MDB_val& value) {
    return {static_cast<const std::uint8_t*>(value.mv_data), value.mv_size};
}

Errc errc(int code) {
    switch (code) {
        case MDB_INVALID:
        case MDB_CORRUPTED:
        case MDB_PAGE_NOTFOUND:
        case MDB_VERSION_MISMATCH:
        case MDB_INCOMPATIBLE:
            return Errc::corrupt;
        case MDB_MAP_FULL:
        case ENOSPC:
        case EDQUOT:
            return Errc::no_space;
        case MDB_READERS_FULL:
        case EAGAIN:
            return Errc::busy;
        case MDB_BAD_VALSIZE:
            return Errc::invalid_argument;
        case EACCES:
        case EPERM:
        case EROFS:
            return Errc::denied;
        default:
            return Errc::io;
    }
}

bool has_access(const fs::path& path, int mode) {
    return ::access(path.c_str(), mode) == 0;
}

/// A file of no bytes is one that LMDB has not begun yet.
bool has_database(const fs::path& folder) {
    std::error_code failure;
    const auto size = fs::file_size(folder / "data.mdb", failure);
    return failure != std::errc::no_such_file_or_directory && (failure || size > 0);
}

/// The environments that are open in this process, by folder.
struct Register {
    struct Entry {
        std::unique_ptr<LmdbEnvironment> environment{};
        int users = 0;
    };

    std::mutex mutex{};
    std::map<fs::path, Entry> entries{};  // guarded
};

Register& environments() {
    static Register of_this_process;  // see LmdbEnvironment
    return of_this_process;
}

}  // namespace

/// A place among the readers of an environment. One thread at a time.
class LmdbEnvironment::ReadHandle {
public:
    MDB_txn* transaction() const { return transaction_.get(); }

    /// See the latest state.
    int begin(MDB_env* environment) {
        if (transaction_) {
            return mdb_txn_renew(transaction_.get());
        }
        MDB_txn* raw = nullptr;
        const int code = mdb_txn_begin(environment, nullptr, MDB_RDONLY, &raw);
        transaction_.reset(raw);
        return code;
    }

    /// Let go of the state, keep the place.
    void end() { mdb_txn_reset(transaction_.get()); }

private:
    std::unique_ptr<MDB_txn, AbortRead> transaction_;
};

/// One state of the database, seen as long as this lives.
class LmdbEnvironment::Snapshot {
public:
    explicit Snapshot(LmdbEnvironment& environment)
        : handle_{environment.handles_.acquire({}, wait_limit)}, mapping_{environment.mapping_} {
        int code = handle_->begin(environment.environment_.get());
        if (code == MDB_MAP_RESIZED) {
            mapping_.unlock();
            environment.adopt_map();
            mapping_.lock();
            code = handle_->begin(environment.environment_.get());
        }
        environment.check(code, "cannot read");
    }
    ~Snapshot() { handle_->end(); }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    MDB_txn* transaction() const { return handle_->transaction(); }

private:
    Pool<ReadHandle>::Lease handle_;
    std::shared_lock<std::shared_timed_mutex> mapping_;
};

void LmdbEnvironment::Close::operator()(MDB_env* environment) const noexcept {
    mdb_env_close(environment);
}

LmdbEnvironment::LmdbEnvironment(const LmdbOptions& options)
    : cache_{options.name},
      folder_{options.base},
      map_bytes_{options.max_bytes},
      handles_{read_handles, [](const std::string&) { return std::make_unique<ReadHandle>(); }},
      hold_{handles_.hold({{}})} {
    const auto file = folder_ / "data.mdb";
    may_write_ = has_access(folder_, W_OK) && (!has_database(folder_) || has_access(file, W_OK));
    unsigned flags = MDB_NOTLS;  // a place of a reader belongs to its handle, not to a thread
    if (!may_write_) {
        flags |= MDB_RDONLY;
        flags |= has_access(folder_ / "lock.mdb", R_OK | W_OK) ? 0U : unsigned{MDB_NOLOCK};
    }
    MDB_env* raw = nullptr;
    check(mdb_env_create(&raw), "cannot make an environment");
    environment_.reset(raw);
    check(mdb_env_set_mapsize(raw, map_bytes_), "cannot set the size");
    check(mdb_env_set_maxreaders(raw, options.max_readers), "cannot set the number of readers");
    check(mdb_env_open(raw, folder_.c_str(), flags, file_mode), "cannot open");
    refuse_cut_off_file();
    if (may_write_) {
        check(mdb_reader_check(raw, nullptr), "cannot look for readers that are gone");
    }
    MDB_txn* transaction = nullptr;
    check(mdb_txn_begin(raw, nullptr, MDB_RDONLY, &transaction), "cannot read");
    std::unique_ptr<MDB_txn, AbortRead> owned{transaction};
    check(mdb_dbi_open(transaction, nullptr, 0, &database_), "cannot open the database");
    check(mdb_txn_commit(owned.release()), "cannot open the database");
}

LmdbEnvironment::~LmdbEnvironment() {
    hold_ = {};  // the readers' places go before the environment
}

/// Reading a page that the file does not have would end the program.
void LmdbEnvironment::refuse_cut_off_file() const {
    MDB_envinfo info{};
    MDB_stat pages{};
    check(mdb_env_info(environment_.get(), &info), "cannot read");
    check(mdb_env_stat(environment_.get(), &pages), "cannot read");
    std::error_code failure;
    const auto size = fs::file_size(folder_ / "data.mdb", failure);
    check(failure.value(), "cannot read the size of the file");
    if (size / pages.ms_psize + unwritten_pages < info.me_last_pgno) {
        throw Error{
            Errc::corrupt,
            fmt::format("cache '{}': {}/data.mdb is cut off: it ends after {} of {} pages", cache_,
                        folder_.string(), size / pages.ms_psize, info.me_last_pgno + 1)};
    }
}

std::shared_ptr<LmdbEnvironment> LmdbEnvironment::share(const LmdbOptions& options, Access access) {
    std::error_code failure;
    const auto folder = fs::canonical(options.base, failure);
    if (failure || !fs::is_directory(folder, failure)) {
        throw Error{Errc::not_found, fmt::format("cache '{}': there is no folder {}", options.name,
                                                 options.base.string())};
    }
    auto& open = environments();
    const std::lock_guard lock{open.mutex};
    const auto found = open.entries.find(folder);
    if (found == open.entries.end()) {
        if (access == Access::read && !has_database(folder)) {
            return nullptr;
        }
        std::unique_ptr<LmdbEnvironment> opened{new LmdbEnvironment{options}};
        open.entries[folder].environment = std::move(opened);
    }
    auto& entry = open.entries[folder];
    entry.environment->grow_map(options.max_bytes);
    ++entry.users;
    // Closed under the lock, so that nobody opens the folder while it is being closed.
    return {entry.environment.get(), [folder](LmdbEnvironment*) {
                auto& still_open = environments();
                const std::lock_guard closing{still_open.mutex};
                if (--still_open.entries[folder].users == 0) {
                    still_open.entries.erase(folder);
                }
            }};
}

std::shared_ptr<LmdbEnvironment> LmdbEnvironment::open_to_read(const LmdbOptions& options) {
    return share(options, Access::read);
}

std::shared_ptr<LmdbEnvironment> LmdbEnvironment::open_to_write(const LmdbOptions& options) {
    auto opened = share(options, Access::write);
    if (!opened->may_write_) {
        throw Error{Errc::denied, fmt::format("cache '{}': {} may not be written", options.name,
                                              options.base.string())};
    }
    return opened;
}

std::unique_lock<std::shared_timed_mutex> LmdbEnvironment::alone() const {
    std::unique_lock lock{mapping_, wait_limit};
    if (!lock) {
        throw Error{Errc::busy, fmt::format("cache '{}': {} is in use; its size cannot be changed",
                                            cache_, folder_.string())};
    }
    return lock;
}

/// As another store of the folder asks for more.
void LmdbEnvironment::grow_map(std::size_t bytes) {
    {
        const std::shared_lock looking{mapping_};
        if (bytes <= map_bytes_) {
            return;
        }
    }
    const auto lock = alone();
    check(mdb_env_set_mapsize(environment_.get(), bytes), "cannot set the size");
    map_bytes_ = bytes;
}

/// As another process has made the database larger than the map.
void LmdbEnvironment::adopt_map() {
    const auto lock = alone();
    check(mdb_env_set_mapsize(environment_.get(), 0), "cannot adopt the size");
    MDB_envinfo info{};
    check(mdb_env_info(environment_.get(), &info), "cannot adopt the size");
    map_bytes_ = info.me_mapsize;
}

void LmdbEnvironment::check_key(std::string_view key) const {
    const auto limit = static_cast<std::size_t>(mdb_env_get_maxkeysize(environment_.get()));
    if (key.size() > limit) {
        throw Error{Errc::invalid_argument,
                    fmt::format("cache '{}': the key '{}' is longer than the {} bytes that LMDB "
                                "takes",
                                cache_, key.substr(0, key.size() - 1), limit - 1)};
    }
}

void LmdbEnvironment::check(int code, std::string_view action) const {
    if (code == MDB_MAP_FULL) {
        throw Error{Errc::no_space, fmt::format("cache '{}': {} is full: max_size allows {} bytes",
                                                cache_, folder_.string(), map_bytes_)};
    }
    if (code != MDB_SUCCESS) {
        throw Error{errc(code), fmt::format("cache '{}': {}: {}: {} ({})", cache_, folder_.string(),
                                            action, mdb_strerror(code), code)};
    }
}

std::optional<Bytes> LmdbEnvironment::get(std::string_view key) {
    check_key(key);
    const Snapshot snapshot{*this};
    auto wanted = input(key);
    MDB_val value{};
    const int code = mdb_get(snapshot.transaction(), database_, &wanted, &value);
    if (code == MDB_NOTFOUND) {
        return std::nullopt;
    }
    check(code, "cannot read");
    const auto found = bytes_in(value);
    return Bytes{found.begin(), found.end()};
}

bool LmdbEnvironment::exists(std::string_view key) {
    check_key(key);
    const Snapshot snapshot{*this};
    auto wanted = input(key);
    MDB_val value{};
    const int code = mdb_get(snapshot.transaction(), database_, &wanted, &value);
    if (code != MDB_NOTFOUND) {
        check(code, "cannot read");
    }
    return code == MDB_SUCCESS;
}

void LmdbEnvironment::walk(std::string_view from, const ConsumeEntry& consume) {
    check_key(from);
    const Snapshot snapshot{*this};
    MDB_cursor* raw = nullptr;
    check(mdb_cursor_open(snapshot.transaction(), database_, &raw), "cannot walk");
    const std::unique_ptr<MDB_cursor, CloseCursor> cursor{raw};
    auto key = input(from);
    MDB_val value{};
    for (auto step = MDB_SET_RANGE;; step = MDB_NEXT) {
        const int code = mdb_cursor_get(raw, &key, &value, step);
        if (code == MDB_NOTFOUND) {
            return;
        }
        check(code, "cannot walk");
        if (!consume(as_text(bytes_in(key)), bytes_in(value))) {
            return;
        }
    }
}

}  // namespace offgrid
