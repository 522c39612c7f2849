#include "formats/http/digest.h"
#include "formats/http/headers.h"
#include "formats/http/http_time.h"
#include "formats/http/s3_credentials.h"
#include "formats/http/signature_azure.h"
#include "formats/http/signature_google.h"
#include "formats/http/signature_v4.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

namespace offgrid::http {
namespace {

using test::TempFolder;
using test::throws;
using test::write_file;
using testing::HasSubstr;

/// 2013-05-24 00:00:00 UTC.
const Time may_2013 = std::chrono::sys_days{std::chrono::year{2013} / 5 / 24};

/// The key of Amazon's published examples, which opens nothing.
const V4Credentials example_key{.id = "AKIAIOSFODNN7EXAMPLE",
                                .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};

// --- https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

TEST(SignatureTest, s3_get_is_signed_as_amazon_publishes_it) {
    const auto added =
        sign_s3({.method = "GET",
                 .path = "/test.txt",
                 .headers = {{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}},
                 .time = may_2013},
                example_key, "us-east-1");
    EXPECT_EQ(find_header(added, "Authorization"),
              "AWS4-HMAC-SHA256 "
              "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
              "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
              "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    EXPECT_EQ(find_header(added, "x-amz-date"), "20130524T000000Z");
    EXPECT_EQ(find_header(added, "x-amz-content-sha256"),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(SignatureTest, s3_put_is_signed_as_amazon_publishes_it) {
    const auto added = sign_s3({.method = "PUT",
                                .path = "/test%24file.text",
                                .headers = {{"Host", "examplebucket.s3.amazonaws.com"},
                                            {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                            {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                                .body = as_bytes("Welcome to Amazon S3."),
                                .time = may_2013},
                               example_key, "us-east-1");
    EXPECT_THAT(std::string{find_header(added, "Authorization")},
                HasSubstr("SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;"
                          "x-amz-storage-class,"
                          "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece"
                          "108bd"));
}

TEST(SignatureTest, a_header_that_is_not_sent_is_not_signed) {
    const auto sign = [](const HttpHeaders& headers) {
        return sign_s3({.method = "GET", .path = "/", .headers = headers, .time = may_2013},
                       example_key, "us-east-1");
    };
    EXPECT_EQ(sign({{"Host", "h"}, {"Accept", ""}}), sign({{"Host", "h"}}));
}

TEST(SignatureTest, a_session_token_is_sent_and_signed) {
    auto key = example_key;
    key.session_token = "token";
    const auto added =
        sign_s3({.method = "GET", .path = "/", .headers = {{"Host", "h"}}, .time = may_2013}, key,
                "us-east-1");
    EXPECT_EQ(find_header(added, "x-amz-security-token"), "token");
    EXPECT_THAT(std::string{find_header(added, "Authorization")},
                HasSubstr("SignedHeaders=host;x-amz-content-sha256;x-amz-date;"
                          "x-amz-security-token,"));
}

TEST(SignatureTest, an_azure_secret_that_is_no_base64_is_refused) {
    EXPECT_THAT([] { sign_azure({.method = "GET", .path = "/"}, "id", "not base64"); },
                throws(Errc::invalid_argument, HasSubstr("base64")));
}

TEST(SignatureTest, only_put_names_the_kind_of_an_azure_blob) {
    EXPECT_EQ(
        find_header(sign_azure({.method = "PUT", .path = "/"}, "id", "YQ=="), "x-ms-blob-type"),
        "BlockBlob");
    EXPECT_EQ(
        find_header(sign_azure({.method = "GET", .path = "/"}, "id", "YQ=="), "x-ms-blob-type"),
        "");
}

// --- What signatures are made of

TEST(DigestTest, computes_what_the_standards_publish) {
    // RFC 2202, RFC 4231 (case 2 each), RFC 1321.
    const auto question = "what do ya want for nothing?";
    EXPECT_EQ(hex(hmac_sha1(as_bytes("Jefe"), question)),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), question)),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(md5(as_bytes("abc"))), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(DigestTest, base64_is_read_as_it_is_written) {
    // RFC 4648, section 10.
    const std::pair<const char*, const char*> cases[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
    for (const auto& [text, encoded] : cases) {
        EXPECT_EQ(base64(as_bytes(text)), encoded);
        const auto decoded = from_base64(encoded);
        ASSERT_TRUE(decoded) << encoded;
        EXPECT_EQ(as_text(*decoded), text);
    }
    for (const auto* text : {"Z", "Zg=", "Zg", "Z?==", "Zg==Zg=="}) {
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
    }
}

TEST(HttpTimeTest, writes_and_reads_times_of_http) {
    EXPECT_EQ(basic_time(may_2013 + std::chrono::hours{13}), "20130524T130000Z");
    EXPECT_EQ(parse_http_time("Fri, 24 May 2013 00:00:00 GMT"), may_2013);
    EXPECT_EQ(parse_http_time(""), std::nullopt);
    EXPECT_EQ(parse_http_time("yesterday"), std::nullopt);
}

// --- Credentials

TEST(S3CredentialsTest, the_file_is_read_each_time_and_wins) {
    const TempFolder folder;
    const S3Signature options{
        .id = "option", .secret = "option", .credentials_file = folder / "key"};
    write_file(folder / "key", "id\r\nsecret\r\ntoken\r\n");
    EXPECT_EQ(s3_credentials(options).id, "id");
    EXPECT_EQ(s3_credentials(options).secret, "secret");
    EXPECT_EQ(s3_credentials(options).session_token, "token");
    write_file(folder / "key", "other\nsecret");
    EXPECT_EQ(s3_credentials(options).id, "other");
    EXPECT_EQ(s3_credentials(options).session_token, "");
}

TEST(S3CredentialsTest, without_any_a_request_fails_before_it_is_sent) {
    const TempFolder folder;
    write_file(folder / "key", "only an id\n");
    EXPECT_THAT([&] { s3_credentials({.credentials_file = folder / "key"}); },
                throws(Errc::invalid_argument, HasSubstr("secret in its second")));
    EXPECT_THAT([] { s3_credentials({.id = "id"}); },
                throws(Errc::invalid_argument, HasSubstr("no id and secret")));
}

}  // namespace
}  // namespace offgrid::http
