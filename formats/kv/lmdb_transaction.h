#pragma once

#include "formats/kv/lmdb_environment.h"

#include <chrono>
#include <memory>
#include <semaphore>
#include <shared_mutex>
#include <string_view>

struct MDB_txn;

namespace offgrid {

/// Changes that become visible together. One thread; at most one at a time in an environment, also
/// among processes: `LmdbTransaction` waits for the others, with a deadline for those of this
/// program. Abandoned when destroyed without `commit`, and spoilt by a call that fails.
class LmdbTransaction {
public:
    /// Throws `busy` when another transaction of this program does not end in time.
    LmdbTransaction(std::shared_ptr<LmdbEnvironment> environment,
                    std::chrono::milliseconds timeout);
    ~LmdbTransaction();
    LmdbTransaction(const LmdbTransaction&) = delete;
    LmdbTransaction& operator=(const LmdbTransaction&) = delete;

    /// Throws `no_space` when the environment has reached its size.
    void put(std::string_view key, BytesView value);
    void erase(std::string_view key);

    /// Make the changes visible and durable. Ends this object's use.
    void commit();

private:
    struct Abort {
        void operator()(MDB_txn* transaction) const noexcept;
    };
    struct Leave {
        void operator()(std::binary_semaphore* turn) const noexcept { turn->release(); }
    };

    std::shared_ptr<LmdbEnvironment> environment_;
    std::unique_ptr<std::binary_semaphore, Leave> turn_;
    std::shared_lock<std::shared_timed_mutex> mapping_;
    std::unique_ptr<MDB_txn, Abort> transaction_;
};

}  // namespace offgrid
