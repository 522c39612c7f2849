#include "formats/kv/lmdb_transaction.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <lmdb.h>

#include <utility>

namespace offgrid {
namespace {

/// For LMDB to read; it takes no pointer to const.
MDB_val input(std::string_view text) {
    return {text.size(), const_cast<char*>(text.data())};
}

}  // namespace

void LmdbTransaction::Abort::operator()(MDB_txn* transaction) const noexcept {
    mdb_txn_abort(transaction);
}

LmdbTransaction::LmdbTransaction(std::shared_ptr<LmdbEnvironment> environment,
                                 std::chrono::milliseconds timeout)
    : environment_{std::move(environment)} {
    if (!environment_->writing_.try_acquire_for(timeout)) {
        throw Error{Errc::busy,
                    fmt::format("cache '{}': another writer of this program has not committed",
                                environment_->cache_)};
    }
    turn_.reset(&environment_->writing_);
    mapping_ = std::shared_lock{environment_->mapping_};
    MDB_txn* raw = nullptr;
    int code = mdb_txn_begin(environment_->environment_.get(), nullptr, 0, &raw);
    if (code == MDB_MAP_RESIZED) {
        mapping_.unlock();
        environment_->adopt_map();
        mapping_.lock();
        code = mdb_txn_begin(environment_->environment_.get(), nullptr, 0, &raw);
    }
    environment_->check(code, "cannot write");
    transaction_.reset(raw);
}

LmdbTransaction::~LmdbTransaction() = default;

void LmdbTransaction::put(std::string_view key, BytesView value) {
    environment_->check_key(key);
    auto name = input(key);
    auto entry = input(as_text(value));
    environment_->check(mdb_put(transaction_.get(), environment_->database_, &name, &entry, 0),
                        "cannot write");
}

void LmdbTransaction::erase(std::string_view key) {
    environment_->check_key(key);
    auto name = input(key);
    const int code = mdb_del(transaction_.get(), environment_->database_, &name, nullptr);
    if (code != MDB_NOTFOUND) {
        environment_->check(code, "cannot erase");
    }
}

void LmdbTransaction::commit() {
    environment_->check(mdb_txn_commit(transaction_.release()), "cannot commit");
}

}  // namespace offgrid
