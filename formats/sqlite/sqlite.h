#pragma once

#include "formats/base/bytes.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace offgrid::sqlite {

/// How a database is opened.
enum class OpenMode {
    /// For files that no one changes while they are open, and that may come from anywhere: no
    /// locks, no journal, no side files (`mode=ro&immutable=1`); hardened, with limits and a
    /// deadline for every step, reading the schema included.
    immutable,
    /// For files that other programs may write meanwhile: read-only with locks, waiting for those
    /// of others; hardened, with limits and deadlines as `immutable`. Never creates or changes the
    /// database. One in WAL mode needs its `-shm` file, which SQLite makes beside it when it is not
    /// there: in a folder where it cannot, reading fails with `io`.
    shared,
    /// An existing or new database, written in place with locks and a journal, hardened but without
    /// limits and deadlines.
    update,
    /// As `update`, but never made: `not_found` where there is no file.
    existing,
    /// A new database that is not shared until it is finished: no journal, no syncs. The file must
    /// not exist.
    build,
};

/// When the running step of a statement must end. Shared by a connection and its statements.
struct Deadline {
    std::chrono::milliseconds per_step{2'000};
    std::chrono::milliseconds wait_for_locks{0};  ///< added to it
    std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max();

    std::chrono::steady_clock::time_point from_now() const {
        return std::chrono::steady_clock::now() + per_step + wait_for_locks;
    }
};

/// What a connection and its statements have in common.
struct ConnectionState {
    Deadline deadline{};
    BytesView mapping{};  ///< where SQLite reads the file; empty: by copies
};

/// A compiled statement with typed binds and columns. Indices of binds count from 1, of columns
/// from 0, as in SQLite. Lives within its Db. One thread at a time.
class Statement {
public:
    Statement(Statement&&) noexcept = default;
    Statement& operator=(Statement&&) noexcept = default;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement() = default;

    Statement& bind(int index, std::int64_t value);
    Statement& bind_real(int index, double value);
    Statement& bind(int index, std::string_view text);  ///< borrowed until the next `reset`
    Statement& bind(int index, BytesView blob);         ///< borrowed until the next `reset`

    /// The index of the parameter of that name (`:x`), or 0 when the statement has none.
    int parameter(const char* name) const;

    int columns() const;

    /// The file as messages name it.
    std::string_view file() const { return file_; }

    /// Run up to the next row. False when there is none. Throws `io` when a mapped page was not
    /// there: the connection is of no more use.
    bool step();

    /// Run a statement that returns nothing, and make it ready again.
    void execute();

    /// Make the statement ready to run again; gives up the row.
    void reset() noexcept;

    /// How often SQLite had to compile the statement anew since it was made: the tables changed.
    int recompilations() const;

    bool is_null(int column) const;
    bool is_integer(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string_view text(int column) const;  ///< valid until the next step or reset

    /// Valid until the next step, reset or blob. What a mapped file has is copied.
    BytesView blob(int column) const;
    Bytes copy_of_blob(int column) const;

private:
    friend class Db;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };

    Statement(sqlite3* db, sqlite3_stmt* statement, std::string_view file,
              ConnectionState& connection)
        : db_{db}, file_{file}, connection_{&connection}, statement_{statement} {}

    [[noreturn]] void fail(int code) const;
    BytesView blob_in_place(int column) const;

    sqlite3* db_;
    std::string_view file_;        // the name in the Db
    ConnectionState* connection_;  // of the Db
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    mutable Bytes copied_;  // what `blob` gave of a mapped file
};

/// One connection to one database. One thread at a time.
///
/// Errors name the file and carry SQLite's text: `busy`, `no_space`, `corrupt`, `not_found`, else
/// `io`. A step on an immutable or shared database that takes longer than its deadline is
/// `corrupt`: no index serves it, so it is not ours.
class Db {
public:
    /// `shown_as` stands for the file in messages that go to someone who must not see where it is.
    Db(const std::filesystem::path& path, OpenMode mode, std::string shown_as = {});
    ~Db();
    Db(const Db&) = delete;
    Db& operator=(const Db&) = delete;

    const std::string& file() const { return file_; }

    Statement prepare(std::string_view sql);

    /// Take statements as they are from now on, with views, triggers and what they cost: for those
    /// of the operator. No limit and no deadline holds any more but that on the size of a value.
    void allow_views_and_triggers();

    /// Run one or more statements without results.
    void execute(const char* sql);

    /// How long one step of a statement on an immutable or shared database may take from now on.
    void set_deadline(std::chrono::milliseconds per_step);

    /// Read pages of an immutable database where the system has them from now on, instead of
    /// copies. A page that is not there any more is `io`. Without MappedFaults, where the file
    /// cannot be mapped, and for its last 64 KiB nothing changes.
    ///
    /// Cells are then checked as they are used only, as SQLite does by default: to check all of a
    /// page costs a quarter of a look-up, since a mapped page is looked at anew each time. A cell
    /// that claims to end behind its page is read past it, by less than a page: what is not mapped
    /// at the end keeps that inside the mapping.
    void map_pages();

    /// Keep few pages in memory: for connections of which many are open.
    void keep_few_pages();

    /// How long to wait for the locks of others before `busy`, from now on.
    void wait_for_locks(std::chrono::milliseconds timeout);

    /// Whether a transaction is open: some failures, such as a full disk, may end it.
    bool is_in_transaction() const;

    /// Rows that the last statement inserted, updated or deleted.
    std::int64_t changes() const;

private:
    friend class Statement;
    struct Close {
        void operator()(sqlite3* db) const noexcept;
    };

    void harden();
    void limit();
    void configure(int option, int value);

    std::string file_;
    std::unique_ptr<ConnectionState> connection_;
    std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace offgrid::sqlite
