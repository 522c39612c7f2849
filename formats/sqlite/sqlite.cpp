#include "formats/sqlite/sqlite.h"

#include "formats/base/descriptor_limit.h"
#include "formats/base/error.h"
#include "formats/base/mapped_faults.h"
#include "formats/base/mapped_read.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>

namespace offgrid::sqlite {
namespace {

/// A tile larger than this is not a tile; bounds what a crafted row can make us hold in memory.
constexpr int max_value_bytes = 64 << 20;

/// Instructions of SQLite's virtual machine between two looks at the clock: well under a
/// millisecond.
constexpr int instructions_per_look = 2'000;

/// Of a file; what lies behind is read as copies. As much as SQLite maps at most unless it is built
/// otherwise (sqlite.org/mmap.html).
constexpr sqlite3_int64 max_mapped_bytes = 0x7FFF'0000;

/// sqlite.org/fileformat2.html, section 1.3.2
constexpr int smallest_page_bytes = 512;
constexpr sqlite3_int64 largest_page_bytes = 65'536;

/// The upper pages of four trees of a file with millions of tiles, and the pages of the tile that
/// is read. By default SQLite keeps 2 MB of each connection.
constexpr int few_pages = 128;

/// How long a file that is shared waits for the locks of others unless told otherwise.
constexpr std::chrono::milliseconds default_wait{5'000};

using Clock = std::chrono::steady_clock;

int has_passed(void* deadline) {
    return Clock::now() > static_cast<const Deadline*>(deadline)->end ? 1 : 0;
}

Errc errc(int code) {
    switch (code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Errc::busy;
        case SQLITE_FULL:
            return Errc::no_space;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_ERROR:
        case SQLITE_MISMATCH:
        case SQLITE_INTERRUPT:
        case SQLITE_AUTH:
            return Errc::corrupt;
        case SQLITE_TOOBIG:
            return Errc::too_large;
        case SQLITE_CANTOPEN:
            return Errc::not_found;
        default:
            return Errc::io;
    }
}

/// A file name as SQLite's URI syntax wants it (sqlite.org/uri.html, section 3.1).
std::string uri_of(const std::filesystem::path& path, std::string_view parameters) {
    std::string uri = "file:";
    for (const char c : std::filesystem::absolute(path).string()) {
        if (c == '?' || c == '#' || c == '%') {
            uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        } else {
            uri.push_back(c);
        }
    }
    return uri.append(parameters);
}

int flags(OpenMode mode) {
    const int common = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    switch (mode) {
        case OpenMode::immutable:
        case OpenMode::shared:
            return common | SQLITE_OPEN_READONLY;
        case OpenMode::existing:
            return common | SQLITE_OPEN_READWRITE;
        case OpenMode::update:
        case OpenMode::build:
            return common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    }
    return common;
}

std::string_view parameters(OpenMode mode) {
    switch (mode) {
        case OpenMode::immutable:
            return "?mode=ro&immutable=1";
        case OpenMode::shared:
            return "?mode=ro";
        case OpenMode::existing:
            return "?mode=rw";
        case OpenMode::update:
        case OpenMode::build:
            return "?mode=rwc";
    }
    return "";
}

/// Each allocation would take a lock that all threads share, to count what nobody asks for
/// (sqlite.org/c3ref/c_config_covering_index_scan.html, SQLITE_CONFIG_MEMSTATUS). Possible only
/// before the first use of SQLite in the process; where a library came first it stays.
void stop_counting_memory() {
    static std::once_flag done;
    std::call_once(done, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

/// Do what reads the file. Throws `io` when a part of its mapping was not there.
template <typename Read>
auto reading(const ConnectionState& connection, std::string_view file, const Read& read) {
    const MappedRead mapped{connection.mapping};
    auto result = read();
    if (mapped.has_failed()) {
        throw Error{Errc::io, fmt::format("{} has become shorter, or cannot be read", file)};
    }
    return result;
}

}  // namespace

// --- Statement

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

void Statement::fail(int code) const {
    throw Error{errc(code), fmt::format("cannot read or write {}: {}", file_, sqlite3_errmsg(db_))};
}

Statement& Statement::bind(int index, std::int64_t value) {
    if (const int code = sqlite3_bind_int64(statement_.get(), index, value); code != SQLITE_OK) {
        fail(code);
    }
    return *this;
}

Statement& Statement::bind_real(int index, double value) {
    if (const int code = sqlite3_bind_double(statement_.get(), index, value); code != SQLITE_OK) {
        fail(code);
    }
    return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
    const int code = sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(),
                                         SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK) {
        fail(code);
    }
    return *this;
}

Statement& Statement::bind(int index, BytesView blob) {
    static constexpr char empty = 0;  // a null pointer would bind NULL
    const void* first = blob.empty() ? static_cast<const void*>(&empty) : blob.data();
    if (const int code =
            sqlite3_bind_blob64(statement_.get(), index, first, blob.size(), SQLITE_STATIC);
        code != SQLITE_OK) {
        fail(code);
    }
    return *this;
}

int Statement::parameter(const char* name) const {
    return sqlite3_bind_parameter_index(statement_.get(), name);
}

int Statement::columns() const {
    return sqlite3_column_count(statement_.get());
}

bool Statement::step() {
    connection_->deadline.end = connection_->deadline.from_now();
    const int code = reading(*connection_, file_, [&] { return sqlite3_step(statement_.get()); });
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        fail(code);
    }
    return code == SQLITE_ROW;
}

void Statement::execute() {
    step();
    reset();
}

void Statement::reset() noexcept {
    sqlite3_reset(statement_.get());
}

int Statement::recompilations() const {
    return sqlite3_stmt_status(statement_.get(), SQLITE_STMTSTATUS_REPREPARE, 0);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

bool Statement::is_integer(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
    const auto* const text =
        reading(*connection_, file_, [&] {  // SQLite copies it to end it with 0
            return reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
        });
    return text == nullptr ? std::string_view{}
                           : std::string_view{text, static_cast<std::size_t>(sqlite3_column_bytes(
                                                        statement_.get(), column))};
}

BytesView Statement::blob(int column) const {
    if (connection_->mapping.empty()) {
        return blob_in_place(column);
    }
    copied_ = copy_of_blob(column);
    return copied_;
}

Bytes Statement::copy_of_blob(int column) const {
    return reading(*connection_, file_, [&] {
        const auto blob = blob_in_place(column);
        return Bytes{blob.begin(), blob.end()};
    });
}

/// A small one may be in the mapping.
BytesView Statement::blob_in_place(int column) const {
    const auto* const first =
        static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
    return {first, first == nullptr
                       ? 0
                       : static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

// --- Db

void Db::Close::operator()(sqlite3* db) const noexcept {
    sqlite3_close_v2(db);
}

Db::Db(const std::filesystem::path& path, OpenMode mode, std::string shown_as)
    : file_{shown_as.empty() ? path.string() : std::move(shown_as)},
      connection_{std::make_unique<ConnectionState>()} {
    stop_counting_memory();
    sqlite3* raw = nullptr;
    const int code =
        sqlite3_open_v2(uri_of(path, parameters(mode)).c_str(), &raw, flags(mode), nullptr);
    db_.reset(raw);  // owned even when opening failed
    if (code != SQLITE_OK) {
        const auto message = fmt::format("cannot open {}: {}", file_, sqlite3_errmsg(raw));
        if (is_out_of_descriptors(sqlite3_system_errno(raw))) {
            throw OutOfDescriptors{message};
        }
        throw Error{errc(code), message};
    }
    if (mode == OpenMode::build) {
        execute(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;"
            "PRAGMA cache_size=-32768");
        return;
    }
    if (mode != OpenMode::immutable) {
        wait_for_locks(default_wait);
    }
    harden();
    if (mode != OpenMode::update && mode != OpenMode::existing) {
        limit();
    }
}

Db::~Db() = default;

void Db::configure(int option, int value) {
    int now = -1;
    if (sqlite3_db_config(db_.get(), option, value, &now) != SQLITE_OK || now != value) {
        throw Error{Errc::unsupported,
                    fmt::format("cannot open {}: this SQLite cannot be hardened", file_)};
    }
}

/// sqlite.org/security.html, section 1: what to switch off before reading a file from someone else.
void Db::harden() {
    configure(SQLITE_DBCONFIG_DEFENSIVE, 1);
    configure(SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
    configure(SQLITE_DBCONFIG_ENABLE_TRIGGER, 0);
    configure(SQLITE_DBCONFIG_ENABLE_VIEW, 0);
    sqlite3_limit(db_.get(), SQLITE_LIMIT_LENGTH, max_value_bytes);
    execute("PRAGMA cell_size_check=ON; PRAGMA mmap_size=0");
}

/// What a file from someone else may cost at most when it is only read.
void Db::limit() {
    sqlite3* const db = db_.get();
    static constexpr std::array<std::pair<int, int>, 6> limits{{{SQLITE_LIMIT_SQL_LENGTH, 100'000},
                                                                {SQLITE_LIMIT_COLUMN, 100},
                                                                {SQLITE_LIMIT_EXPR_DEPTH, 20},
                                                                {SQLITE_LIMIT_COMPOUND_SELECT, 3},
                                                                {SQLITE_LIMIT_ATTACHED, 0},
                                                                {SQLITE_LIMIT_WORKER_THREADS, 0}}};
    for (const auto& [limit, value] : limits) {
        sqlite3_limit(db, limit, value);
    }
    sqlite3_progress_handler(db, instructions_per_look, &has_passed, &connection_->deadline);
    execute("PRAGMA query_only=ON");
}

Statement Db::prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    auto& deadline = connection_->deadline;
    deadline.end = deadline.from_now();  // the first one reads the schema
    const MappedRead mapped{connection_->mapping};
    const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    Statement statement{db_.get(), raw, file_, *connection_};
    if (code != SQLITE_OK) {
        statement.fail(code);
    }
    return statement;
}

void Db::allow_views_and_triggers() {
    configure(SQLITE_DBCONFIG_ENABLE_VIEW, 1);
    configure(SQLITE_DBCONFIG_ENABLE_TRIGGER, 1);
    constexpr int as_many_as_there_may_be = std::numeric_limits<int>::max();
    for (const int limit : {SQLITE_LIMIT_SQL_LENGTH, SQLITE_LIMIT_COLUMN, SQLITE_LIMIT_EXPR_DEPTH,
                            SQLITE_LIMIT_COMPOUND_SELECT}) {
        sqlite3_limit(db_.get(), limit, as_many_as_there_may_be);
    }
    sqlite3_progress_handler(db_.get(), 0, nullptr, nullptr);
}

void Db::execute(const char* sql) {
    connection_->deadline.end = connection_->deadline.from_now();
    const int code = reading(*connection_, file_, [&] {
        return sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
    });
    if (code != SQLITE_OK) {
        throw Error{errc(code),
                    fmt::format("cannot read or write {}: {}", file_, sqlite3_errmsg(db_.get()))};
    }
}

void Db::set_deadline(std::chrono::milliseconds per_step) {
    connection_->deadline.per_step = per_step;
}

void Db::map_pages() {
    sqlite3_file* file = nullptr;
    sqlite3_int64 size = 0;
    if (!MappedFaults::are_handled() ||
        sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file == nullptr || file->pMethods == nullptr || file->pMethods->iVersion < 3 ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK || size <= largest_page_bytes) {
        return;
    }
    const auto mapped = std::min(size - largest_page_bytes, max_mapped_bytes);
    execute(fmt::format("PRAGMA mmap_size={}", mapped).c_str());
    // SQLite maps the file when it is first asked for a page, an immutable one until it closes it.
    void* first = nullptr;
    if (file->pMethods->xFetch(file, 0, smallest_page_bytes, &first) == SQLITE_OK &&
        first != nullptr) {
        file->pMethods->xUnfetch(file, 0, first);
        connection_->mapping = {static_cast<const std::uint8_t*>(first),
                                static_cast<std::size_t>(mapped)};
        execute("PRAGMA cell_size_check=OFF");
    }
}

void Db::keep_few_pages() {
    execute(fmt::format("PRAGMA cache_size={}", few_pages).c_str());
}

void Db::wait_for_locks(std::chrono::milliseconds timeout) {
    sqlite3_busy_timeout(db_.get(), static_cast<int>(timeout.count()));
    connection_->deadline.wait_for_locks = timeout;
}

bool Db::is_in_transaction() const {
    return sqlite3_get_autocommit(db_.get()) == 0;
}

std::int64_t Db::changes() const {
    return sqlite3_changes64(db_.get());
}

}  // namespace offgrid::sqlite
