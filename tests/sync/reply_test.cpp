#include "sync/reply.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Reply, tells_a_client_what_it_can_do_next) {
    const std::vector<std::pair<Errc, int>> table{
        {Errc::invalid_argument, 400},
        {Errc::denied, 403},
        {Errc::not_found, 404},
        {Errc::already_exists, 409},
        {Errc::stale, 412},
        {Errc::too_large, 413},
        {Errc::corrupt, 422},
        {Errc::unsupported, 422},
        {Errc::io, 500},
        {Errc::busy, 503},
        {Errc::interrupted, 503},
        {Errc::no_space, 507},
    };
    for (const auto& [code, status] : table) {
        EXPECT_EQ(error_reply(Error{code, "x"}, "/srv/depot", MessageForm::json).status, status)
            << name_of(code);
    }
}

// RP-23
TEST(Reply, names_no_folder_of_the_server) {
    const Error error{Errc::corrupt,
                      "cannot open /srv/depot/staging/AbC/upload: file is not a database"};

    const auto reply = error_reply(error, "/srv/depot", MessageForm::json);

    EXPECT_THAT(reply.body, HasSubstr("file is not a database"));
    EXPECT_THAT(reply.body, Not(HasSubstr("/srv")));
}

TEST(Reply, hides_a_folder_only_where_a_path_begins_with_it) {
    struct Case {
        const char* message;
        const char* shown;
    };
    const std::vector<Case> table{
        {"/srv/depot: it is full", "(depot): it is full"},
        {"cannot open '/srv/depot'", "cannot open '(depot)'"},
        {"/srv/depot/a and /srv/depot/b", "(depot)/a and (depot)/b"},
        {"source '/srv/depot2/x'", "source '/srv/depot2/x'"},
        {"source '/srv/depot.old'", "source '/srv/depot.old'"},
        {"source '/mnt/srv/depot'", "source '/mnt/srv/depot'"},
    };
    for (const auto& [message, shown] : table) {
        const auto reply =
            error_reply(Error{Errc::corrupt, message}, "/srv/depot", MessageForm::text);
        EXPECT_EQ(reply.body, std::string{shown} + "\n");
    }
}

TEST(Reply, does_not_say_how_the_server_failed) {
    const auto reply = error_reply(Error{Errc::io, "cannot sync /mnt/x: I/O error"}, "/srv/depot",
                                   MessageForm::json);
    EXPECT_THAT(reply.body, Not(HasSubstr("/mnt")));
}

// PL-06
TEST(Reply, that_passes_by_itself_says_when_to_come_again) {
    const auto busy =
        error_reply(Error{Errc::busy, "all handles are in use"}, "/srv/depot", MessageForm::json);
    EXPECT_THAT(busy.headers, testing::Contains(testing::Key("Retry-After")));
    EXPECT_TRUE(error_reply(404, "x", MessageForm::json).headers.empty());
}

TEST(Reply, is_plain_text_for_those_who_want_it) {
    const auto reply = error_reply(404, "unknown layer 'a'", MessageForm::text);
    EXPECT_EQ(reply.body, "unknown layer 'a'\n");
    EXPECT_THAT(reply.media_type, HasSubstr("text/plain"));
}

TEST(Reply, is_sane_json_whatever_is_in_the_message) {
    const auto reply = error_reply(404, "unknown layer '\"\xff\n'", MessageForm::json);
    EXPECT_THAT(reply.body, HasSubstr(R"(unknown layer '\"�\n')"));
}

}  // namespace
}  // namespace offgrid::test
