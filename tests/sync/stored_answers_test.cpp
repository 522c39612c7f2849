#include "sync/stored_answers.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

class StoredAnswersTest : public testing::Test {
protected:
    StoredAnswers open(AnswersToKeep keep = {}) const { return {posix_file_ops(), depot_, keep}; }

    static void store(StoredAnswers& answers, const std::string& key, const std::string& body) {
        answers.store(answers.claim("anna", key), {"request", json_reply(body)});
    }

    static std::string stored(StoredAnswers& answers, const std::string& caller,
                              const std::string& key) {
        const auto answer = answers.find(answers.claim(caller, key));
        return answer ? answer->reply.body : "(none)";
    }

    /// Make what is stored older or newer.
    void shift(std::chrono::hours by) const {
        for (const auto& entry : fs::directory_iterator{folder_ / "answers"}) {
            fs::last_write_time(entry, entry.last_write_time() + by);
        }
    }

    /// Write the generation after the last one, which is not current.
    std::uint64_t write_next(const std::string& change = "") const {
        Generation next;
        next.number = depot_.next_number();
        next.previous = depot_.current_number();
        next.change = change;
        depot_.write(posix_file_ops(), next);
        return next.number;
    }

    void make_current(std::uint64_t number) const { depot_.make_current(posix_file_ops(), number); }

    /// What a process leaves that dies after it has announced the answer to `k`.
    void announce(std::uint64_t generation) const {
        auto answers = open();
        answers.announce(answers.claim("anna", "k"), {"request", json_reply("done")}, generation);
    }

    TempFolder folder_;
    Depot depot_ = [&] {
        const Depot depot{folder_.path()};
        depot.create_if_missing(posix_file_ops());
        return depot;
    }();
};

TEST_F(StoredAnswersTest, are_there_after_a_restart) {
    {
        auto answers = open();
        store(answers, "k", "done");
    }
    auto answers = open();

    const auto answer = answers.find(answers.claim("anna", "k"));

    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->reply.body, "done");
    EXPECT_EQ(answer->reply.status, 200);
    EXPECT_EQ(answer->reply.media_type, "application/json");
    EXPECT_EQ(answer->request_sha256, "request");
}

TEST_F(StoredAnswersTest, belong_to_one_caller) {
    auto answers = open();
    store(answers, "k", "done");
    EXPECT_EQ(stored(answers, "bert", "k"), "(none)");
    EXPECT_EQ(stored(answers, "annak", "x"), "(none)");
}

TEST_F(StoredAnswersTest, have_keys_that_one_request_holds_at_a_time) {
    auto answers = open();
    {
        const auto claim = answers.claim("anna", "k");
        EXPECT_THAT([&] { answers.claim("anna", "k"); },
                    throws(Errc::already_exists, HasSubstr("still running")));
        EXPECT_NO_THROW(answers.claim("anna", "other"));
    }
    EXPECT_NO_THROW(answers.claim("anna", "k"));
}

TEST_F(StoredAnswersTest, are_forgotten_when_many_newer_ones_came) {
    auto answers = open({.count = 2});
    for (const std::string key : {"first", "second", "third"}) {
        store(answers, key, key);
        // What is written within one tick of the disk's clock has no order.
        shift(-1h);
    }
    EXPECT_EQ(stored(answers, "anna", "first"), "(none)");
    EXPECT_EQ(stored(answers, "anna", "second"), "second");
    EXPECT_EQ(stored(answers, "anna", "third"), "third");
}

TEST_F(StoredAnswersTest, are_forgotten_when_one_came_a_day_later) {
    auto answers = open();
    store(answers, "old", "old");
    shift(-25h);

    store(answers, "new", "new");

    EXPECT_EQ(stored(answers, "anna", "old"), "(none)");
    EXPECT_EQ(stored(answers, "anna", "new"), "new");
    EXPECT_EQ(names_below(folder_ / "answers").size(), 1U) << "its place is free again";
}

TEST_F(StoredAnswersTest, are_there_after_the_clock_has_jumped) {
    auto answers = open({.count = 2});
    store(answers, "k", "done");
    for (const auto jump : {-50 * 365 * 24h, 100 * 365 * 24h}) {
        shift(jump);
        EXPECT_EQ(stored(answers, "anna", "k"), "done");
    }
    store(answers, "other", "of a time long before");
    store(answers, "another", "of a time long before");
    EXPECT_EQ(stored(answers, "anna", "another"), "of a time long before");
}

TEST_F(StoredAnswersTest, that_are_announced_count_when_confirmed) {
    auto answers = open();
    const auto generation = write_next();
    {
        const auto claim = answers.claim("anna", "k");
        answers.announce(claim, {"request", json_reply("done")}, generation);
        make_current(generation);

        answers.confirm(claim);
    }
    EXPECT_EQ(stored(answers, "anna", "k"), "done");
    EXPECT_EQ(names_below(folder_ / "answers").size(), 1U);
}

TEST_F(StoredAnswersTest, that_are_withdrawn_are_gone) {
    auto answers = open();
    announce(write_next());
    answers.withdraw(answers.claim("anna", "k"));
    EXPECT_TRUE(names_below(folder_ / "answers").empty());
}

// The last sync of a commit may fail when everybody can see already what it made.
TEST_F(StoredAnswersTest, that_are_withdrawn_count_where_the_change_has_happened_all_the_same) {
    const auto generation = write_next();
    announce(generation);
    make_current(generation);
    auto answers = open();

    answers.withdraw(answers.claim("anna", "k"));

    EXPECT_EQ(stored(answers, "anna", "k"), "done");
}

TEST_F(StoredAnswersTest, that_a_dead_process_announced_count_where_the_generation_was_current) {
    const auto generation = write_next();
    announce(generation);
    make_current(generation);
    make_current(write_next("by somebody else"));
    make_current(0);

    auto answers = open();
    answers.settle_all([](std::string_view line) { ADD_FAILURE() << line; });

    EXPECT_EQ(stored(answers, "anna", "k"), "done");
    EXPECT_THAT(names_below(folder_ / "answers"), testing::ElementsAre(testing::EndsWith(".json")));
}

TEST_F(StoredAnswersTest, that_a_dead_process_announced_are_gone_where_it_was_not) {
    announce(write_next());

    auto answers = open();
    answers.settle_all([](std::string_view line) { ADD_FAILURE() << line; });

    EXPECT_EQ(stored(answers, "anna", "k"), "(none)");
    EXPECT_TRUE(names_below(folder_ / "answers").empty());
}

TEST_F(StoredAnswersTest, are_not_taken_for_those_of_another_change_with_the_same_number) {
    const auto refused = write_next();
    announce(refused);
    fs::remove(depot_.generation_path(refused));
    ASSERT_EQ(write_next("by somebody else"), refused);
    make_current(refused);

    auto answers = open();

    EXPECT_EQ(stored(answers, "anna", "k"), "(none)");
}

TEST_F(StoredAnswersTest, that_are_announced_are_not_forgotten_for_newer_ones) {
    const auto generation = write_next();
    announce(generation);
    make_current(generation);
    shift(-25h);
    auto answers = open({.count = 1});

    store(answers, "new", "new");

    EXPECT_EQ(names_below(folder_ / "answers").size(), 2U);
    EXPECT_EQ(stored(answers, "anna", "k"), "done");
}

TEST_F(StoredAnswersTest, that_nobody_can_settle_are_told_and_refused) {
    announce(write_next());
    for (const auto& entry : fs::directory_iterator{folder_ / "answers"}) {
        write_file(entry.path(), "{}");
    }
    std::string log;
    auto answers = open();

    EXPECT_FALSE(answers.settle_all([&](std::string_view line) { log += line; }));

    EXPECT_THAT(log, HasSubstr("cannot be told"));
    EXPECT_THAT([&] { answers.find(answers.claim("anna", "k")); },
                throws(Errc::io, HasSubstr(".pending")));
}

TEST_F(StoredAnswersTest, have_sane_keys) {
    auto answers = open();
    for (const auto& key :
         {std::string{}, std::string(256, 'k'), std::string{"a\nb"}, std::string{"\xc3\xa4"}}) {
        EXPECT_THAT([&] { answers.claim("anna", key); },
                    throws(Errc::invalid_argument, HasSubstr("Idempotency-Key")));
    }
}

TEST_F(StoredAnswersTest, that_are_damaged_say_so_as_nobody_knows_what_was_done) {
    auto answers = open();
    store(answers, "k", "done");
    for (const auto& entry : fs::directory_iterator{folder_ / "answers"}) {
        write_file(entry.path(), "{");
    }
    EXPECT_THAT([&] { answers.find(answers.claim("anna", "k")); }, throws(Errc::io, HasSubstr("")));
}

}  // namespace
}  // namespace offgrid::test
