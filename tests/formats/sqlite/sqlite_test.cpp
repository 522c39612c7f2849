#include "formats/sqlite/sqlite.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid::sqlite {
namespace {

using test::throws;
using testing::HasSubstr;

struct SqliteTest : testing::Test {
    /// A database made with the statements, opened as one from outside.
    Db open(const char* sql) {
        Db{folder / "a.db", OpenMode::build}.execute(sql);
        return Db{folder / "a.db", OpenMode::immutable};
    }

    test::TempFolder folder;
};

TEST_F(SqliteTest, binds_and_reads_every_type) {
    Db db{folder / "a.db", OpenMode::build};
    db.execute("CREATE TABLE t (n integer, s text, b blob)");
    const Bytes blob{1, 0, 2};
    db.prepare("INSERT INTO t VALUES (?1, ?2, ?3)")
        .bind(1, std::int64_t{1} << 40)
        .bind(2, "text")
        .bind(3, blob)
        .execute();
    db.prepare("INSERT INTO t VALUES (?1, ?2, ?3)")
        .bind(1, 1)
        .bind(2, "")
        .bind(3, BytesView{})
        .execute();

    auto select = db.prepare("SELECT n, s, b, NULL FROM t");
    ASSERT_TRUE(select.step());
    EXPECT_EQ(select.integer(0), std::int64_t{1} << 40);
    EXPECT_EQ(select.text(1), "text");
    EXPECT_TRUE(std::ranges::equal(select.blob(2), blob));
    EXPECT_TRUE(select.is_null(3));
    ASSERT_TRUE(select.step());
    EXPECT_FALSE(select.is_null(2)) << "an empty blob is not NULL";
    EXPECT_FALSE(select.step());
}

TEST_F(SqliteTest, names_the_file_and_the_cause) {
    EXPECT_THAT([&] { Db(folder / "absent.db", OpenMode::immutable); },
                throws(Errc::not_found, HasSubstr("absent.db: unable to open")));
    test::write_file(folder / "text.db", std::string(4096, 'x'));
    EXPECT_THAT(
        [&] { Db(folder / "text.db", OpenMode::immutable).execute("SELECT * FROM sqlite_schema"); },
        throws(Errc::corrupt, HasSubstr("text.db: file is not a database")));
    EXPECT_THAT(
        [&] {
            Db(folder / "text.db", OpenMode::immutable, "it")
                .execute("SELECT * FROM sqlite_schema");
        },
        throws(Errc::corrupt, testing::Eq("cannot read or write it: file is not a database")));
}

TEST_F(SqliteTest, opens_names_that_mean_something_in_a_uri) {
    const auto path = folder / "100%?mode=rwc#é .db";
    Db{path, OpenMode::build}.execute("CREATE TABLE t (n)");
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_NO_THROW(Db(path, OpenMode::immutable).prepare("SELECT n FROM t").step());
}

TEST_F(SqliteTest, an_immutable_database_takes_no_writes_and_leaves_no_side_files) {
    auto db = open("CREATE TABLE t (n); INSERT INTO t VALUES (1)");
    EXPECT_THROW(db.execute("INSERT INTO t VALUES (2)"), Error);
    EXPECT_TRUE(db.prepare("SELECT n FROM t").step());
    EXPECT_THAT(test::names_below(folder.path()), testing::ElementsAre("a.db"));
}

TEST_F(SqliteTest, a_step_ends_at_its_deadline) {
    auto db = open(
        "CREATE TABLE t (n); INSERT INTO t VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), "
        "(10)");
    db.set_deadline(std::chrono::milliseconds{50});
    auto endless =
        db.prepare("SELECT count(*) FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j");
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT([&] { endless.step(); }, throws(Errc::corrupt, HasSubstr("interrupt")));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{5});
}

TEST_F(SqliteTest, views_and_huge_values_of_a_foreign_file_do_nothing) {
    auto db = open(
        "CREATE TABLE t (n); INSERT INTO t VALUES (zeroblob(100000000)); CREATE VIEW v AS SELECT n "
        "FROM t");
    EXPECT_THROW(db.prepare("SELECT n FROM v"), Error);
    EXPECT_THROW(db.prepare("SELECT n FROM t").step(), Error);
}

}  // namespace
}  // namespace offgrid::sqlite
