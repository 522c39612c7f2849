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
    /// A new database that is not shared until it is finished: no journal, no syncs. The file must
    /// not exist.
    build,
};

/// When the running step of a statement must end. Shared by a connection and its statements.
struct Deadline {
    std::chrono::milliseconds per_step{2'000};
    std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max();
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
    Statement& bind(int index, std::string_view text);  ///< borrowed until the next `reset`
    Statement& bind(int index, BytesView blob);         ///< borrowed until the next `reset`

    /// Run up to the next row. False when there is none.
    bool step();

    /// Run a statement that returns nothing, and make it ready again.
    void execute();

    /// Make the statement ready to run again; gives up the row.
    void reset() noexcept;

    bool is_null(int column) const;
    bool is_integer(int column) const;
    std::int64_t integer(int column) const;
    std::string_view text(int column) const;  ///< valid until the next step or reset
    BytesView blob(int column) const;         ///< valid until the next step or reset

private:
    friend class Db;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };

    Statement(sqlite3* db, sqlite3_stmt* statement, std::string_view file, Deadline& deadline)
        : db_{db}, file_{file}, deadline_{&deadline}, statement_{statement} {}

    [[noreturn]] void fail(int code) const;

    sqlite3* db_;
    std::string_view file_;  // the name in the Db
    Deadline* deadline_;     // of the Db
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection to one database. One thread at a time.
///
/// Errors name the file and carry SQLite's text: `busy`, `no_space`, `corrupt`, `not_found`, else
/// `io`. A step on an immutable database that takes longer than its deadline is `corrupt`: no index
/// serves it, so it is not ours.
class Db {
public:
    /// `shown_as` stands for the file in messages that go to someone who must not see where it is.
    Db(const std::filesystem::path& path, OpenMode mode, std::string shown_as = {});
    ~Db();
    Db(const Db&) = delete;
    Db& operator=(const Db&) = delete;

    const std::string& file() const { return file_; }

    Statement prepare(std::string_view sql);

    /// Run one or more statements without results.
    void execute(const char* sql);

    /// How long one step of a statement on an immutable database may take from now on.
    void set_deadline(std::chrono::milliseconds per_step);

private:
    friend class Statement;
    struct Close {
        void operator()(sqlite3* db) const noexcept;
    };

    void harden();

    std::string file_;
    std::unique_ptr<Deadline> deadline_;
    std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace offgrid::sqlite
