#include "sync/access.h"

#include "sync/password.h"
#include "sync/users.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <vector>

namespace offgrid::test {
namespace {

using Verdict = Access::Verdict;

struct Case {
    const char* what;
    Caller caller;
    Verdict verdict;
};

constexpr const char* anna_secret = "Basic YW5uYTpzZWNyZXQ=";
constexpr const char* anna_wrong = "Basic YW5uYTp3cm9uZw==";
constexpr const char* bert_secret = "Basic YmVydDpzZWNyZXQ=";

TEST(Access, without_users_is_for_this_machine_and_no_foreign_page) {
    const Access access{std::nullopt};
    const std::vector<Case> cases{
        {"curl here", {true, "", "127.0.0.1:8081", ""}, Verdict::granted},
        {"curl here by name", {true, "", "localhost:8081", ""}, Verdict::granted},
        {"curl here on IPv6", {true, "", "[::1]:8081", ""}, Verdict::granted},
        {"credentials nobody asked for",
         {true, anna_secret, "localhost:8081", ""},
         Verdict::granted},
        {"our own page", {true, "", "localhost:8081", "http://localhost:8081"}, Verdict::granted},
        {"another machine", {false, "", "10.0.0.1:8081", ""}, Verdict::forbidden},
        {"another machine that says it is not",
         {false, "", "localhost:8081", ""},
         Verdict::forbidden},
        {"a page of another site",
         {true, "", "localhost:8081", "http://evil.example"},
         Verdict::forbidden},
        {"a page without an origin", {true, "", "localhost:8081", "null"}, Verdict::forbidden},
        {"a name that was pointed at us",
         {true, "", "evil.example:8081", "http://evil.example:8081"},
         Verdict::forbidden},
        {"a name that only begins as ours",
         {true, "", "127.0.0.1.evil.example", ""},
         Verdict::forbidden},
    };
    for (const auto& [what, caller, verdict] : cases) {
        EXPECT_EQ(access.decide(caller).verdict, verdict) << what;
    }
}

TEST(Access, with_users_is_for_those_in_the_file_wherever_they_are) {
    const TempFolder folder;
    Users users;
    users.set("anna", hash_password("secret"));
    users.save(posix_file_ops(), folder / "users");
    const Access access{folder / "users"};
    const std::vector<Case> cases{
        {"the right password", {false, anna_secret, "depot.example", ""}, Verdict::granted},
        {"the scheme in another case",
         {false, "bASIC YW5uYTpzZWNyZXQ=", "depot.example", ""},
         Verdict::granted},
        {"a wrong password", {true, anna_wrong, "localhost", ""}, Verdict::needs_credentials},
        {"an unknown user", {true, bert_secret, "localhost", ""}, Verdict::needs_credentials},
        {"nothing, on this machine", {true, "", "localhost", ""}, Verdict::needs_credentials},
        {"another scheme",
         {true, "Bearer YW5uYTpzZWNyZXQ=", "localhost", ""},
         Verdict::needs_credentials},
        {"no base64", {true, "Basic !!", "localhost", ""}, Verdict::needs_credentials},
        {"no colon", {true, "Basic YW5uYQ==", "localhost", ""}, Verdict::needs_credentials},
        {"a foreign page with the browser's password",
         {true, anna_secret, "localhost", "http://evil.example"},
         Verdict::forbidden},
    };
    for (const auto& [what, caller, verdict] : cases) {
        EXPECT_EQ(access.decide(caller).verdict, verdict) << what;
    }
}

TEST(Access, sees_a_changed_users_file_at_once) {
    const TempFolder folder;
    Users users;
    users.save(posix_file_ops(), folder / "users");
    const Access access{folder / "users"};
    ASSERT_EQ(access.decide({false, anna_secret, "", ""}).verdict, Verdict::needs_credentials);

    users.set("anna", hash_password("secret"));
    users.save(posix_file_ops(), folder / "users");

    EXPECT_EQ(access.decide({false, anna_secret, "", ""}).verdict, Verdict::granted);
}

TEST(Access, does_not_start_with_a_users_file_that_is_not_there) {
    const TempFolder folder;
    EXPECT_THAT([&] { Access{folder / "users"}; },
                throws(Errc::not_found, testing::HasSubstr("users")));
}

}  // namespace
}  // namespace offgrid::test
