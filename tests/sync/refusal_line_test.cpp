#include "sync/refusal_line.h"

#include "serve/access/credentials.h"
#include "serve/access/token.h"

#include <Poco/Net/HTTPBasicCredentials.h>
#include <Poco/Net/HTTPRequest.h>
#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using testing::SizeIs;
using testing::StartsWith;

std::string basic(const std::string& name, const std::string& password) {
    Poco::Net::HTTPRequest request;
    Poco::Net::HTTPBasicCredentials{name, password}.authenticate(request);
    return request.get("Authorization");
}

TEST(RefusalLine, names_who_wanted_what_from_where) {
    EXPECT_EQ(refusal_line({.method = "POST",
                            .target = "/rest/sqlite/replace?token=x",
                            .user = "anna",
                            .address = "192.0.2.7"},
                           401, "why"),
              "POST /rest/sqlite/replace by anna from 192.0.2.7 refused (401): why");
    EXPECT_EQ(
        refusal_line({.method = "GET", .target = "http://anna:secret@depot/", .address = "::1"},
                     401, "why"),
        "GET (no path) by (no name) from ::1 refused (401): why");
    EXPECT_EQ(refusal_line({.method = "GET", .target = "/", .address = "::1"}, 401, "why"),
              "GET / by (no name) from ::1 refused (401): why");
}

TEST(RefusalLine, cannot_be_made_to_look_like_another) {
    EXPECT_EQ(refusal_line({.method = "G\x1b[2J",
                            .target = "/a\nb\x7f \xc2\x9b/%0A",
                            .user = "(no name) from 10.0.0.1\r\n%",
                            .address = "::1"},
                           401, "why"),
              "G?[2J /a?b???\?/%0A by %28no%20name%29%20from%2010.0.0.1%0D%0A%25 from ::1 refused "
              "(401): why");
}

TEST(RefusalLine, is_short_whatever_was_sent) {
    const auto many = "/" + std::string(100'000, '\n');
    const auto line =
        refusal_line({.method = many, .target = many, .user = many, .address = "::1"}, 401, "why");
    EXPECT_THAT(line, SizeIs(testing::Lt(600U)));
    EXPECT_THAT(line, StartsWith("/???????????????... /??"));
}

TEST(NameTried, is_that_of_a_user_and_never_a_secret) {
    const auto token = make_token();
    EXPECT_EQ(name_tried(basic("anna", "secret")), "anna");
    for (const auto& header :
         {std::string{}, std::string{"Basic ?"}, std::string{"Basic c2VjcmV0"}, "Bearer " + token,
          basic(token, "x"), basic("secret", ""), basic("", "secret")}) {
        EXPECT_EQ(name_tried(header), "") << header;
    }
}

}  // namespace
}  // namespace offgrid::test
