#include "sync/replace_form.h"

#include "formats/base/hash.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

#include <sstream>
#include <vector>

namespace offgrid::test {
namespace {

using testing::HasSubstr;

constexpr const char* multipart = "multipart/form-data; boundary=cut";

std::string part(const std::string& name, const std::string& content) {
    return "--cut\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content +
           "\r\n";
}

std::string file_part(const std::string& content) {
    return "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b.sqlite\"\r\n"
           "Content-Type: application/octet-stream\r\n\r\n" +
           content + "\r\n";
}

constexpr const char* end = "--cut--\r\n";

struct Reading {
    TempFolder folder;
    Limits limits;

    ReplaceForm read(const std::string& body, const std::string& type = multipart) const {
        std::istringstream stream{body};
        return read_replace_form(stream, type, posix_file_ops(), folder / "upload", limits);
    }
};

TEST(ReplaceForm, has_its_parts_in_any_order) {
    const auto layer = part("layer", "sf:restricted");
    const auto destination = part("destination", "a/b.sqlite");
    const std::vector<std::string> bodies{
        layer + destination + file_part("tiles") + end,
        file_part("tiles") + destination + layer + end,
        destination + file_part("tiles") + part("colour", "green") + layer + end,
    };
    for (const auto& body : bodies) {
        const Reading reading;
        const auto form = reading.read(body);
        EXPECT_EQ(form.request.layer + " " + form.request.destination + form.request.source,
                  "sf:restricted a/b.sqlite");
        EXPECT_EQ(form.upload.value().sha256, sha256_hex(as_bytes("tiles")));
        EXPECT_EQ(read_text(form.upload.value().path), "tiles");
    }
}

TEST(ReplaceForm, tells_the_layer_before_it_takes_the_file) {
    const TempFolder folder;
    std::istringstream stream{part("layer", "kenya") + file_part("tiles") + end};
    const auto refuse = [](const std::string& layer) { throw Error{Errc::denied, layer}; };

    EXPECT_THAT(
        [&] {
            read_replace_form(stream, multipart, posix_file_ops(), folder / "upload", {}, refuse);
        },
        throws(Errc::denied, HasSubstr("kenya")));

    EXPECT_THAT(names_below(folder.path()), testing::IsEmpty());
}

TEST(ReplaceForm, with_an_empty_hash_asks_for_no_check) {
    const auto form =
        Reading{}.read(part("layer", "a") + part("sha256:x.sqlite", "") + part("sha256", "") + end);
    EXPECT_THAT(form.request.sha256_by_name, testing::IsEmpty());
    EXPECT_EQ(form.request.sha256, "");
}

TEST(ReplaceForm, keeps_every_byte_of_a_file_that_looks_like_the_form) {
    std::string content;
    for (int i = 0; i < 100'000; ++i) {
        content += i % 7 == 0   ? "\r\n--cu"
                   : i % 5 == 0 ? "\r\n--"
                   : i % 3 == 0 ? "\n\r\r\n"
                                : std::string(1, '\0');
    }
    content += '.';
    Reading reading;

    const auto form = reading.read(file_part(content) + part("layer", "a") + end);

    EXPECT_EQ(read_text(form.upload->path), content);
    EXPECT_EQ(form.request.layer, "a");
}

TEST(ReplaceForm, takes_an_empty_file_for_none) {
    Reading reading;
    EXPECT_FALSE(reading.read(file_part("") + part("layer", "a") + end).upload);
    EXPECT_TRUE(names_below(reading.folder.path()).empty());
}

TEST(ReplaceForm, may_be_urlencoded_when_there_is_no_upload) {
    Reading reading;
    const auto form = reading.read("layer=sf%3Arestricted&source=%2Ftmp%2Fa+b",
                                   "application/x-www-form-urlencoded");
    EXPECT_EQ(form.request.layer, "sf:restricted");
    EXPECT_EQ(form.request.source, "/tmp/a b");
    EXPECT_FALSE(form.upload);
}

TEST(ReplaceForm, says_what_is_expected_and_how_far_to_go) {
    Reading reading;
    const std::string sha256(64, 'A');
    const auto request = reading
                             .read(part("layer", "a") + part("sha256:x.sqlite", sha256) +
                                   part("if_match", "*") + part("if_none_match", "\"b\"") +
                                   part("dry_run", "1") + part("strict", "false") + end)
                             .request;
    EXPECT_EQ(request.sha256_by_name.at("x.sqlite"), std::string(64, 'a'));
    EXPECT_EQ(request.precondition.if_match, "*");
    EXPECT_EQ(request.precondition.if_none_match, "\"b\"");
    EXPECT_TRUE(request.is_dry_run);
    EXPECT_FALSE(request.is_strict);
}

TEST(ReplaceForm, is_the_same_as_another_that_asks_for_the_same) {
    const auto sha256_of = [](const std::string& body) { return Reading{}.read(body).sha256(); };
    const auto one =
        sha256_of(part("layer", "a") + part("destination", "b") + file_part("c") + end);
    EXPECT_EQ(one, sha256_of(file_part("c") + part("destination", "b") + part("layer", "a") + end));
    for (const auto& other : {part("layer", "ab") + part("destination", "") + file_part("c") + end,
                              part("layer", "a") + part("destination", "b") + file_part("d") + end,
                              part("layer", "a") + part("destination", "b") + end,
                              part("layer", "a") + part("destination", "b") + part("dry_run", "1") +
                                  file_part("c") + end,
                              part("layer", "a") + part("destination", "b") +
                                  part("if_match", "*") + file_part("c") + end}) {
        EXPECT_NE(one, sha256_of(other)) << other;
    }
}

TEST(ReplaceForm, is_refused_when_it_is_none) {
    struct Case {
        const char* what;
        std::string type;
        std::string body;
        const char* message;
    };
    const std::string many(40'000, 'x');
    const std::vector<Case> table{
        {"ends in a field", multipart,
         "--cut\r\nContent-Disposition: form-data; name=\"layer\"\r\n\r\nsf:", "ends early"},
        {"ends in the file", multipart, part("layer", "a") + file_part("tiles").substr(0, 150),
         "ends early"},
        {"ends before the last line", multipart, part("layer", "a") + file_part("tiles"),
         "ends early"},
        {"nothing", multipart, "", "cannot read the form"},
        {"no boundary in it", multipart, "hello", "cannot read the form"},
        {"no boundary given", "multipart/form-data", part("layer", "a") + end, "boundary"},
        {"endless boundary", "multipart/form-data; boundary=" + std::string(2000, 'x'), "",
         "boundary"},
        {"a flag that is none", multipart, part("dry_run", "yes") + end, "`dry_run`"},
        {"a hash that is none", multipart, part("sha256", "abc") + end, "`sha256`"},
        {"a name that means nothing in a strict form", multipart,
         part("strict", "true") + part("colour", "green") + end, "`colour`"},
        {"a field twice", multipart, part("layer", "a") + part("layer", "b") + end, "one name"},
        {"a long field", multipart, part("layer", many) + end, "longer than"},
        {"a long unknown field", multipart, part("colour", many) + end, "longer than"},
        {"another type", "application/json", "{}", "multipart/form-data"},
        {"no type", "", "{}", "multipart/form-data"},
        {"a long urlencoded field", "application/x-www-form-urlencoded", "layer=" + many,
         "cannot read the form"},
        {"a urlencoded field twice", "application/x-www-form-urlencoded", "layer=a&layer=b",
         "one name"},
    };
    for (const auto& bad : table) {
        SCOPED_TRACE(bad.what);
        const Reading reading;
        EXPECT_THAT([&] { reading.read(bad.body, bad.type); },
                    throws(Errc::invalid_argument, HasSubstr(bad.message)));
    }
}

TEST(ReplaceForm, does_not_store_more_than_is_allowed) {
    Reading reading;
    reading.limits.max_upload_bytes = 1'000'000;
    EXPECT_THAT([&] { reading.read(file_part(std::string(2'000'000, 'x')) + end); },
                throws(Errc::too_large, HasSubstr("1000000 bytes")));
    EXPECT_LE(std::filesystem::file_size(reading.folder / "upload"), 1'000'000U);
}

}  // namespace
}  // namespace offgrid::test
