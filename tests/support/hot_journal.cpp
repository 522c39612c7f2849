#include "tests/support/hot_journal.h"

#include "formats/sqlite/sqlite.h"

namespace offgrid::test {

namespace fs = std::filesystem;

void leave_hot_journal(const fs::path& file) {
    const auto journal = file.string() + "-journal";
    const auto half = file.string() + ".half";
    {
        sqlite::Db db{file, sqlite::OpenMode::update};
        db.execute(
            "PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN IMMEDIATE;"
            "CREATE TABLE filler(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 "
            "FROM n WHERE i < 500) INSERT INTO filler SELECT zeroblob(2000) FROM n");
        fs::copy_file(file, half);
        fs::copy_file(journal, half + "-journal");
    }
    fs::rename(half, file);
    fs::rename(half + "-journal", journal);
}

}  // namespace offgrid::test
