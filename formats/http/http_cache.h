#pragma once

#include "formats/http/http_client.h"
#include "formats/http/http_options.h"
#include "formats/store/tileset_slice.h"

#include <string>
#include <string_view>

namespace offgrid::http {

/// The tiles of one slice behind HTTP: their URLs, and requests for them with the headers that the
/// configuration says and the signature that the server wants. What HttpReader and HttpWriter
/// share. Safe for concurrent use.
class Cache {
public:
    /// Throws `invalid_argument` naming the cache for options that no request can be made of.
    Cache(const HttpOptions& options, TilesetSlice slice);

    const HttpOptions& options() const { return options_; }
    const TilesetSlice& slice() const { return slice_; }
    bool is_signed() const { return !std::holds_alternative<NoSignature>(options_.signature); }

    /// The URL of the tile, percent-encoded. Throws `invalid_argument` when a value of a dimension
    /// would make it lead elsewhere. REQUIRES: the grid contains the tile.
    std::string url_of(const TileKey& key) const;

    /// What the server answers, whatever the status. Up to three redirects of GET and HEAD are
    /// followed, never from https to http; signatures and, to another server, headers of the
    /// configuration do not follow.
    Answer get(const std::string& url) const { return send("GET", HttpOperation::get, url); }
    Answer head(const std::string& url) const { return send("HEAD", HttpOperation::head, url); }
    Answer erase(const std::string& url) const { return send("DELETE", HttpOperation::erase, url); }
    Answer put(const std::string& url, BytesView content, std::string_view media_type) const;

    /// Create a WebDAV collection (RFC 4918, section 9.3), with the headers of PUT.
    Answer make_collection(const std::string& url) const {
        return send("MKCOL", HttpOperation::put, url);
    }

    /// Throw the error with the cache, the operation and the URL in front.
    [[noreturn]] void fail(const Error& error, std::string_view method, std::string_view url) const;

private:
    Answer send(std::string_view method, HttpOperation operation, const std::string& url,
                BytesView body = {}, std::string_view media_type = {}) const;
    HttpHeaders headers_for(std::string_view method, HttpOperation operation,
                            const std::string& url, BytesView body,
                            std::string_view media_type) const;
    void sign(HttpHeaders& headers, std::string_view method, const std::string& url,
              BytesView body) const;
    void check() const;

    HttpOptions options_;
    TilesetSlice slice_;
    PathTemplate template_;
    Client client_;
};

}  // namespace offgrid::http
