#include "sync/users.h"

#include "formats/base/error.h"
#include "sync/password.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(Users, are_read_from_lines_of_name_and_hash) {
    const TempFolder folder;
    write_file(folder / "users", "# who may\n\nanna:$y$a\nbert:$6$b\nanna b:$y$c");

    const auto users = Users::load(folder / "users");

    EXPECT_EQ(users.hash_of("anna"), "$y$a");
    EXPECT_EQ(users.hash_of("bert"), "$6$b");
    EXPECT_EQ(users.hash_of("anna b"), "$y$c");
    EXPECT_EQ(users.hash_of("carl"), std::nullopt);
}

TEST(Users, refuse_a_line_that_is_none_and_name_it) {
    const TempFolder folder;
    for (const std::string line :
         {"anna", "anna:", ":$y$a", "anna:secret", "anna:$y$a:rest", "anna:$y$ a", "an\tna:$y$a"}) {
        SCOPED_TRACE(line);
        write_file(folder / "users", "bert:$y$b\n" + line + "\n");
        EXPECT_THAT([&] { Users::load(folder / "users"); },
                    throws(Errc::corrupt, HasSubstr("users:2")));
    }
}

TEST(Users, are_written_for_their_owner_alone) {
    const TempFolder folder;
    write_file(folder / "users", "anna:$y$a\n");
    auto users = Users::load(folder / "users");
    users.set("bert", "$y$b");

    users.save(posix_file_ops(), folder / "users");

    EXPECT_EQ(read_text(folder / "users"), "anna:$y$a\nbert:$y$b\n");
    EXPECT_EQ(fs::status(folder / "users").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(names_below(folder.path()), std::vector<std::string>{"users"});
}

TEST(Users, have_names_that_a_file_and_a_header_can_hold) {
    Users users;
    for (const std::string name : {"", "a:b", "#a", "a\nb", "a\tb"}) {
        SCOPED_TRACE(name);
        EXPECT_THAT([&] { users.set(name, "$y$a"); },
                    throws(Errc::invalid_argument, HasSubstr("name of a user")));
    }
}

TEST(Password, is_recognised_by_its_hash_and_no_other_is) {
    const auto hash = hash_password("geoserver");

    EXPECT_THAT(hash, testing::StartsWith("$y$"));
    EXPECT_NE(hash, hash_password("geoserver")) << "salted";
    EXPECT_TRUE(is_password("geoserver", hash));
    EXPECT_FALSE(is_password("Geoserver", hash));
    EXPECT_FALSE(is_password("", hash));
    EXPECT_FALSE(is_password(std::string{"geoserver\0x", 11}, hash));
    EXPECT_FALSE(is_password("geoserver", "$y$nonsense"));
    EXPECT_FALSE(is_password("geoserver", ""));
}

TEST(Password, is_not_empty_and_not_endless) {
    for (const auto& password : {std::string{}, std::string(512, 'x'), std::string{"a\0b", 3}}) {
        EXPECT_THAT([&] { hash_password(password); },
                    throws(Errc::invalid_argument, HasSubstr("password")));
    }
}

TEST(PasswdCommand, adds_changes_and_removes_a_user) {
    const TempFolder folder;
    const auto users = folder / "users";
    const std::vector<std::string> command{program("offgrid-sync"), "passwd", "--users",
                                           users.string(), "anna"};

    EXPECT_EQ(run(command, {.input = "first\n", .cwd = {}, .environment = {}}).exit_code, 0);
    EXPECT_TRUE(is_password("first", Users::load(users).hash_of("anna").value()));

    EXPECT_EQ(run(command, {.input = "second\n", .cwd = {}, .environment = {}}).exit_code, 0);
    EXPECT_TRUE(is_password("second", Users::load(users).hash_of("anna").value()));

    auto removal = command;
    removal.emplace_back("--delete");
    EXPECT_EQ(run(removal).exit_code, 0);
    EXPECT_EQ(Users::load(users).hash_of("anna"), std::nullopt);
    const auto again = run(removal);
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_THAT(again.err, HasSubstr("no user 'anna'"));
}

TEST(PasswdCommand, writes_a_file_that_is_named_without_its_folder) {
    const TempFolder folder;

    const auto result = run({program("offgrid-sync"), "passwd", "--users", "users", "anna"},
                            {.input = "secret\n", .cwd = folder.path(), .environment = {}});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(names_below(folder.path()), std::vector<std::string>{"users"});
}

TEST(PasswdCommand, changes_nothing_without_a_password) {
    const TempFolder folder;
    const auto result =
        run({program("offgrid-sync"), "passwd", "--users", (folder / "users").string(), "anna"});

    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("no password"));
    EXPECT_FALSE(fs::exists(folder / "users"));
}

}  // namespace
}  // namespace offgrid::test
