#include "formats/sqlite/cache_file_writer.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace offgrid::sqlite {
namespace {

namespace fs = std::filesystem;

void create_parents(const std::string& path) {
    const auto folder = fs::absolute(path).parent_path();
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure) {
        throw system_error(failure.value(),
                           fmt::format("cannot create the folder {}", folder.string()));
    }
}

bool has_tables(Db& db) {
    return db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").step();
}

/// Run statements that belong together, all or none.
void execute_whole(Db& db, const std::string& sql) {
    db.execute("BEGIN IMMEDIATE");
    try {
        db.execute(sql.c_str());
        db.execute("COMMIT");
    } catch (const Error&) {
        if (db.is_in_transaction()) {
            db.execute("ROLLBACK");
        }
        throw;
    }
}

}  // namespace

Error loss_of(const std::string& path, const Error& cause) {
    return Error{cause.code(),
                 fmt::format("what was written to {} since the last commit is lost: {}", path,
                             cause.what())};
}

CacheFileWriter::CacheFileWriter(std::string path, const CacheWriting& writing)
    : path_{std::move(path)}, writing_{writing} {
    open();
}

void CacheFileWriter::open() {
    const bool was_there = identify(path_).has_value();
    create_parents(path_);
    try {
        auto file = std::make_unique<CacheFile>(path_, OpenMode::update);
        file->db().wait_for_locks(
            writing_.pragmas.busy_timeout.value_or(writing_.options.write_timeout));
        prepare_tables(*file);
        std::unique_ptr<MbtilesRows> mbtiles;
        if (writing_.options.schema != CacheSchema::tiles && !writing_.sql.given(CacheQuery::set)) {
            mbtiles = std::make_unique<MbtilesRows>(*file, writing_.options,
                                                    writing_.statement_slice, writing_.slice);
        }
        mbtiles_ = std::move(mbtiles);  // it refers to the file, so it goes first
        file_ = std::move(file);
    } catch (const Error&) {
        // Only an empty one: another program may have made it meanwhile.
        if (const auto left = identify(path_); !was_there && left && left->size == 0) {
            std::error_code ignored;
            fs::remove(path_, ignored);
        }
        throw;
    }
}

/// Make the tables of a new file; of one that is there, see that they are ours. What the operator
/// gave for it runs as MapCache runs it, each time.
void CacheFileWriter::prepare_tables(CacheFile& file) const {
    auto& db = file.db();
    const bool is_new = !has_tables(db);
    if (is_new) {
        // Nothing is lost with an empty file; the commit that fills it makes all of it durable.
        db.execute("PRAGMA synchronous=OFF");
        db.execute(writing_.pragmas.before_tables.c_str());
    }
    if (is_new || !writing_.options.queries.create.empty()) {
        try {
            execute_whole(db, writing_.sql.create());
        } catch (const Error& error) {
            // Another program may have made them just now; what matters is what is there.
            if (!is_new || !has_tables(db)) {
                rethrow_with(error, "query 'create'");
            }
        }
    }
    if (!writing_.sql.given(CacheQuery::set)) {
        if (writing_.options.schema == CacheSchema::tiles) {
            file.check_tiles_table();
        } else {
            file.mbtiles_layout();
        }
    }
    db.execute("PRAGMA synchronous=FULL; PRAGMA cache_spill=OFF");
    if (!is_one_of_many()) {
        db.execute("PRAGMA cache_size=-49152");  // an index by content is read all over
    }
    db.execute(writing_.pragmas.others.c_str());
}

/// Hundreds of files share the memory that a single one has for itself.
bool CacheFileWriter::is_one_of_many() const {
    return writing_.options.file.find('{') != std::string::npos;
}

void CacheFileWriter::begin() {
    if (file_->db().is_in_transaction()) {
        return;
    }
    const auto is_current = [&] {
        const auto now = identify(path_);
        return now && file_->shows(*now);
    };
    for (;;) {
        if (!is_current()) {
            open();  // it was removed or replaced since the last commit
        }
        file_->db().execute("BEGIN IMMEDIATE");
        if (is_current()) {
            return;
        }
        file_->db().execute("ROLLBACK");  // that happened while we waited for its lock
    }
}

/// Run a change within the transaction.
template <typename Action>
void CacheFileWriter::change(const Action& action) {
    if (loss_) {
        throw *loss_;
    }
    try {
        begin();
        action();
        holds_changes_ = true;
    } catch (const Error& error) {
        if (holds_changes_ && !file_->db().is_in_transaction()) {
            loss_ = loss_of(path_, error);
        }
        throw;
    }
}

void CacheFileWriter::put(const TileKey& key, BytesView content) {
    change([&] {
        if (mbtiles_) {
            mbtiles_->put(key, content);
            return;
        }
        auto& statement = writing_.sql.statement(*file_, CacheQuery::set);
        writing_.statement_slice.bind(statement, key);
        statement.bind(CacheParameter::data, content).execute();
    });
}

void CacheFileWriter::erase(const TileKey& key) {
    change([&] {
        if (mbtiles_ && !writing_.sql.given(CacheQuery::erase)) {
            mbtiles_->erase(key);
            return;
        }
        auto& statement = writing_.sql.statement(*file_, CacheQuery::erase);
        writing_.statement_slice.bind(statement, key);
        statement.execute();
    });
}

void CacheFileWriter::commit() {
    if (loss_) {
        holds_changes_ = false;
        throw *std::exchange(loss_, std::nullopt);
    }
    if (!file_->db().is_in_transaction()) {
        return;
    }
    try {
        change([&] {
            if (mbtiles_) {
                mbtiles_->finish();
            }
            file_->db().execute("COMMIT");
            if (is_one_of_many()) {
                file_->db().execute("PRAGMA shrink_memory");
            }
        });
    } catch (const Error&) {
        if (loss_) {
            holds_changes_ = false;
            throw *std::exchange(loss_, std::nullopt);
        }
        throw;
    }
    holds_changes_ = false;
}

}  // namespace offgrid::sqlite
