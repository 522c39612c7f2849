#pragma once

#include "formats/store/server_address.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offgrid {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// Headers of a request: from the configuration, and from a file that is read at each request
/// (lines `Name:value`), whose headers win.
struct HeaderSource {
    HttpHeaders headers{};
    std::filesystem::path file{};  ///< empty: none
};

enum class HttpOperation { put, get, head, erase };

/// No signature (MapCache `rest`).
struct NoSignature {};

/// AWS Signature Version 4 (MapCache `s3`). Empty credentials come from the environment:
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
struct S3Signature {
    std::string id{};
    std::string secret{};
    std::string session_token{};
    std::filesystem::path credentials_file{};  ///< id, secret, token a line each; read every time
    std::string region{};
};

/// Azure Storage SharedKey (MapCache `azure`).
struct AzureSignature {
    std::string id{};
    std::string secret{};     ///< base64
    std::string container{};  ///< required by MapCache and used by no one
};

/// Google Cloud Storage's XML interface with interoperability keys (MapCache `google`).
struct GoogleSignature {
    enum class Version { v2, v4 };

    std::string access{};
    std::string secret{};
    Version version = Version::v2;
};

/// Tiles behind HTTP, a URL each (MapCache `rest`, `s3`, `azure`, `google`).
struct HttpOptions {
    std::string name{};        ///< of the cache, for messages
    std::string url{};         ///< a PathTemplate; percent-encoded from the path on
    bool keeps_query = false;  ///< what follows a `?` is a query, and not encoded as MapCache does
    HeaderSource common{};
    std::map<HttpOperation, HeaderSource> by_operation{};  ///< wins over `common`
    std::variant<NoSignature, S3Signature, AzureSignature, GoogleSignature> signature{};
    bool uses_redirects = false;    ///< a server may send its client to the tile's URL
    bool leaves_out_blank = false;  ///< a fully transparent tile is not stored
    std::chrono::milliseconds timeout{120'000};
    std::chrono::milliseconds connection_timeout{30'000};
    const std::atomic<bool>* is_stopped = nullptr;  ///< ends requests; outlives the store
};

/// A Riak cluster by its HTTP interface: `/buckets/BUCKET/keys/KEY` (MapCache `riak`, which speaks
/// protocol buffers to one server).
struct RiakOptions {
    std::string name{};                    ///< of the cache, for messages
    std::vector<ServerAddress> servers{};  ///< tried in turn when one cannot be reached
    std::string bucket{};                  ///< a PathTemplate
    std::string key{};                     ///< a PathTemplate; empty: TILESET/GRID[/DIM]/Z/Y/X/EXT
    std::chrono::milliseconds timeout{2'000};
};

}  // namespace offgrid
