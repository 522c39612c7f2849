#include "sync/admin_form.h"

#include "tests/support/errors.h"

#include <gmock/gmock.h>

#include <sstream>
#include <vector>

namespace offgrid::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

std::map<std::string, std::string> read(
    const std::string& type, const std::string& body,
    const std::vector<std::pair<std::string, std::string>>& query = {}) {
    std::istringstream stream{body};
    AdminRequest request;
    request.content_type = type;
    request.query = query;
    request.body = &stream;
    return read_fields(request, {"to", "keep"});
}

constexpr const char* urlencoded = "application/x-www-form-urlencoded";

TEST(AdminForm, may_come_in_every_usual_way) {
    const std::string multipart =
        "--cut\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\n7\r\n--cut--\r\n";
    EXPECT_THAT(read("", "", {{"to", "7"}}), ElementsAre(Pair("to", "7")));
    EXPECT_THAT(read(urlencoded, "to=7&keep=+2"), ElementsAre(Pair("keep", " 2"), Pair("to", "7")));
    EXPECT_THAT(read("multipart/form-data; boundary=cut", multipart), ElementsAre(Pair("to", "7")));
    EXPECT_THAT(read("application/json; charset=utf-8", R"({"to": 7, "keep": "2"})"),
                ElementsAre(Pair("keep", "2"), Pair("to", "7")));
    EXPECT_THAT(read("application/json", R"({"to": null})"), IsEmpty());
    EXPECT_THAT(read("", ""), IsEmpty());
}

TEST(AdminForm, is_refused_when_it_makes_no_sense) {
    struct Case {
        std::string type;
        std::string body;
        const char* message;
    };
    const std::vector<Case> table{
        {urlencoded, "To=7", "unknown field `To`"},
        {urlencoded, "to=7&to=8", "one name"},
        {"application/json", "{", "no JSON"},
        {"application/json", "[]", "no JSON object"},
        {"application/json", "7", "no JSON object"},
        {"application/json", R"({"to": {"a": 1}})", "plain values"},
        {"application/json", std::string(100'000, '['), "plain values"},
        {"application/json", R"({"keep": 10, "keep": 1})", "one name"},
        {"application/json", R"({"to": null, "to": 1})", "one name"},
        {"application/json", R"({"to": 7, "colour": 1})", "unknown field `colour`"},
        {"text/csv", "to=7", "neither"},
    };
    for (const auto& [type, body, message] : table) {
        EXPECT_THAT([&] { read(type, body); }, throws(Errc::invalid_argument, HasSubstr(message)))
            << body.substr(0, 40);
    }
    EXPECT_THAT(
        [&] {
            read(urlencoded, "to=7", {{"to", "7"}});
        },
        throws(Errc::invalid_argument, HasSubstr("one name")));
}

}  // namespace
}  // namespace offgrid::test
