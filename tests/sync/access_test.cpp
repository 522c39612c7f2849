#include "sync/access.h"

#include "serve/access/password.h"
#include "serve/access/token.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <Poco/Base64Encoder.h>
#include <gmock/gmock.h>

#include <atomic>
#include <sstream>
#include <thread>
#include <vector>

namespace offgrid::test {
namespace {

using namespace std::chrono_literals;
using Verdict = Access::Verdict;
using testing::HasSubstr;

struct Case {
    const char* what;
    Caller caller;
    Verdict verdict;
};

std::string basic(const std::string& name, const std::string& password) {
    std::ostringstream text;
    Poco::Base64Encoder encoder{text};
    encoder.rdbuf()->setLineLength(0);
    encoder << name << ':' << password;
    encoder.close();
    return "Basic " + text.str();
}

TEST(Access, without_users_is_for_this_machine_and_no_foreign_page) {
    const Access access{std::nullopt};
    const std::vector<Case> cases{
        {"curl here", {true, "", "127.0.0.1:8081", ""}, Verdict::granted},
        {"curl here by name", {true, "", "localhost:8081", ""}, Verdict::granted},
        {"curl here on IPv6", {true, "", "[::1]:8081", ""}, Verdict::granted},
        {"credentials nobody asked for",
         {true, basic("anna", "secret"), "localhost:8081", ""},
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
        {"a proxy here that sends somebody on",
         {true, "", "127.0.0.1:8081", "", "127.0.0.1", true},
         Verdict::forbidden},
        {"a name that only begins as ours",
         {true, "", "127.0.0.1.evil.example", ""},
         Verdict::forbidden},
    };
    for (const auto& [what, caller, verdict] : cases) {
        EXPECT_EQ(access.decide(caller).verdict, verdict) << what;
    }
}

TEST(Access, without_users_knows_this_machine_as_local) {
    const Access access{std::nullopt};
    const auto decision = access.decide({true, "", "localhost", ""});
    EXPECT_EQ(decision.caller.name, "local");
    EXPECT_TRUE(decision.caller.may_administer());
}

TEST(Access, does_not_start_with_a_users_file_that_is_not_there) {
    const TempFolder folder;
    EXPECT_THAT([&] { Access{folder / "users"}; },
                throws(Errc::not_found, testing::HasSubstr("users")));
}

/// An admin `anna` and a publisher `bert` with the password `secret`, and a machine `ci`; clocks
/// that stand still.
class AccessWithUsers : public testing::Test {
protected:
    void save() { users_.save(posix_file_ops(), folder_ / "users"); }

    Access::Decision ask(const std::string& authorization,
                         const std::string& address = "10.0.0.1") {
        return access_->decide({.authorization = authorization, .address = address});
    }
    Verdict try_password(const std::string& name, const std::string& password,
                         const std::string& address = "10.0.0.1") {
        return ask(basic(name, password), address).verdict;
    }
    void guess(int times, const std::string& name, const std::string& address = "10.0.0.1") {
        for (int i = 0; i < times; ++i) {
            ask(basic(name, "guess"), address);
        }
    }

    TempFolder folder_;
    std::string token_ = make_token();
    Users users_ = [this] {
        Users users;
        users.set("anna", {.secret = hash_password("secret")});
        users.set(
            "bert",
            {.secret = hash_password("secret"), .role = Role::publisher, .layers = {"sf:roads"}});
        users.set("ci", {.secret = hash_token(token_), .role = Role::reader});
        return users;
    }();
    LoginThrottle::Clock::time_point now_{1h};
    std::chrono::system_clock::time_point date_{std::chrono::sys_days{2026y / 12 / 31} + 23h};
    std::unique_ptr<Access> access_ = [this] {
        save();
        return std::make_unique<Access>(
            folder_ / "users",
            AccessClocks{.now = [this] { return now_; }, .date = [this] { return date_; }});
    }();
};

TEST_F(AccessWithUsers, is_for_those_in_the_file_wherever_they_are) {
    const std::vector<Case> cases{
        {"the right password",
         {false, basic("anna", "secret"), "depot.example", ""},
         Verdict::granted},
        {"the scheme in another case",
         {false, "bASIC YW5uYTpzZWNyZXQ=", "depot.example", ""},
         Verdict::granted},
        {"a wrong password",
         {true, basic("anna", "wrong"), "localhost", ""},
         Verdict::needs_credentials},
        {"an unknown user",
         {true, basic("carl", "secret"), "localhost", ""},
         Verdict::needs_credentials},
        {"nothing, on this machine", {true, "", "localhost", ""}, Verdict::needs_credentials},
        {"another scheme", {true, "Digest abc", "localhost", ""}, Verdict::needs_credentials},
        {"no base64", {true, "Basic !!", "localhost", ""}, Verdict::needs_credentials},
        {"no colon", {true, "Basic YW5uYQ==", "localhost", ""}, Verdict::needs_credentials},
        {"a foreign page with the browser's password",
         {true, basic("anna", "secret"), "localhost", "http://evil.example"},
         Verdict::forbidden},
        {"the token", {false, "Bearer " + token_, "", ""}, Verdict::granted},
        {"the token in another case of scheme",
         {false, "bearer " + token_, "", ""},
         Verdict::granted},
        {"another token", {false, "Bearer " + make_token(), "", ""}, Verdict::needs_credentials},
        {"no token", {false, "Bearer ", "", ""}, Verdict::needs_credentials},
        {"the hash of the token",
         {false, "Bearer " + hash_token(token_), "", ""},
         Verdict::needs_credentials},
        {"a token as a password", {false, basic("ci", token_), "", ""}, Verdict::needs_credentials},
    };
    for (const auto& [what, caller, verdict] : cases) {
        auto from_elsewhere = caller;
        from_elsewhere.address = what;  // slows none of the others down
        EXPECT_EQ(access_->decide(from_elsewhere).verdict, verdict) << what;
    }
}

TEST_F(AccessWithUsers, knows_who_is_asking) {
    const auto bert = ask(basic("bert", "secret")).caller;
    EXPECT_EQ(bert.name, "bert");
    EXPECT_TRUE(bert.may_publish("sf:roads"));
    EXPECT_FALSE(bert.may_publish("osm"));
    EXPECT_TRUE(ask(basic("anna", "secret")).caller.may_administer());
    const auto ci = ask("Bearer " + token_).caller;
    EXPECT_EQ(ci.name, "ci");
    EXPECT_EQ(ci.role, Role::reader);
}

TEST_F(AccessWithUsers, sees_a_changed_users_file_at_once) {
    ASSERT_EQ(try_password("anna", "secret"), Verdict::granted);
    ASSERT_EQ(ask("Bearer " + token_).verdict, Verdict::granted);

    users_.set("anna", {.secret = hash_password("other"), .role = Role::reader});
    users_.remove("ci");
    save();

    EXPECT_EQ(try_password("anna", "secret"), Verdict::needs_credentials);
    EXPECT_EQ(ask(basic("anna", "other")).caller.role, Role::reader);
    EXPECT_EQ(ask("Bearer " + token_).verdict, Verdict::needs_credentials);
}

TEST_F(AccessWithUsers, fails_itself_when_the_users_file_is_damaged_later) {
    write_file(folder_ / "users", "anna\n");
    EXPECT_THAT([&] { ask(basic("anna", "secret")); }, throws(Errc::io, HasSubstr("users:1")));
}

TEST_F(AccessWithUsers, ends_with_the_day_that_the_file_names) {
    users_.set("ci",
               {.secret = hash_token(token_), .expires = std::chrono::sys_days{2026y / 12 / 31}});
    save();
    EXPECT_EQ(ask("Bearer " + token_).verdict, Verdict::granted);

    date_ += 1h;

    const auto decision = ask("Bearer " + token_);
    EXPECT_EQ(decision.verdict, Verdict::needs_credentials);
    EXPECT_THAT(decision.reason, HasSubstr("2026-12-31"));
}

TEST_F(AccessWithUsers, slows_an_address_down_that_guesses_and_longer_each_time) {
    guess(4, "anna");
    const auto first = ask(basic("anna", "guess"));
    EXPECT_EQ(first.verdict, Verdict::slow_down);
    EXPECT_EQ(first.retry_after, 1s);
    EXPECT_EQ(try_password("bert", "secret"), Verdict::slow_down) << "whatever the name";

    now_ += 1s;
    EXPECT_EQ(try_password("anna", "guess"), Verdict::needs_credentials);
    EXPECT_EQ(ask(basic("anna", "guess")).retry_after, 2s);

    now_ += 2s;
    EXPECT_EQ(try_password("anna", "secret"), Verdict::granted);
}

TEST_F(AccessWithUsers, waits_no_longer_than_a_minute_and_forgives_in_time) {
    for (int i = 0; i < 20; ++i) {
        guess(1, "anna");
        now_ += LoginThrottle::longest_wait;
    }
    guess(1, "anna");
    EXPECT_EQ(ask(basic("anna", "guess")).retry_after, LoginThrottle::longest_wait);

    now_ += 15min;
    EXPECT_EQ(try_password("anna", "guess"), Verdict::needs_credentials);
    EXPECT_EQ(try_password("anna", "guess"), Verdict::needs_credentials);
}

TEST_F(AccessWithUsers, lets_nobody_lock_a_user_out_who_comes_from_elsewhere) {
    for (int i = 0; i < 30; ++i) {
        guess(1, "anna", "10.1.0." + std::to_string(i));
    }
    EXPECT_EQ(try_password("anna", "guess", "10.1.0.1"), Verdict::slow_down)
        << "a name that many guess at has no free tries";

    EXPECT_EQ(try_password("anna", "secret", "10.2.0.1"), Verdict::granted);
}

TEST_F(AccessWithUsers, is_not_in_the_way_of_who_was_right_before_nor_of_a_token) {
    ASSERT_EQ(try_password("anna", "secret"), Verdict::granted);
    guess(4, "anna");
    ASSERT_EQ(try_password("anna", "guess"), Verdict::slow_down);

    EXPECT_EQ(try_password("anna", "secret"), Verdict::granted);
    EXPECT_EQ(ask("Bearer " + token_).verdict, Verdict::granted);
    EXPECT_EQ(try_password("bert", "secret"), Verdict::slow_down) << "not seen before";
}

TEST_F(AccessWithUsers, counts_a_network_of_IPv6_as_one_address) {
    guess(4, "anna", "2001:db8:1:2::1");
    EXPECT_EQ(try_password("anna", "guess", "2001:db8:1:2:ffff::9"), Verdict::slow_down);
    EXPECT_EQ(try_password("anna", "guess", "2001:db8:1:3::1"), Verdict::needs_credentials);
}

TEST_F(AccessWithUsers, tells_no_known_name_from_an_unknown_one) {
    guess(4, "anna", "10.1.0.1");
    guess(4, "carl", "10.1.0.2");
    const auto known = ask(basic("anna", "guess"), "10.1.0.1");
    const auto unknown = ask(basic("carl", "guess"), "10.1.0.2");
    EXPECT_EQ(known.verdict, unknown.verdict);
    EXPECT_EQ(known.reason, unknown.reason);
}

TEST_F(AccessWithUsers, verifies_a_password_once_for_many_requests_at_a_time) {
    std::atomic<int> granted = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 12; ++i) {
        threads.emplace_back(
            [&] { granted += try_password("anna", "secret") == Verdict::granted ? 1 : 0; });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(granted, 12);
}

TEST(LoginThrottle, forgets_the_oldest_beyond_its_bound) {
    LoginThrottle throttle;
    const LoginThrottle::Clock::time_point now{1h};
    for (int i = 0; i < 100'000; ++i) {
        throttle.note_failure("address " + std::to_string(i), std::string(1000, 'n') + "x", now);
        throttle.note_failure("guesser", "name " + std::to_string(i), now);
    }
    EXPECT_LE(throttle.size(), 2 * LoginThrottle::max_entries);
    EXPECT_GT(throttle.wait_of("guesser", "anna", now), 0s);
    EXPECT_EQ(throttle.wait_of("address 1", "anna", now), 0s) << "forgotten";
}

TEST(HashingQueue, has_places_for_others_when_one_address_takes_all_it_can) {
    HashingQueue queue;
    auto turn = queue.wait_for_turn("guesser");
    std::vector<std::thread> waiting;
    std::atomic<std::size_t> refused = 0;
    std::atomic<std::size_t> served = 0;
    const auto knock = [&](const std::string& address) {
        (queue.wait_for_turn(address) ? served : refused) += 1;
    };
    for (std::size_t i = 0; i < 2 * HashingQueue::max_places_of_address; ++i) {
        waiting.emplace_back(knock, "guesser");
    }
    while (refused < HashingQueue::max_places_of_address + 1) {
        std::this_thread::yield();
    }
    waiting.emplace_back(knock, "anna");

    turn.reset();
    for (auto& thread : waiting) {
        thread.join();
    }

    EXPECT_EQ(served, HashingQueue::max_places_of_address - 1 + 1);
    EXPECT_EQ(refused, HashingQueue::max_places_of_address + 1);
}

}  // namespace
}  // namespace offgrid::test
