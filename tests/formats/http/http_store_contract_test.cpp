// The store contract, against real servers where there are any: Apache for plain HTTP, s3rver for
// S3 and for Google's signature of version 2, which is Amazon's, azurite for Azure.

#include "formats/http/http_store.h"
#include "tests/formats/http/servers.h"
#include "tests/support/errors.h"
#include "tests/support/store_contract.h"

namespace offgrid {
namespace {

/// A store behind a server that is not started before it is needed.
template <typename Server>
struct ServedStore : test::StoreUnderTest {
    template <typename... Words>
    explicit ServedStore(const Words&... words) : server{words...} {}

    std::unique_ptr<TileReader> open(const test::Pyramid& pyramid) override {
        const auto writer = create();
        for (const auto& [key, word] : pyramid) {
            writer->put(key, test::png_bytes(word));
        }
        return reopen();
    }
    std::unique_ptr<TileWriter> create() override {
        return std::make_unique<HttpWriter>(options(), test::png_slice());
    }
    std::unique_ptr<TileReader> reopen() override {
        return std::make_unique<HttpReader>(options(), test::png_slice());
    }
    bool can_scan() const override { return false; }

    virtual HttpOptions options() const = 0;

    Server server;
};

struct DavStore final : ServedStore<test::ApacheDav> {
    HttpOptions options() const override {
        return {.name = "dav", .url = server.url() + "/{tileset}/{grid}/{z}/{x}/{y}.{ext}"};
    }
};

struct S3Store final : ServedStore<test::S3rver> {
    HttpOptions options() const override {
        return {.name = "s3",
                .url = server.url() + "/tiles/{tileset}/{z}/{x}/{y}.{ext}",
                .signature = S3Signature{
                    .id = test::S3rver::key, .secret = test::S3rver::key, .region = "us-east-1"}};
    }
};

struct SignedS3Store final : ServedStore<test::StubServer> {
    SignedS3Store() : ServedStore{"s3"} {}
    HttpOptions options() const override {
        auto options = test::signed_options("s3");
        options.url = server.url() + "/tiles/{tileset}/{z}/{x}/{y}.{ext}";
        return options;
    }
};

struct GoogleV4Store final : ServedStore<test::StubServer> {
    GoogleV4Store() : ServedStore{"google-v4"} {}
    HttpOptions options() const override {
        auto options = test::signed_options("google-v4");
        options.url = server.url() + "/tiles/{tileset}/{z}/{x}/{y}.{ext}";
        return options;
    }
};

struct AzureStore final : ServedStore<test::Azurite> {
    HttpOptions options() const override {
        return {.name = "azure",
                .url = fmt::format("{}/{}/tiles/{{tileset}}/{{z}}/{{x}}/{{y}}.{{ext}}",
                                   server.url(), test::Azurite::account),
                .signature = AzureSignature{.id = test::Azurite::account,
                                            .secret = test::Azurite::secret,
                                            .container = "tiles"}};
    }
};

struct GoogleStore final : ServedStore<test::S3rver> {
    HttpOptions options() const override {
        return {
            .name = "google",
            .url = server.url() + "/tiles/{tileset}/{z}/{x}/{y}.{ext}",
            .signature = GoogleSignature{.access = test::S3rver::key, .secret = test::S3rver::key}};
    }
};

using Stores =
    testing::Types<DavStore, S3Store, SignedS3Store, AzureStore, GoogleStore, GoogleV4Store>;

}  // namespace
}  // namespace offgrid

namespace offgrid::test {
INSTANTIATE_TYPED_TEST_SUITE_P(Http, StoreContract, Stores);
}  // namespace offgrid::test

namespace offgrid {
namespace {

// --- The servers do check what they are said to check

template <typename Store>
void expect_denied(const Store& store, decltype(HttpOptions::signature) signature) {
    auto options = store.options();
    options.signature = std::move(signature);
    EXPECT_THAT(
        [&] {
            HttpWriter(options, test::png_slice()).put({0, 0, 0}, test::png_bytes("w"));
        },
        test::throws(Errc::denied, testing::HasSubstr("answered 403")));
    EXPECT_THAT(
        [&] {
            HttpReader(options, test::png_slice()).get({0, 0, 0});
        },
        test::throws(Errc::denied, testing::HasSubstr("answered 403")));
    EXPECT_THAT(
        [&] {
            HttpReader(options, test::png_slice()).exists({0, 0, 0});
        },
        test::throws(Errc::denied, testing::HasSubstr("answered 403")));
}

TEST(ObjectStoreTest, azurite_denies_a_wrong_secret) {
    const AzureStore store;
    expect_denied(store, AzureSignature{.id = test::Azurite::account, .secret = "AAAA"});
}

TEST(ObjectStoreTest, s3rver_denies_a_wrong_signature_of_version_2) {
    const GoogleStore store;
    expect_denied(store, GoogleSignature{.access = test::S3rver::key, .secret = "wrong"});
}

TEST(ObjectStoreTest, a_container_that_is_not_there_is_a_failure_and_not_absence) {
    const AzureStore store;
    auto options = store.options();
    options.url = store.server.url() + "/" + test::Azurite::account + "/missing/{z}/{x}/{y}";
    const HttpReader reader{options, test::png_slice()};
    EXPECT_THAT(
        [&] {
            reader.get({0, 0, 0});
        },
        test::throws(Errc::not_found, testing::HasSubstr("ContainerNotFound")));
    EXPECT_THAT(
        [&] {
            reader.exists({0, 0, 0});
        },
        test::throws(Errc::not_found, testing::HasSubstr("no such container")));
}

}  // namespace
}  // namespace offgrid
