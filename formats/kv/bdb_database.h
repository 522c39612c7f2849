#pragma once

#include "formats/kv/kv_options.h"
#include "formats/kv/sorted_scan.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct __db;
struct __db_env;
struct __db_dbt;

namespace offgrid {

/// An open Berkeley DB B-tree (5.3) of MapCache and the environment of its folder, in which
/// processes exclude each other: several read or one writes ("concurrent data store"). Keys end in
/// NUL. Safe for concurrent use.
///
/// The environment cannot time a wait out. A process that is killed while it writes leaves its lock
/// behind, and everybody waits until the last of them has ended and the files `__db.*` are removed,
/// which Berkeley DB makes again.
class BdbDatabase {
public:
    /// Open for reading what is there; null when there is no such file. Without an environment in
    /// the folder, or where it may not be written, the file is read by itself: sound as long as
    /// nobody writes.
    static std::unique_ptr<BdbDatabase> open_to_read(const BdbOptions& options);

    /// Open for writing; file and environment are made where they are missing.
    static std::unique_ptr<BdbDatabase> open_to_write(const BdbOptions& options);

    ~BdbDatabase();
    BdbDatabase(const BdbDatabase&) = delete;
    BdbDatabase& operator=(const BdbDatabase&) = delete;

    /// Whether it was opened without an environment although there is one by now: open it again.
    bool misses_environment() const;

    std::optional<Bytes> get(std::string_view key) const;
    bool exists(std::string_view key) const;
    void put(std::string_view key, BytesView value);
    void erase(std::string_view key);

    /// Make what was written durable.
    void sync();

    /// See WalkEntries. Keeps writers out while it lasts.
    void walk(std::string_view from, const ConsumeEntry& consume) const;

private:
    struct CloseEnvironment {
        void operator()(__db_env* environment) const noexcept;
    };
    struct CloseDatabase {
        void operator()(__db* database) const noexcept;
    };

    explicit BdbDatabase(const BdbOptions& options);

    void open_environment(unsigned flags);
    void open_file(unsigned flags);
    int look_up(std::string_view key, __db_dbt& value) const;
    void check(int code, std::string_view action) const;

    std::string cache_;
    std::filesystem::path folder_;
    std::string file_name_;
    std::unique_ptr<__db_env, CloseEnvironment> environment_;
    std::unique_ptr<__db, CloseDatabase> database_;  // closed before its environment
};

}  // namespace offgrid
