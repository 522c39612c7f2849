#include "serve/access/users.h"

#include "serve/access/password.h"
#include "serve/access/token.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::Pointee;

constexpr std::chrono::sys_days last_day{2026y / 12 / 31};

TEST(Users, are_read_from_lines_of_name_and_hash) {
    const TempFolder folder;
    write_file(folder / "users", "# who may\n\nanna:$y$a\nbert:$6$b\nanna b:$y$c");

    const auto users = Users::load(folder / "users");

    EXPECT_THAT(users.find("anna"), Pointee(User{.secret = "$y$a"}));
    EXPECT_THAT(users.find("bert"), Pointee(User{.secret = "$6$b"}));
    EXPECT_THAT(users.find("anna b"), Pointee(User{.secret = "$y$c"}));
    EXPECT_EQ(users.find("carl"), nullptr);
}

TEST(Users, have_a_role_layers_and_an_end_where_the_line_says_so) {
    const std::vector<std::pair<std::string, User>> table{
        {"a:$y$a:admin", {.secret = "$y$a", .role = Role::admin}},
        {"a:$y$a:reader", {.secret = "$y$a", .role = Role::reader}},
        {"a:$y$a:publisher", {.secret = "$y$a", .role = Role::publisher}},
        {"a:$y$a:publisher:kenya,osm",
         {.secret = "$y$a", .role = Role::publisher, .layers = {"kenya", "osm"}}},
        {"a:$y$a:publisher:sf%3Arestricted,a%2Cb,100%25",
         {.secret = "$y$a", .role = Role::publisher, .layers = {"sf:restricted", "a,b", "100%"}}},
        {"a:$y$a:reader::2026-12-31",
         {.secret = "$y$a", .role = Role::reader, .expires = last_day}},
        {"a:$token$sha256$00:publisher:osm:2026-12-31",
         {.secret = "$token$sha256$00",
          .role = Role::publisher,
          .layers = {"osm"},
          .expires = last_day}},
    };
    for (const auto& [line, user] : table) {
        EXPECT_THAT(Users::parse(line, "users").find("a"), Pointee(user)) << line;
    }
}

TEST(Users, are_written_as_they_are_read) {
    const TempFolder folder;
    const std::string content =
        "anna:$y$a\nbert:$y$b:reader\ncarl:$y$c:publisher:sf%3Arestricted,osm\n"
        "ci:$token$sha256$00:admin::2026-12-31\n";

    Users::parse(content, "users").save(posix_file_ops(), folder / "users");

    EXPECT_EQ(read_text(folder / "users"), content);
}

TEST(Users, are_valid_until_their_last_day) {
    const User user{.expires = last_day};
    EXPECT_TRUE(user.is_valid_on(last_day));
    EXPECT_FALSE(user.is_valid_on(last_day + std::chrono::days{1}));
    EXPECT_TRUE(User{}.is_valid_on(last_day));
}

TEST(Users, refuse_a_line_that_is_none_and_name_it) {
    const TempFolder folder;
    for (const std::string line : {"anna",
                                   "anna:",
                                   ":$y$a",
                                   "anna:secret",
                                   "anna:$y$a:rest",
                                   "anna:$y$ a",
                                   "an\tna:$y$a",
                                   "anna:$y$a:",
                                   "anna:$y$a:Admin",
                                   "anna:$y$a:reader:osm",
                                   "anna:$y$a:admin:osm",
                                   "anna:$y$a:publisher:sf:restricted",
                                   "anna:$y$a:publisher:osm,",
                                   "anna:$y$a:publisher:a,,b",
                                   "anna:$y$a:publisher:%zz",
                                   "anna:$y$a:publisher:%",
                                   "anna:$y$a:admin::",
                                   "anna:$y$a:admin::soon",
                                   "anna:$y$a:admin::2026-02-30",
                                   "anna:$y$a:admin::2026-12-31:more"}) {
        SCOPED_TRACE(line);
        write_file(folder / "users", "bert:$y$b\n" + line + "\n");
        EXPECT_THAT([&] { Users::load(folder / "users"); },
                    throws(Errc::corrupt, HasSubstr("users:2")));
    }
}

TEST(Users, are_written_for_their_owner_alone) {
    const TempFolder folder;
    Users users;
    users.set("bert", {.secret = "$y$b"});

    users.save(posix_file_ops(), folder / "users");

    EXPECT_EQ(read_text(folder / "users"), "bert:$y$b\n");
    EXPECT_EQ(fs::status(folder / "users").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(names_below(folder.path()), std::vector<std::string>{"users"});
}

TEST(Users, stay_readable_for_the_group_that_the_file_has) {
    const TempFolder folder;
    write_file(folder / "users", "anna:$y$a\n");
    fs::permissions(folder / "users", static_cast<fs::perms>(0644));
    const gid_t group = ::geteuid() == 0 ? 12'345 : ::getegid();
    ASSERT_EQ(::chown((folder / "users").c_str(), ::geteuid(), group), 0);

    Users::load(folder / "users").save(posix_file_ops(), folder / "users");

    struct stat info {};
    ASSERT_EQ(::stat((folder / "users").c_str(), &info), 0);
    EXPECT_EQ(info.st_gid, group);
    EXPECT_EQ(info.st_mode & 0777, 0640U) << "others need not read it";
}

TEST(Users, are_written_behind_a_link) {
    const TempFolder folder;
    write_file(folder / "there/users", "anna:$y$a\n");
    fs::create_symlink("there/users", folder / "users");

    edit_users(posix_file_ops(), folder / "users",
               [](Users& users) { users.set("bert", {.secret = "$y$b"}); });

    EXPECT_TRUE(fs::is_symlink(folder / "users"));
    EXPECT_EQ(read_text(folder / "there/users"), "anna:$y$a\nbert:$y$b\n");
}

TEST(Users, that_several_change_at_a_time_lose_nobody) {
    const TempFolder folder;
    std::vector<std::thread> threads;
    for (char name = 'a'; name < 'i'; ++name) {
        threads.emplace_back([&folder, name] {
            for (std::size_t length = 1; length <= 10; ++length) {
                edit_users(posix_file_ops(), folder / "users", [&](Users& users) {
                    users.set(std::string(length, name), {.secret = "$y$a"});
                });
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(Users::load(folder / "users").all().size(), 80U);
}

TEST(Users, refuse_a_name_that_is_there_twice) {
    EXPECT_THAT([] { Users::parse("anna:$y$a\nbert:$y$b\nanna:$y$c:reader\n", "users"); },
                throws(Errc::corrupt, HasSubstr("users:3: user 'anna' is there twice")));
}

TEST(Users, have_names_that_a_file_and_a_header_can_hold) {
    Users users;
    for (const std::string name : {"", "a:b", "#a", "a\nb", "a\tb"}) {
        SCOPED_TRACE(name);
        EXPECT_THAT([&] { users.set(name, {.secret = "$y$a"}); },
                    throws(Errc::invalid_argument, HasSubstr("name of a user")));
    }
}

TEST(Identity, may_what_its_role_and_layers_say) {
    const Identity reader{.name = "r", .role = Role::reader};
    const Identity publisher{.name = "p", .role = Role::publisher, .layers = {"sf:roads"}};
    const Identity any_publisher{.name = "p", .role = Role::publisher};
    const Identity admin{.name = "a", .role = Role::admin};

    EXPECT_FALSE(reader.may_publish("sf:roads"));
    EXPECT_TRUE(publisher.may_publish("sf:roads"));
    EXPECT_TRUE(publisher.may_publish("sf:roads@EPSG:4326@png")) << "a tileset of the layer";
    EXPECT_FALSE(publisher.may_publish("sf:roads2"));
    EXPECT_FALSE(publisher.may_publish("sf"));
    EXPECT_FALSE(publisher.may_publish(""));
    EXPECT_TRUE(any_publisher.may_publish("osm"));
    EXPECT_TRUE(admin.may_publish("osm"));
    EXPECT_FALSE(reader.may_administer() || publisher.may_administer());
    EXPECT_TRUE(admin.may_administer());
}

TEST(Token, is_random_and_kept_as_a_hash) {
    const auto token = make_token();

    EXPECT_THAT(token, testing::MatchesRegex("offgrid_[0-9a-f]+"));
    EXPECT_EQ(token.size(), 8U + 64U);
    EXPECT_NE(token, make_token());
    EXPECT_TRUE(is_token_hash(hash_token(token)));
    EXPECT_TRUE(is_same_hash(hash_token(token), hash_token(token)));
    EXPECT_FALSE(is_same_hash(hash_token(token), hash_token(make_token())));
    EXPECT_FALSE(is_password(token, hash_token(token)));
    EXPECT_FALSE(is_token_hash("$y$a"));
}

/// `offgrid passwd` and `offgrid token` on a users file.
class UserCommands : public testing::Test {
protected:
    RunResult passwd(const std::vector<std::string>& arguments, const std::string& input = {}) {
        return command("passwd", arguments, input);
    }
    RunResult token(const std::vector<std::string>& arguments) {
        return command("token", arguments, {});
    }
    User user(const std::string& name) {
        const auto users = Users::load(path_);
        const auto* const found = users.find(name);
        return found == nullptr ? User{} : *found;
    }

    TempFolder folder_;
    std::filesystem::path path_ = folder_ / "users";

private:
    RunResult command(const std::string& verb, const std::vector<std::string>& arguments,
                      const std::string& input) {
        std::vector<std::string> words{program("offgrid-sync"), verb, "--users", path_.string()};
        words.insert(words.end(), arguments.begin(), arguments.end());
        return run(words, {.input = input, .cwd = {}, .environment = {}});
    }
};

TEST_F(UserCommands, add_change_and_remove_a_user) {
    EXPECT_EQ(passwd({"anna"}, "first\n").exit_code, 0);
    EXPECT_TRUE(is_password("first", user("anna").secret));
    EXPECT_EQ(user("anna").role, Role::admin);

    EXPECT_EQ(passwd({"anna"}, "second\n").exit_code, 0);
    EXPECT_TRUE(is_password("second", user("anna").secret));

    EXPECT_EQ(passwd({"anna", "--delete"}).exit_code, 0);
    EXPECT_EQ(user("anna").secret, "");
    const auto again = passwd({"anna", "--remove"});
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_THAT(again.err, HasSubstr("no user 'anna'"));
}

TEST_F(UserCommands, give_a_role_and_layers_and_keep_them_with_a_new_password) {
    ASSERT_EQ(
        passwd({"anna", "--role", "publisher", "--layer", "sf:roads", "--layer", "a,b"}, "first\n")
            .exit_code,
        0);
    EXPECT_THAT(read_text(path_), HasSubstr(":publisher:sf%3Aroads,a%2Cb\n"));

    ASSERT_EQ(passwd({"anna"}, "second\n").exit_code, 0);

    EXPECT_TRUE(is_password("second", user("anna").secret));
    EXPECT_EQ(user("anna").role, Role::publisher);
    EXPECT_THAT(user("anna").layers, testing::ElementsAre("sf:roads", "a,b"));
}

TEST_F(UserCommands, change_the_role_without_the_password) {
    ASSERT_EQ(passwd({"anna", "--role", "publisher", "--layer", "osm"}, "first\n").exit_code, 0);

    ASSERT_EQ(passwd({"anna", "--role", "reader", "--keep-password"}).exit_code, 0);

    EXPECT_TRUE(is_password("first", user("anna").secret));
    EXPECT_EQ(user("anna").role, Role::reader);
    EXPECT_THAT(user("anna").layers, testing::IsEmpty());
}

TEST_F(UserCommands, list_who_may_what_and_no_secret) {
    passwd({"anna"}, "first\n");
    passwd({"bert", "--role", "reader"}, "first\n");
    token({"ci", "--role", "publisher", "--layer", "sf:roads", "--expires", "1"});

    const auto list = passwd({"--list"});

    EXPECT_EQ(list.exit_code, 0) << list.err;
    EXPECT_THAT(list.out, testing::MatchesRegex("anna +password +admin +all layers\n"
                                                "bert +password +reader +all layers\n"
                                                "ci +token +publisher +sf:roads, until .*\n"));
    EXPECT_THAT(list.out, Not(HasSubstr("$")));
}

TEST_F(UserCommands, make_a_token_and_keep_only_its_hash) {
    const auto made = token({"ci", "--role", "publisher", "--layer", "osm"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    const auto text = made.out.substr(0, made.out.size() - 1);

    EXPECT_EQ(user("ci").secret, hash_token(text));
    EXPECT_EQ(user("ci").expires, std::nullopt);
    EXPECT_THAT(read_text(path_), Not(HasSubstr(text)));

    const auto renewed = token({"ci", "--expires", "30"});
    EXPECT_EQ(renewed.exit_code, 0) << renewed.err;
    EXPECT_NE(renewed.out, made.out);
    EXPECT_EQ(user("ci").layers, std::vector<std::string>{"osm"});
    EXPECT_NE(user("ci").expires, std::nullopt);
}

TEST_F(UserCommands, refuse_what_makes_no_sense) {
    passwd({"anna"}, "first\n");
    token({"ci", "--role", "reader"});
    const auto before = read_text(path_);
    struct Case {
        const char* verb;
        std::vector<std::string> arguments;
        int exit_code;
        const char* message;
    };
    const std::vector<Case> table{
        {"passwd", {}, 2, "name"},
        {"passwd", {"anna", "--list"}, 2, "--list"},
        {"passwd", {"anna", "--role", "king"}, 2, "king"},
        {"passwd", {"anna", "--layer", "osm"}, 1, "--layer is for publishers"},
        {"passwd", {"a:b"}, 1, "name of a user"},
        {"passwd", {"bert", "--keep-password", "--role", "reader"}, 1, "no user 'bert'"},
        {"passwd", {"ci"}, 1, "machine with a token"},
        {"token", {}, 2, "name"},
        {"token", {"anna"}, 1, "user with a password"},
        {"token", {"other"}, 1, "--role"},
        {"token", {"other", "--role", "reader", "--expires", "0"}, 2, "--expires"},
    };
    for (const auto& [verb, arguments, exit_code, message] : table) {
        const auto result =
            verb == std::string{"token"} ? token(arguments) : passwd(arguments, "pw\n");
        EXPECT_EQ(result.exit_code, exit_code) << message << ": " << result.err;
        EXPECT_THAT(result.err, HasSubstr(message));
    }
    EXPECT_EQ(read_text(path_), before);
}

TEST_F(UserCommands, write_a_file_that_is_named_without_its_folder) {
    const auto result = run({program("offgrid-sync"), "passwd", "--users", "users", "anna"},
                            {.input = "secret\n", .cwd = folder_.path(), .environment = {}});

    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(names_below(folder_.path()), std::vector<std::string>{"users"});
}

TEST_F(UserCommands, change_nothing_without_a_password) {
    const auto result = passwd({"anna"});

    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("no password"));
    EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace offgrid::test
