#pragma once

#include "formats/http/http_options.h"
#include "formats/store/tileset_slice.h"
#include "tests/support/process.h"
#include "tests/support/temp_folder.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace offgrid::test {

/// tests/servers/http_stub.py: keeps tiles in memory, checks signatures, remembers requests and
/// misbehaves on request. Its own comments say how.
class StubServer {
public:
    struct Seen {
        std::string method{};
        std::string path{};
        std::map<std::string, std::string> headers{};  ///< lower-case names
    };

    /// `auth` is "none", "s3", "azure", "google-v2", "google-v4" or "riak".
    explicit StubServer(const std::string& auth = "none");

    /// `http://127.0.0.1:PORT`.
    const std::string& url() const { return url_; }
    int port() const;

    /// All requests so far, in the order in which they came.
    std::vector<Seen> requests() const;

private:
    Process process_;
    std::string url_;
};

/// What signs requests as the stub of that name expects them.
HttpOptions signed_options(const std::string& auth);

/// Apache with mod_dav on an empty folder.
class ApacheDav {
public:
    ApacheDav();
    ~ApacheDav();
    ApacheDav(const ApacheDav&) = delete;
    ApacheDav& operator=(const ApacheDav&) = delete;

    const std::string& url() const { return url_; }
    std::filesystem::path folder() const { return root_ / "dav"; }

private:
    void write_configuration(int port) const;

    TempFolder root_;
    std::unique_ptr<Process> process_;
    std::string url_;
};

/// An S3 server (s3rver, from npm) with a bucket `tiles`. It checks signatures of version 2 and not
/// those of version 4.
class S3rver {
public:
    S3rver();

    const std::string& url() const { return url_; }

    static constexpr const char* key = "S3RVER";  ///< both id and secret

private:
    TempFolder folder_;
    Process process_;
    std::string url_;
};

/// Azure's emulator of its Blob Storage (azurite, from npm) with a container `tiles`. It checks
/// signatures.
class Azurite {
public:
    Azurite();

    const std::string& url() const { return url_; }

    /// The emulator's published account.
    static constexpr const char* account = "devstoreaccount1";
    static constexpr const char* secret =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

private:
    void create_container() const;

    TempFolder folder_;
    Process process_;
    std::string url_;
};

/// The tileset `t` in GoogleMapsCompatible as PNG.
TilesetSlice png_slice();

}  // namespace offgrid::test
