#include "tests/formats/http/servers.h"

#include "formats/base/parse_number.h"
#include "formats/http/http_client.h"
#include "formats/http/signature_azure.h"
#include "formats/http/url.h"
#include "tests/support/free_port.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pwd.h>
#include <unistd.h>

#include <stdexcept>

namespace offgrid::test {
namespace {

namespace fs = std::filesystem;

const fs::path servers_folder = fs::path{OFFGRID_SOURCE_DIR} / "tests/servers";

/// Node.js loads some thousand files first.
constexpr std::chrono::seconds slow_start{90};

std::string node_program(const std::string& name) {
    const auto path = servers_folder / "node_modules/.bin" / name;
    if (!fs::exists(path)) {
        throw std::runtime_error{
            fmt::format("{} is missing: `make test` installs it, as does `npm ci --prefix {}`",
                        path.string(), servers_folder.string())};
    }
    return path.string();
}

/// Let the user that Apache becomes, when root starts it, use the folder.
void give_to_apache(const fs::path& root, const fs::path& folder) {
    if (::geteuid() != 0) {
        return;
    }
    const auto* const user = ::getpwnam("www-data");
    if (user == nullptr || ::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
        throw std::runtime_error{"there is no user www-data for Apache"};
    }
    fs::permissions(root, fs::perms{0755});
}

}  // namespace

// --- StubServer

StubServer::StubServer(const std::string& auth)
    : process_{{"python3", (servers_folder / "http_stub.py").string(), "--auth", auth}},
      url_{url_in(process_.wait_for_line("listening on http"))} {}

int StubServer::port() const {
    return parse_number<int>(url_.substr(url_.rfind(':') + 1)).value_or(0);
}

std::vector<StubServer::Seen> StubServer::requests() const {
    const http::Client client{{}};
    const auto answer = client.send({.method = "GET", .url = url_ + "/_requests"});
    std::vector<Seen> requests;
    for (const auto& request : nlohmann::json::parse(answer.body)) {
        requests.push_back(
            {.method = request["method"], .path = request["path"], .headers = request["headers"]});
    }
    return requests;
}

HttpOptions signed_options(const std::string& auth) {
    HttpOptions options{.name = "stub"};
    if (auth == "s3") {
        options.signature = S3Signature{.id = "test-id",
                                        .secret = "test-secret",
                                        .session_token = "test-token",
                                        .region = "eu-test-1"};
    } else if (auth == "azure") {
        options.signature =
            AzureSignature{.id = "test-id", .secret = "YXp1cmUAc2VjcmV0", .container = "tiles"};
    } else if (auth == "google-v2" || auth == "google-v4") {
        options.signature =
            GoogleSignature{.access = "test-id",
                            .secret = "test-secret",
                            .version = auth == "google-v2" ? GoogleSignature::Version::v2
                                                           : GoogleSignature::Version::v4};
    }
    return options;
}

// --- ApacheDav

ApacheDav::ApacheDav() {
    fs::create_directory(folder());
    fs::create_directory(root_ / "locks");
    give_to_apache(root_.path(), folder());
    give_to_apache(root_.path(), root_ / "locks");
    // Somebody else may take the free port first.
    for (int attempt = 1; url_.empty(); ++attempt) {
        const auto port = free_port();
        write_configuration(port);
        process_ = std::make_unique<Process>(std::vector<std::string>{
            "apache2", "-f", (root_ / "apache.conf").string(), "-DFOREGROUND"});
        try {
            process_->wait_for_line("resuming normal operations");
            url_ = fmt::format("http://127.0.0.1:{}", port);
        } catch (const std::runtime_error&) {
            if (attempt == 5) {
                throw;
            }
        }
    }
}

void ApacheDav::write_configuration(int port) const {
    std::string text = fmt::format(
        "ServerRoot {0}\nPidFile {0}/pid\nServerName 127.0.0.1\nListen 127.0.0.1:{1}\n"
        "DocumentRoot {0}/dav\nErrorLog /dev/stderr\nDavLockDB {0}/locks/db\n",
        root_.path().string(), port);
    for (const auto* module : {"mpm_event", "authz_core", "dav", "dav_fs"}) {
        text += fmt::format("LoadModule {0}_module /usr/lib/apache2/modules/mod_{0}.so\n", module);
    }
    if (::geteuid() == 0) {
        text += "User www-data\nGroup www-data\n";
    }
    text += fmt::format("<Directory {}/dav>\nDav On\nRequire all granted\n</Directory>\n",
                        root_.path().string());
    write_file(root_ / "apache.conf", text);
}

/// It ends its children itself; killed, it would leave them behind.
ApacheDav::~ApacheDav() {
    try {
        process_->stop();
    } catch (const std::runtime_error&) {
        // killed with the object
    }
}

// --- S3rver

S3rver::S3rver()
    : process_{{node_program("s3rver"), "--directory", folder_.path().string(), "--address",
                "127.0.0.1", "--port", "0", "--no-vhost-buckets", "--configure-bucket", "tiles"}} {
    const auto line = process_.wait_for_line("S3rver listening on ", slow_start);
    url_ = "http://" + line.substr(line.rfind(' ') + 1);
}

// --- Azurite

Azurite::Azurite()
    : process_{{node_program("azurite-blob"), "--blobHost", "127.0.0.1", "--blobPort", "0",
                "--inMemoryPersistence", "--disableTelemetry", "--silent"},
               {.input = {}, .cwd = folder_.path(), .environment = {}}},
      url_{url_in(process_.wait_for_line("listens on http", slow_start))} {
    create_container();
}

void Azurite::create_container() const {
    const auto path = fmt::format("/{}/tiles", account);
    // The parameters of a query are signed as further lines below the path.
    const auto signed_path = path + "\nrestype:container";
    const auto headers = http::sign_azure({.method = "PUT",
                                           .path = signed_path,
                                           .headers = {{"Content-Type", "text/plain"}},
                                           .time = std::chrono::system_clock::now()},
                                          account, secret);
    http::Request request{.method = "PUT", .url = url_ + path + "?restype=container"};
    request.headers = headers;
    request.headers.emplace_back("Content-Type", "text/plain");
    const auto answer = http::Client{{}}.send(request);
    if (answer.status != 201) {
        throw std::runtime_error{
            fmt::format("azurite refuses a container: {} {}", answer.status, as_text(answer.body))};
    }
}

TilesetSlice png_slice() {
    TilesetSlice slice;
    slice.info.format = TileFormat::png;
    slice.info.max_zoom = 30;
    slice.values.tileset = "t";
    slice.values.extension = "png";
    slice.media_type = "image/png";
    return slice;
}

}  // namespace offgrid::test
