#include "sync/tls.h"

#include "sync/certificate.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tiles.h"
#include "tests/sync/live_daemon.h"

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <vector>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// A certificate for `localhost` and 127.0.0.1 in a folder.
class TlsTest : public testing::Test {
protected:
    TlsTest() {
        const auto made =
            run({program("offgrid-sync"), "certificate", "--out", (folder_ / "tls").string(),
                 "--name", "localhost", "--name", "127.0.0.1", "--days", "30"});
        EXPECT_EQ(made.exit_code, 0) << made.err;
        said_ = made.out;
    }

    std::vector<std::string> tls_options() const {
        return {"--tls-cert", certificate(), "--tls-key", key()};
    }
    std::string certificate() const { return (folder_ / "tls/certificate.pem").string(); }
    std::string key() const { return (folder_ / "tls/key.pem").string(); }

    /// What curl prints, the status behind it.
    RunResult curl(const std::string& url, const std::vector<std::string>& options) {
        std::vector<std::string> command{"curl",       "-sS",         "--noproxy", "*",
                                         "--cacert",   certificate(), "-w",        " %{http_code}",
                                         "--max-time", "20"};
        command.insert(command.end(), options.begin(), options.end());
        command.push_back(url);
        return run(command);
    }

    /// What openssl says of a handshake with the daemon.
    RunResult shake_hands(const LiveDaemon& daemon, const std::vector<std::string>& options) {
        std::vector<std::string> command{"openssl",
                                         "s_client",
                                         "-connect",
                                         address_of(daemon),
                                         "-CAfile",
                                         certificate(),
                                         "-verify_return_error"};
        command.insert(command.end(), options.begin(), options.end());
        return run(command);
    }

    static std::string address_of(const LiveDaemon& daemon) {
        return daemon.admin_url().substr(std::string_view{"https://"}.size());
    }

    TempFolder folder_;
    std::string said_;
};

TEST_F(TlsTest, makes_a_certificate_whose_key_nobody_else_reads) {
    EXPECT_EQ(fs::status(key()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    const auto shown = run({"openssl", "x509", "-in", certificate(), "-noout", "-text"});
    EXPECT_THAT(shown.out, AllOf(HasSubstr("DNS:localhost, IP Address:127.0.0.1"),
                                 HasSubstr("CA:FALSE"), HasSubstr("TLS Web Server Authentication"),
                                 HasSubstr("prime256v1"), HasSubstr("ecdsa-with-SHA256")));
    const auto hash =
        run({"openssl", "x509", "-in", certificate(), "-noout", "-fingerprint", "-sha256"}).out;
    EXPECT_THAT(said_, HasSubstr(hash.substr(hash.find('=') + 1)));
    EXPECT_EQ(
        run({"openssl", "x509", "-in", certificate(), "-noout", "-checkend", "2500000"}).exit_code,
        0);
    EXPECT_EQ(
        run({"openssl", "x509", "-in", certificate(), "-noout", "-checkend", "2700000"}).exit_code,
        1)
        << "30 days";
}

TEST_F(TlsTest, overwrites_no_certificate) {
    const auto before = read_text(key());
    const auto again = run({program("offgrid-sync"), "certificate", "--out",
                            (folder_ / "tls").string(), "--name", "localhost"});
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_THAT(again.err, HasSubstr("exists already"));
    EXPECT_EQ(read_text(key()), before);
}

TEST(Certificate, is_for_host_names_and_addresses_only) {
    const auto now = std::chrono::system_clock::now();
    for (const std::string name : {"", "a b", "a,DNS:evil", "https://a", "a:8081", "é", "-a"}) {
        EXPECT_THAT([&] { make_certificate({.names = {name}}, now); },
                    throws(Errc::invalid_argument, HasSubstr("'" + name + "'")));
    }
    EXPECT_THAT([&] { make_certificate({}, now); },
                throws(Errc::invalid_argument, HasSubstr("name")));
    EXPECT_NO_THROW(
        make_certificate({.names = {"::1", "10.0.0.1", "*.example", std::string(200, 'a')}}, now));
}

TEST_F(TlsTest, takes_a_replace_from_a_client_that_trusts_the_certificate) {
    install(folder_ / "depot", "kenya", "z0: top z1: old");
    write_mbtiles(folder_ / "new.sqlite", draw("z1: new"));
    LiveDaemon daemon{folder_ / "depot", tls_options()};
    ASSERT_THAT(daemon.admin_url(), testing::StartsWith("https://127.0.0.1:"));
    const auto url = daemon.replace_url();

    const auto answer = curl(url, {"-F", "layer=kenya", "-F", "destination=z01-0-1.sqlite3", "-F",
                                   "file=@" + (folder_ / "new.sqlite").string()});

    EXPECT_THAT(answer.out, EndsWith(" 200")) << answer.err;
    EXPECT_EQ(daemon.word("kenya", {1, 0, 0}), "new");
}

TEST_F(TlsTest, answers_one_who_is_refused_before_the_upload_ends) {
    write_file(folder_ / "large", std::string(8 << 20, 'x'));
    LiveDaemon daemon{folder_ / "depot", tls_options()};

    const auto answer = curl(daemon.admin_url() + "/no/such/address",
                             {"-F", "file=@" + (folder_ / "large").string()});

    EXPECT_THAT(answer.out, EndsWith(" 404")) << answer.err;
}

TEST_F(TlsTest, is_not_trusted_by_a_client_that_does_not_know_it) {
    LiveDaemon daemon{folder_ / "depot", tls_options()};
    const auto answer =
        run({"curl", "-sS", "--noproxy", "*", daemon.admin_url() + "/sqlite/replace"});
    EXPECT_EQ(answer.exit_code, 60) << answer.err;
}

TEST_F(TlsTest, speaks_no_plain_HTTP) {
    LiveDaemon daemon{folder_ / "depot", tls_options()};
    const auto answer = run({"curl", "-sS", "--noproxy", "*", "--max-time", "20",
                             "http://" + address_of(daemon) + "/sqlite/replace"});
    EXPECT_NE(answer.exit_code, 0);
    EXPECT_THAT(curl(daemon.replace_url(), {}).out, EndsWith(" 405")) << "and goes on";
}

TEST_F(TlsTest, speaks_TLS_1_2_and_1_3_with_forward_secrecy_alone) {
    LiveDaemon daemon{folder_ / "depot", tls_options()};
    const auto modern = shake_hands(daemon, {"-tls1_3"});
    EXPECT_EQ(modern.exit_code, 0) << modern.err;
    EXPECT_THAT(modern.out, HasSubstr("TLSv1.3"));
    const auto older = shake_hands(daemon, {"-tls1_2"});
    EXPECT_EQ(older.exit_code, 0) << older.err;
    EXPECT_THAT(older.out, AllOf(HasSubstr("TLSv1.2"), HasSubstr("ECDHE-ECDSA")));

    const std::string lax = "ALL:@SECLEVEL=0";
    EXPECT_NE(shake_hands(daemon, {"-tls1_1", "-cipher", lax}).exit_code, 0);
    EXPECT_NE(shake_hands(daemon, {"-tls1", "-cipher", lax}).exit_code, 0);
    for (const std::string cipher : {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "aNULL"}) {
        EXPECT_NE(shake_hands(daemon, {"-tls1_2", "-cipher", cipher + ":@SECLEVEL=0"}).exit_code, 0)
            << cipher;
    }
}

TEST_F(TlsTest, does_not_wait_long_for_a_handshake_however_slowly_it_comes) {
    LiveDaemon daemon{folder_ / "depot", tls_options()};
    Poco::Net::StreamSocket socket{Poco::Net::SocketAddress{address_of(daemon)}};
    const auto start = std::chrono::steady_clock::now();
    // The header of a record of 16 kB, and then a byte of it now and then.
    const std::string header{"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03", 11};
    socket.sendBytes(header.data(), static_cast<int>(header.size()));
    bool is_open = true;
    while (is_open && std::chrono::steady_clock::now() - start < 20s) {
        if (socket.poll(Poco::Timespan{0, 200'000}, Poco::Net::Socket::SELECT_READ)) {
            char ignored = 0;
            try {
                is_open = socket.receiveBytes(&ignored, 1) > 0;
            } catch (const Poco::Exception&) {
                is_open = false;
            }
        } else {
            try {
                socket.sendBytes("x", 1);
            } catch (const Poco::Exception&) {
                is_open = false;
            }
        }
    }
    EXPECT_FALSE(is_open);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST_F(TlsTest, answers_others_while_many_do_not_finish_their_handshake) {
    LiveDaemon daemon{folder_ / "depot", tls_options()};
    std::vector<Poco::Net::StreamSocket> silent;
    for (int i = 0; i < 32; ++i) {
        silent.emplace_back(Poco::Net::SocketAddress{address_of(daemon)});
        silent.back().sendBytes("\x16\x03", 2);
    }
    const auto start = std::chrono::steady_clock::now();

    EXPECT_THAT(curl(daemon.replace_url(), {}).out, EndsWith(" 405"));

    EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
}

TEST_F(TlsTest, ends_in_time_though_an_upload_does_not) {
    write_file(folder_ / "slow", std::string(1 << 20, 'x'));
    auto options = tls_options();
    options.insert(options.end(), {"--drain-timeout", "1"});
    LiveDaemon daemon{folder_ / "depot", options};
    Process upload{{"curl", "-sS", "--noproxy", "*", "--cacert", certificate(), "--limit-rate",
                    "1k", "-F", "layer=a", "-F", "file=@" + (folder_ / "slow").string(),
                    daemon.replace_url()}};
    wait_for_upload(folder_ / "depot", upload);

    EXPECT_EQ(daemon.process().stop(SIGTERM, std::chrono::seconds{10}), 0);
}

TEST_F(TlsTest, refuses_to_start_with_files_that_will_not_do) {
    fs::copy_file(key(), folder_ / "open.pem");
    fs::permissions(folder_ / "open.pem", fs::perms::others_read, fs::perm_options::add);
    const auto other = make_certificate({.names = {"other"}}, std::chrono::system_clock::now());
    write_file(folder_ / "other.pem", other.key_pem);
    fs::permissions(folder_ / "other.pem", fs::perms::owner_read | fs::perms::owner_write);
    run({"openssl", "ec", "-in", key(), "-aes256", "-passout", "pass:secret", "-out",
         (folder_ / "locked.pem").string()});
    write_file(folder_ / "garbage.pem", "garbage");
    struct Case {
        std::string certificate;
        std::string key;
        int exit_code;
        const char* message;
    };
    const std::vector<Case> table{
        {certificate(), (folder_ / "open.pem").string(), 1, "chmod 600"},
        {certificate(), (folder_ / "other.pem").string(), 1, "other.pem"},
        {certificate(), (folder_ / "locked.pem").string(), 1, "locked.pem"},
        {certificate(), (folder_ / "none.pem").string(), 1, "none.pem"},
        {(folder_ / "garbage.pem").string(), key(), 1, "garbage.pem"},
        {(folder_ / "none.pem").string(), key(), 1, "none.pem"},
    };
    for (const auto& [certificate_file, key_file, exit_code, message] : table) {
        const auto result = run({program("offgrid-sync"), "daemon", (folder_ / "depot").string(),
                                 "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--tls-cert",
                                 certificate_file, "--tls-key", key_file});
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_THAT(result.err, HasSubstr(message));
    }
    EXPECT_EQ(run({program("offgrid-sync"), "daemon", (folder_ / "depot").string(), "--tls-cert",
                   certificate()})
                  .exit_code,
              2)
        << "a certificate needs its key";
}

TEST_F(TlsTest, is_asked_for_where_other_machines_reach_the_administration) {
    const std::vector<std::string> open{program("offgrid-sync"),
                                        "daemon",
                                        (folder_ / "depot").string(),
                                        "--listen",
                                        "127.0.0.1:0",
                                        "--admin",
                                        "0.0.0.0:0"};
    const auto with = [&](const std::vector<std::string>& options) {
        auto command = open;
        command.insert(command.end(), options.begin(), options.end());
        return command;
    };
    const auto refused = run(open);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("--tls-cert"), HasSubstr("--admin-plaintext")));

    {
        Process plain{with({"--admin-plaintext"})};
        EXPECT_THAT(plain.wait_for_line("administration on"), HasSubstr("http://0.0.0.0"));
    }
    Process secure{with(tls_options())};
    EXPECT_THAT(secure.wait_for_line("administration on"), HasSubstr("https://0.0.0.0"));
}

}  // namespace
}  // namespace offgrid::test
