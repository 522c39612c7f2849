#include "formats/base/hash.h"
#include "serve/access/password.h"
#include "serve/access/token.h"
#include "serve/access/users.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <array>

namespace offgrid::test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Json = nlohmann::json;

constexpr std::array replace_paths{"/sqlite/replace", "/rest/sqlite/replace",
                                   "/geowebcache/rest/sqlite/replace",
                                   "/geoserver/gwc/rest/sqlite/replace"};

/// A daemon with two layers and a user of each role, all with the password `secret`, asked by curl.
class Roles : public testing::Test {
protected:
    /// What curl prints, and the status behind it.
    std::string replace(const std::vector<std::string>& login, const std::string& layer = "kenya",
                        const std::string& path = "/rest/sqlite/replace") {
        std::vector<std::string> command{"curl",      "-sS",
                                         "--noproxy", "*",
                                         "-w",        " %{http_code}",
                                         "-F",        "layer=" + layer,
                                         "-F",        "destination=z01-0-1.sqlite3",
                                         "-F",        "file=@" + (folder_ / "new.sqlite").string()};
        command.insert(command.end(), login.begin(), login.end());
        command.push_back(daemon_.admin_url() + path);
        const auto result = run(command);
        return result.out + result.err;
    }
    static std::vector<std::string> password_of(const std::string& name) {
        return {"-u", name + ":secret"};
    }
    std::vector<std::string> token() const { return {"-H", "Authorization: Bearer " + token_}; }
    Json last_audit_line() const {
        const auto text = read_text(folder_ / "depot/audit.log");
        const auto start = text.rfind('\n', text.size() - 2);
        return Json::parse(text.substr(start == std::string::npos ? 0 : start + 1));
    }

    TempFolder folder_;
    std::string token_ = make_token();
    LiveDaemon daemon_ = [this] {
        const auto hash = hash_password("secret");
        Users users;
        users.set("reader", {.secret = hash, .role = Role::reader});
        users.set("publisher",
                  {.secret = hash, .role = Role::publisher, .layers = {"kenya", "sf:roads"}});
        users.set("admin", {.secret = hash});
        users.set("ci",
                  {.secret = hash_token(token_), .role = Role::publisher, .layers = {"kenya"}});
        users.save(posix_file_ops(), folder_ / "users");
        install(folder_ / "depot", "kenya", "z0: top z1: old");
        install(folder_ / "depot", "ghana", "z0: top z1: old");
        write_mbtiles(folder_ / "new.sqlite", draw("z1: new"));
        return LiveDaemon{folder_ / "depot", {"--users", (folder_ / "users").string()}};
    }();
};

// RP-18
TEST_F(Roles, refuse_a_replace_without_with_wrong_and_with_too_weak_credentials_everywhere) {
    for (const std::string path : replace_paths) {
        EXPECT_THAT(replace({}, "kenya", path), EndsWith(" 401")) << path;
        EXPECT_THAT(replace({"-H", "Authorization: Bearer offgrid_0"}, "kenya", path),
                    EndsWith(" 401"))
            << path;
        EXPECT_THAT(replace(password_of("reader"), "kenya", path), EndsWith(" 403")) << path;
        EXPECT_THAT(replace(password_of("publisher"), "ghana", path),
                    AllOf(HasSubstr("'ghana'"), EndsWith(" 403")))
            << path;
    }
    // Slowed down after the third one that is wrong.
    for (const std::string path : replace_paths) {
        EXPECT_THAT(replace({"-u", "admin:wrong"}, "kenya", path), EndsWith(" 401")) << path;
    }
    EXPECT_EQ(daemon_.word("kenya", {1, 0, 0}), "old");
    EXPECT_EQ(daemon_.word("ghana", {1, 0, 0}), "old");
}

TEST_F(Roles, let_a_publisher_replace_its_layers_alone) {
    EXPECT_THAT(replace(password_of("publisher")), EndsWith(" 200"));
    EXPECT_EQ(daemon_.word("kenya", {1, 0, 0}), "new");
    EXPECT_THAT(replace(token()), EndsWith(" 200"));
    EXPECT_THAT(replace(token(), "ghana"), AllOf(HasSubstr("'ghana'"), EndsWith(" 403")));
    EXPECT_EQ(daemon_.word("ghana", {1, 0, 0}), "old");
}

TEST_F(Roles, let_an_admin_replace_every_layer) {
    EXPECT_THAT(replace(password_of("admin"), "kenya"), EndsWith(" 200"));
    EXPECT_THAT(replace(password_of("admin"), "ghana"), EndsWith(" 200"));
}

TEST_F(Roles, let_a_reader_ask_but_not_change) {
    const auto ask = [&](const std::string& method, const std::string& path) {
        return run({"curl", "-s", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}", "-u",
                    "reader:secret", "-X", method, daemon_.admin_url() + path})
            .out;
    };
    for (const std::string path : {"/rest/generations", "/rest/status", "/metrics"}) {
        EXPECT_EQ(ask("GET", path), "200") << path;
    }
    EXPECT_EQ(ask("POST", "/rest/rollback"), "403");
    EXPECT_EQ(ask("POST", "/rest/prune"), "403");
}

TEST_F(Roles, ask_who_guesses_to_wait_and_let_others_in) {
    ASSERT_THAT(replace(password_of("publisher")), EndsWith(" 200"));
    std::string answer;
    for (int i = 0; i < 5; ++i) {
        answer = replace({"-i", "-u", "admin:guess"});
    }
    EXPECT_THAT(answer, AllOf(HasSubstr("Retry-After: "), EndsWith(" 429")));

    EXPECT_THAT(replace(password_of("publisher")), EndsWith(" 200")) << "was right before";
    EXPECT_THAT(replace(token()), EndsWith(" 200"));
}

TEST_F(Roles, leave_a_line_in_the_log_for_each_request_that_is_refused) {
    const auto bearer = "Authorization: Bearer " + token_ + "0";
    const std::string start = "POST /rest/sqlite/replace by ";
    const std::vector<std::pair<std::vector<std::string>, std::string>> table{
        {{}, "(no name) from 127.0.0.1 refused (401): "},
        {{"-H", bearer}, "(no name) from 127.0.0.1 refused (401): "},
        {{"-u", token_ + ":"}, "(no name) from 127.0.0.1 refused (401): "},
        {{"-u", token_ + ":x"}, "(no name) from 127.0.0.1 refused (401): "},
        {{"-u", "eve\noffgrid daemon: served:hunter2"},
         "eve%0Aoffgrid%20daemon from 127.0.0.1 refused (401): "},
        {{"-u", "admin:hunter2"}, "admin from 127.0.0.1 refused (401): "},
        {{"-u", "admin:hunter2"}, "admin from 127.0.0.1 refused (429): too many failed logins"},
        {{"-H", "Origin: http://elsewhere.example", "-u", "admin:secret"},
         "admin from 127.0.0.1 refused (403): a page of another site"},
        {token(), "ci from 127.0.0.1 refused (403): "}};
    for (const auto& [login, line] : table) {
        const auto before = daemon_.process().output().size();
        replace(login, "ghana", "/rest/sqlite/replace?password=hunter2");
        EXPECT_THAT(daemon_.process().output().substr(before),
                    AllOf(StartsWith("offgrid daemon: " + start + line), EndsWith("\n")));
    }
    EXPECT_THAT(daemon_.process().output(),
                AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("secret")),
                      Not(HasSubstr(token_.substr(0, 20)))));
}

TEST_F(Roles, leave_a_line_in_the_log_for_a_user_who_may_not_do_this) {
    run({"curl", "-s", "--noproxy", "*", "-u", "reader:secret", "-X", "POST",
         daemon_.admin_url() + "/rest/prune"});
    EXPECT_THAT(daemon_.process().output(),
                HasSubstr("POST /rest/prune by reader from 127.0.0.1 refused (403): "));
}

TEST_F(Roles, leave_a_line_in_the_audit_log_for_each_change) {
    replace(password_of("publisher"));
    const auto hash = sha256_hex(as_bytes(read_text(folder_ / "new.sqlite")));

    const auto line = last_audit_line();
    EXPECT_EQ(line["who"], "publisher");
    EXPECT_EQ(line["role"], "publisher");
    EXPECT_EQ(line["from"], "127.0.0.1");
    EXPECT_EQ(line["action"], "replace");
    EXPECT_EQ(line["layer"], "kenya");
    EXPECT_EQ(line["generation"], 3);
    ASSERT_EQ(line["files"].size(), 1U);
    EXPECT_EQ(line["files"][0]["new_sha256"], hash);
    EXPECT_NE(line["files"][0]["old_sha256"], hash);
    EXPECT_EQ(line["outcome"], "done");

    replace(token());
    EXPECT_EQ(last_audit_line()["who"], "ci");
    const auto rollback = run({"curl", "-s", "--noproxy", "*", "-u", "admin:secret", "-X", "POST",
                               daemon_.admin_url() + "/rest/rollback"});
    EXPECT_EQ(last_audit_line()["action"], "rollback") << rollback.out;
    EXPECT_EQ(last_audit_line()["who"], "admin");

    daemon_.process().stop();
    const auto depot = (folder_ / "depot").string();
    ASSERT_EQ(run({program("offgrid-sync"), "rollback", depot, "--to", "3"}).exit_code, 0);
    EXPECT_EQ(last_audit_line()["who"], "local");
    EXPECT_EQ(last_audit_line()["generation"], 3);
    EXPECT_EQ(run({program("offgrid-sync"), "audit", depot, "--verify"}).exit_code, 0);
}

}  // namespace
}  // namespace offgrid::test
