#include "formats/sqlite/cache_file.h"

#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid::sqlite {
namespace {

TEST(CacheFile, does_not_ask_again_for_times_while_the_tables_do_not_change) {
    const test::TempFolder folder;
    const auto path = (folder / "a.sqlite").string();
    Db other{path, OpenMode::update};
    other.execute(mbtiles_flat_ddl);
    CacheFile file{path, OpenMode::shared};
    file.db().wait_for_locks(std::chrono::milliseconds{0});
    auto& witness = file.statement("SELECT count(*) FROM tiles");
    EXPECT_FALSE(file.has_times(witness));

    other.execute("BEGIN EXCLUSIVE");
    EXPECT_FALSE(file.has_times(witness)) << "who asks the file gets busy";
    other.execute(mbtiles_times_ddl);
    other.execute("COMMIT");
    witness.execute();

    EXPECT_TRUE(file.has_times(witness));
}

}  // namespace
}  // namespace offgrid::sqlite
