#include "formats/base/file_ops.h"
#include "formats/base/parse_number.h"
#include "serve/access/password.h"
#include "serve/access/token.h"
#include "tests/serve/raw_connection.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> command_with(const fs::path& path, std::vector<std::string> more) {
    std::vector<std::string> command{program("offgrid"), "serve", path.string(), "--listen",
                                     "127.0.0.1:0"};
    std::ranges::move(more, std::back_inserter(command));
    return command;
}

/// `offgrid serve` of a package "kenya" with more options.
struct ServingWith {
    explicit ServingWith(std::vector<std::string> more)
        : process{command_with(made_package(), std::move(more))} {}

    fs::path made_package() {
        write_package(folder / "kenya", "kenya", "z0: w\nz1: a b / . d");
        return folder / "kenya";
    }

    TempFolder folder;
    Process process;
    std::string url = url_in(process.wait_for_line("listening on "));
    std::uint16_t port = parse_number<std::uint16_t>(url.substr(url.rfind(':') + 1)).value_or(0);
    HttpClient client;
};

std::string content_of(const fs::path& path) {
    return fs::exists(path) ? std::string{as_text(read_file(path, 1 << 20))} : std::string{};
}

/// Read the file until it has the text, for at most 20 seconds. What it has then.
std::string content_with(const fs::path& path, std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    auto content = content_of(path);
    while (content.find(text) == std::string::npos && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
        content = content_of(path);
    }
    return content;
}

void make_certificate(const fs::path& folder) {
    const auto made = run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                           "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-addext",
                           "subjectAltName=IP:127.0.0.1", "-keyout", (folder / "key.pem").string(),
                           "-out", (folder / "certificate.pem").string(), "-days", "2"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
}

TEST(OffgridServeHttp, names_itself_as_the_operator_says) {
    ServingWith serving{{"--public-url", "https://tiles.example.org/maps/"}};
    EXPECT_THAT(serving.client.get(serving.url + "/tiles/kenya.json").body,
                HasSubstr("\"https://tiles.example.org/maps/tiles/kenya/{z}"));
}

TEST(OffgridServeHttp, says_how_long_tiles_may_be_kept) {
    ServingWith serving{{"--max-age", "60", "--max-age", "kenya=3600"}};
    EXPECT_EQ(
        serving.client.get(serving.url + "/tiles/kenya/0/0/0.png").headers.at("cache-control"),
        "max-age=3600");
    EXPECT_EQ(serving.client.get(serving.url + "/tiles/kenya.json").headers.at("cache-control"),
              "no-cache");
}

TEST(OffgridServeHttp, takes_its_options_from_a_file_and_the_command_line) {
    const TempFolder folder;
    write_file(folder / "serve.toml",
               "absent = \"204\"\ncors = \"off\"\nmax-age = [\"60\"]\nquiet = true\n");
    ServingWith serving{{"--config", (folder / "serve.toml").string(), "--cors", "any"}};
    EXPECT_EQ(serving.client.get(serving.url + "/tiles/kenya/1/0/1.png").status, 204);
    const auto tile = serving.client.get(serving.url + "/tiles/kenya/0/0/0.png");
    EXPECT_EQ(tile.headers.at("cache-control"), "max-age=60");
    EXPECT_EQ(tile.headers.at("access-control-allow-origin"), "*");

    write_file(folder / "wrong.toml", "absnet = \"204\"\n");
    const auto wrong =
        run({program("offgrid"), "serve", "x", "--config", (folder / "wrong.toml").string()});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_THAT(wrong.err, AllOf(HasSubstr("absnet"), HasSubstr("absent"), HasSubstr("listen")));
}

TEST(OffgridServeHttp, refuses_options_that_say_nothing) {
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"--public-url", "tiles.example.org"},
             {"--allowed-hosts", "a:80"},
             {"--cors", "everybody"},
             {"--max-age", "kenya=soon"},
             {"--tls-cert", "/missing", "--tls-key", "/missing"},
             {"--user", "root"},
             {"--user", "nobody-of-that-name"},
             {"--access-log", "/missing/log"},
         }) {
        const TempFolder folder;
        write_package(folder / "kenya", "kenya", "z0: w");
        const auto result = run(command_with(folder / "kenya", words));
        EXPECT_EQ(result.exit_code, 1) << words.front() << result.err;
        EXPECT_THAT(result.err, StartsWith("offgrid serve: ")) << words.front();
    }
}

TEST(OffgridServeHttp, opens_its_log_anew_when_it_is_told_to) {
    const TempFolder logs;
    ServingWith serving{{"--access-log", (logs / "log").string()}};
    EXPECT_EQ(serving.client.get(serving.url + "/tiles/kenya/0/0/0.png?first").status, 200);
    EXPECT_THAT(content_with(logs / "log", "first"),
                AllOf(StartsWith("127.0.0.1 - - ["),
                      HasSubstr("\"GET /tiles/kenya/0/0/0.png?first HTTP/1.1\" 200 ")));
    fs::rename(logs / "log", logs / "log.1");
    ::kill(serving.process.pid(), SIGUSR1);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!fs::exists(logs / "log") && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
    }
    EXPECT_EQ(serving.client.head(serving.url + "/second").status, 404);
    EXPECT_EQ(serving.process.stop(), 0);
    EXPECT_THAT(content_of(logs / "log"), HasSubstr("\"HEAD /second HTTP/1.1\" 404 0 "));
    EXPECT_THAT(content_of(logs / "log.1"), testing::Not(HasSubstr("second")));
}

TEST(OffgridServeHttp, serves_over_tls_of_today_only) {
    const TempFolder keys;
    make_certificate(keys.path());
    ServingWith serving{{"--tls-cert", (keys / "certificate.pem").string(), "--tls-key",
                         (keys / "key.pem").string()}};
    EXPECT_THAT(serving.url, StartsWith("https://"));
    const auto curl = [&](const std::string& option, const std::string& value) {
        std::vector<std::string> command{"curl",
                                         "-sS",
                                         "--cacert",
                                         (keys / "certificate.pem").string(),
                                         serving.url + "/tiles/kenya.json",
                                         option};
        if (!value.empty()) {
            command.push_back(value);
        }
        return run(command);
    };
    EXPECT_THAT(curl("--tlsv1.2", "").out, HasSubstr("\"" + serving.url + "/tiles/kenya/{z}"));
    EXPECT_EQ(curl("--tls-max", "1.2").exit_code, 0);
    EXPECT_NE(curl("--tls-max", "1.1").exit_code, 0);
    EXPECT_EQ(HttpClient{}.get("http" + serving.url.substr(5) + "/").status, 0);
    EXPECT_EQ(serving.process.stop(), 0);
}

TEST(OffgridServeHttp, refuses_a_key_that_everyone_may_read_and_one_of_another_certificate) {
    const TempFolder keys;
    make_certificate(keys.path());
    const TempFolder others;
    make_certificate(others.path());
    write_package(keys / "kenya", "kenya", "z0: w");
    const auto refusal = [&](const fs::path& key) {
        return run(command_with(keys / "kenya", {"--tls-cert", (keys / "certificate.pem").string(),
                                                 "--tls-key", key.string()}));
    };
    EXPECT_THAT(refusal(others / "key.pem").err, HasSubstr("no certificate with its key"));
    fs::permissions(keys / "key.pem", fs::perms::others_read, fs::perm_options::add);
    EXPECT_THAT(refusal(keys / "key.pem").err, HasSubstr("may be read by everyone"));
}

TEST(OffgridServeHttp, answers_readers_of_a_file_only) {
    const TempFolder folder;
    const auto token = make_token();
    write_file(folder / "readers", "anna:" + hash_password("secret") +
                                       ":reader\nfield:" + hash_token(token) + ":reader\n");
    ServingWith serving{{"--readers", (folder / "readers").string()}};
    const auto tile = serving.url + "/tiles/kenya/0/0/0.png";
    const auto status_with = [&](const std::string& credentials) {
        return serving.client.get(tile, {"Authorization: " + credentials}).status;
    };
    EXPECT_EQ(status_with("Basic YW5uYTpzZWNyZXQ="), 200);  // anna:secret
    EXPECT_EQ(status_with("basic YW5uYTpzZWNyZXQ="), 200);
    EXPECT_EQ(status_with("Bearer " + token), 200);
    for (const auto* wrong : {"Basic YW5uYTpzZWNyZXQ", "Basic ====", "Basic", "Digest a",
                              "Bearer offgrid_0", "Bearer ", "Basic !!!!"}) {
        EXPECT_EQ(status_with(wrong), 401) << wrong;
    }
    const auto stranger = serving.client.get(tile);
    EXPECT_EQ(stranger.status, 401);
    EXPECT_THAT(stranger.headers.at("www-authenticate"), HasSubstr("realm=\"offgrid\""));
    const auto health = serving.client.get(serving.url + "/health");
    EXPECT_EQ(health.status, 200);
    EXPECT_EQ(health.body, R"({"status":"ok"})") << "what is served is no stranger's business";
    EXPECT_THAT(
        serving.client.get(serving.url + "/health", {"Authorization: Bearer " + token}).body,
        HasSubstr("\"layers\""));
    EXPECT_EQ(serving.client.get(serving.url + "/ready").status, 200);
    EXPECT_EQ(serving.client.get(serving.url + "/metrics").status, 401);
}

TEST(OffgridServeHttp, logs_by_name_who_has_logged_in) {
    const TempFolder folder;
    write_file(folder / "readers", "anna:" + hash_password("secret") + ":reader\n");
    ServingWith serving{
        {"--readers", (folder / "readers").string(), "--access-log", (folder / "log").string()}};
    const auto tile = serving.url + "/tiles/kenya/0/0/0.png";
    serving.client.get(tile + "?known", {"Authorization: Basic YW5uYTpzZWNyZXQ="});  // anna:secret
    serving.client.get(tile + "?guess", {"Authorization: Basic YW5uYTpndWVzcw=="});  // anna:guess
    EXPECT_EQ(serving.process.stop(), 0);
    EXPECT_THAT(content_of(folder / "log"),
                AllOf(testing::ContainsRegex("127\\.0\\.0\\.1 - anna [^\n]*[?]known[^\n]* 200 "),
                      testing::ContainsRegex("127\\.0\\.0\\.1 - - [^\n]*[?]guess[^\n]* 401 ")));
}

TEST(OffgridServeHttp, slows_down_who_guesses_but_not_who_knows) {
    const TempFolder folder;
    write_file(folder / "readers", "anna:" + hash_password("secret") + "\n");
    ServingWith serving{{"--readers", (folder / "readers").string()}};
    const auto status_with = [&](const std::string& credentials) {
        return serving.client.get(serving.url + "/", {"Authorization: Basic " + credentials})
            .status;
    };
    EXPECT_EQ(status_with("YW5uYTpzZWNyZXQ="), 200);
    int refused = 401;
    for (int i = 0; i < 20 && refused == 401; ++i) {
        refused = status_with("YW5uYTpndWVzcw==");  // anna:guess
    }
    EXPECT_EQ(refused, 429);
    EXPECT_EQ(status_with("YW5uYTpzZWNyZXQ="), 200);
}

TEST(OffgridServeHttp, answers_everybody_when_many_log_in_at_once) {
    const TempFolder folder;
    const auto hash = hash_password("secret");
    std::string users;
    for (char digit = '0'; digit <= '9'; ++digit) {
        users.append("u").append(1, digit).append(":" + hash + "\n");
    }
    write_file(folder / "readers", users);
    ServingWith serving{{"--readers", (folder / "readers").string(), "--threads", "8"}};
    std::vector<RawConnection> clients;
    for (const char digit : std::string_view{"AEIMQUYcgk"}) {  // u0:secret and on in base 64
        const auto login = std::string{"dT"} + digit + "6c2VjcmV0";
        clients.emplace_back(serving.port)
            .send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic " +
                  login + "\r\n\r\n");
    }
    int welcome = 0;
    int refused = 0;
    for (auto& client : clients) {
        const auto answer = client.receive_rest();
        welcome += answer.starts_with("HTTP/1.1 200 ") ? 1 : 0;
        if (answer.starts_with("HTTP/1.1 429 ")) {
            ++refused;
            EXPECT_THAT(answer, AllOf(HasSubstr("\r\nRetry-After: 1\r\n"),
                                      HasSubstr("too many logins at a time")));
        }
    }
    EXPECT_GT(welcome, 0);
    EXPECT_EQ(welcome + refused, 10);
}

TEST(OffgridServeHttp, answers_a_reader_no_more_who_was_removed) {
    const TempFolder folder;
    const auto bert = "bert:" + hash_password("other") + ":reader\n";
    write_file(folder / "readers", "anna:" + hash_password("secret") + ":reader\n" + bert);
    ServingWith serving{{"--readers", (folder / "readers").string()}};
    const auto status_with = [&](const std::string& credentials) {
        return serving.client
            .get(serving.url + "/tiles/kenya/0/0/0.png", {"Authorization: Basic " + credentials})
            .status;
    };
    EXPECT_EQ(status_with("YW5uYTpzZWNyZXQ="), 200);  // anna:secret
    write_file(folder / "without", bert);
    fs::rename(folder / "without", folder / "readers");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    int status = 200;
    while (status == 200 && std::chrono::steady_clock::now() < deadline) {
        status = status_with("YW5uYTpzZWNyZXQ=");
    }
    EXPECT_EQ(status, 401);
    EXPECT_EQ(status_with("YmVydDpvdGhlcg=="), 200);  // bert:other
}

TEST(OffgridServeHttp, names_layers_of_max_age_that_are_not_there) {
    ServingWith serving{{"--max-age", "kenia=60", "--max-age", "kenya=60"}};
    EXPECT_THAT(serving.process.wait_for_line("--max-age"), HasSubstr("there is no layer 'kenia'"));
}

TEST(OffgridServeHttp, becomes_another_user_for_good) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can";
    }
    const TempFolder folder;
    fs::permissions(folder.path(), fs::perms::others_all, fs::perm_options::add);
    write_package(folder / "kenya", "kenya", "z0: w");
    Process process{command_with(folder / "kenya", {"--user", "nobody:nogroup"})};
    const auto url = url_in(process.wait_for_line("listening on "));
    EXPECT_EQ(HttpClient{}.get(url + "/tiles/kenya/0/0/0.png").status, 200);
    const auto status = content_of(fs::path{"/proc"} / std::to_string(process.pid()) / "status");
    EXPECT_THAT(status, AllOf(HasSubstr("Uid:\t65534\t65534\t65534\t65534"),
                              HasSubstr("CapEff:\t0000000000000000"), HasSubstr("NoNewPrivs:\t1")));
}

}  // namespace
}  // namespace offgrid::test
