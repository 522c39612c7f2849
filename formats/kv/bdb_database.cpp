#include "formats/kv/bdb_database.h"

#include "formats/base/error.h"

#include <db.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <limits>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

// As MapCache makes them.
constexpr unsigned page_bytes = 65'536;
constexpr unsigned pool_bytes = 1 << 20;
constexpr int file_mode = 0664;

constexpr const char* region_file = "__db.001";

struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
};

struct CloseCursor {
    void operator()(DBC* cursor) const noexcept { cursor->close(cursor); }
};

/// Berkeley DB says on standard error what it thinks unless it is given somebody to tell.
void keep_quiet(const DB_ENV*, const char*, const char*) {}

/// For Berkeley DB to read; it takes no pointer to const.
DBT input(const void* first, std::size_t size) {
    DBT entry{};
    entry.data = const_cast<void*>(first);
    entry.size = static_cast<u_int32_t>(size);
    return entry;
}

DBT input(std::string_view text) {
    return input(text.data(), text.size());
}

/// For Berkeley DB to fill with memory that the caller frees.
DBT output() {
    DBT entry{};
    entry.flags = DB_DBT_MALLOC;
    return entry;
}

Errc errc(int code) {
    switch (code) {
        case EACCES:
        case EPERM:
            return Errc::denied;
        case ENOSPC:
        case EDQUOT:
            return Errc::no_space;
        case DB_PAGE_NOTFOUND:
        case DB_VERIFY_BAD:
            return Errc::corrupt;
        default:
            return Errc::io;
    }
}

}  // namespace

void BdbDatabase::CloseEnvironment::operator()(__db_env* environment) const noexcept {
    environment->close(environment, 0);
}

void BdbDatabase::CloseDatabase::operator()(__db* database) const noexcept {
    database->close(database, DB_NOSYNC);  // CDB: what is not synced yet stays in the shared pool
}

BdbDatabase::BdbDatabase(const BdbOptions& options)
    : cache_{options.name}, folder_{options.base}, file_name_{options.name + ".db"} {
    std::error_code failure;
    if (!fs::is_directory(folder_, failure)) {
        throw Error{Errc::not_found,
                    fmt::format("cache '{}': there is no folder {}", cache_, folder_.string())};
    }
}

BdbDatabase::~BdbDatabase() = default;

std::unique_ptr<BdbDatabase> BdbDatabase::open_to_read(const BdbOptions& options) {
    std::unique_ptr<BdbDatabase> opened{new BdbDatabase{options}};
    if (::access((opened->folder_ / opened->file_name_).c_str(), F_OK) != 0 && errno == ENOENT) {
        return nullptr;
    }
    if (::access((opened->folder_ / region_file).c_str(), R_OK | W_OK) == 0) {
        opened->open_environment(0);
    }
    opened->open_file(DB_RDONLY);
    return opened;
}

std::unique_ptr<BdbDatabase> BdbDatabase::open_to_write(const BdbOptions& options) {
    std::unique_ptr<BdbDatabase> opened{new BdbDatabase{options}};
    opened->open_environment(DB_CREATE);
    opened->open_file(DB_CREATE);
    return opened;
}

void BdbDatabase::open_environment(unsigned flags) {
    DB_ENV* raw = nullptr;
    check(db_env_create(&raw, 0), "cannot make an environment");
    environment_.reset(raw);
    raw->set_errcall(raw, keep_quiet);
    check(raw->set_cachesize(raw, 0, pool_bytes, 1), "cannot set the size of the pool");
    check(
        raw->open(raw, folder_.c_str(), flags | DB_INIT_CDB | DB_INIT_MPOOL | DB_THREAD, file_mode),
        "cannot open the environment");
}

void BdbDatabase::open_file(unsigned flags) {
    DB* raw = nullptr;
    check(db_create(&raw, environment_.get(), 0), "cannot make a handle");
    database_.reset(raw);
    if (!environment_) {
        raw->set_errcall(raw, keep_quiet);
    }
    check(raw->set_pagesize(raw, page_bytes), "cannot set the size of pages");
    // With an environment names are relative to its folder.
    const auto file = environment_ ? fs::path{file_name_} : folder_ / file_name_;
    const bool creates = (flags & DB_CREATE) != 0;
    const int code = raw->open(raw, nullptr, file.c_str(), nullptr, creates ? DB_BTREE : DB_UNKNOWN,
                               flags | DB_THREAD, file_mode);
    DBTYPE type = DB_UNKNOWN;
    const bool is_foreign = code == EINVAL || code == DB_OLD_VERSION ||
                            (code == 0 && (raw->get_type(raw, &type) != 0 || type != DB_BTREE));
    if (is_foreign) {
        throw Error{Errc::corrupt, fmt::format("cache '{}': {} is no B-tree of Berkeley DB", cache_,
                                               (folder_ / file_name_).string())};
    }
    check(code, "cannot open the file");
}

void BdbDatabase::check(int code, std::string_view action) const {
    if (code != 0) {
        throw Error{errc(code),
                    fmt::format("cache '{}': {}: {}: {} ({})", cache_,
                                (folder_ / file_name_).string(), action, db_strerror(code), code)};
    }
}

bool BdbDatabase::misses_environment() const {
    return !environment_ && ::access((folder_ / region_file).c_str(), R_OK | W_OK) == 0;
}

int BdbDatabase::look_up(std::string_view key, DBT& value) const {
    auto wanted = input(key);
    const int code = database_->get(database_.get(), nullptr, &wanted, &value, 0);
    if (code != DB_NOTFOUND) {
        check(code, "cannot read");
    }
    return code;
}

std::optional<Bytes> BdbDatabase::get(std::string_view key) const {
    auto value = output();
    if (look_up(key, value) == DB_NOTFOUND) {
        return std::nullopt;
    }
    const std::unique_ptr<void, Free> memory{value.data};
    const auto* const first = static_cast<const std::uint8_t*>(value.data);
    return Bytes{first, first + value.size};
}

bool BdbDatabase::exists(std::string_view key) const {
    auto nothing = output();
    nothing.flags |= DB_DBT_PARTIAL;  // of no bytes
    const bool is_there = look_up(key, nothing) == 0;
    const std::unique_ptr<void, Free> memory{nothing.data};
    return is_there;
}

void BdbDatabase::put(std::string_view key, BytesView value) {
    if (value.size() > std::numeric_limits<u_int32_t>::max()) {
        throw Error{Errc::too_large, fmt::format("cache '{}': a tile of {} bytes is larger than "
                                                 "Berkeley DB takes",
                                                 cache_, value.size())};
    }
    auto name = input(key);
    auto entry = input(value.data(), value.size());
    check(database_->put(database_.get(), nullptr, &name, &entry, 0), "cannot write");
}

void BdbDatabase::erase(std::string_view key) {
    auto name = input(key);
    const int code = database_->del(database_.get(), nullptr, &name, 0);
    if (code != DB_NOTFOUND) {
        check(code, "cannot erase");
    }
}

void BdbDatabase::sync() {
    check(database_->sync(database_.get(), 0), "cannot sync");
}

void BdbDatabase::walk(std::string_view from, const ConsumeEntry& consume) const {
    DBC* raw = nullptr;
    check(database_->cursor(database_.get(), nullptr, &raw, 0), "cannot walk");
    const std::unique_ptr<DBC, CloseCursor> cursor{raw};
    auto step = DB_SET_RANGE;
    for (std::string_view start = from;; step = DB_NEXT) {
        auto key = output();
        if (step == DB_SET_RANGE) {
            key.data = const_cast<char*>(start.data());  // replaced by memory of its own
            key.size = static_cast<u_int32_t>(start.size());
        }
        auto value = output();
        const int code = raw->get(raw, &key, &value, static_cast<u_int32_t>(step));
        if (code == DB_NOTFOUND) {
            return;
        }
        check(code, "cannot walk");
        const std::unique_ptr<void, Free> key_memory{key.data};
        const std::unique_ptr<void, Free> value_memory{value.data};
        if (!consume({static_cast<const char*>(key.data), key.size},
                     {static_cast<const std::uint8_t*>(value.data), value.size})) {
            return;
        }
    }
}

}  // namespace offgrid
