#pragma once

#include "formats/base/bytes.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace offgrid {

/// `name=value` of the query of an address, both still percent-encoded, but with a space for each
/// `+`.
struct QueryField {
    std::string_view name = {};
    std::string_view value = {};
};

/// What a client asks for, as far as a handler may care. A value that borrows: valid for the length
/// of the call.
struct Request {
    std::string_view method = "GET";     ///< upper case
    std::string_view path = "/";         ///< still percent-encoded, without the query
    std::vector<QueryField> query = {};  ///< in the order of the address

    /// `scheme://authority[/prefix]` of this server as the client sees it, without a slash at the
    /// end; empty where what the client said of it is of no use. An address that starts with it can
    /// stand in any document.
    std::string_view base = {};
    std::string_view client = {};  ///< its address in numbers, without a port

    // Headers; empty where the client sent none. Of several of one name, the first.
    std::string_view host = {};
    std::string_view if_none_match = {};
    std::string_view if_modified_since = {};
    std::string_view if_range = {};
    std::string_view range = {};
    std::string_view accept = {};
    std::string_view accept_encoding = {};  ///< `identity` where it was sent with nothing in it
    std::string_view origin = {};
    std::string_view request_method = {};  ///< `Access-Control-Request-Method`
    std::string_view authorization = {};
    std::string_view user_agent = {};
    std::string_view referer = {};
};

/// What a tile is like that a layer could have and has not.
struct AbsentTile {
    int tile_size = 256;
    bool is_vector = false;
};

/// One header of a response. The name is a literal.
struct Header {
    const char* name = "";
    std::string value;
};

/// The answer to a Request. A value. To HEAD, and with status 304, the server sends the length of
/// the body but not the body.
struct Response {
    /// Owned by the response, or content of the program itself that never goes away.
    using Body = std::variant<Bytes, BytesView>;

    int status = 200;
    std::vector<Header> headers = {};
    Body body = {};
    std::optional<AbsentTile> absent = {};  ///< with 404: what a client may get instead of it
    std::string user = {};  ///< who has logged in for it, for the log; empty: nobody had to

    BytesView content() const;

    /// The value of the header, or empty.
    std::string_view header(std::string_view name) const;

    void remove_header(std::string_view name);
};

/// An answer that is a document of text.
Response document_response(int status, const char* media_type, std::string_view text);

/// An answer in plain words, one line.
Response text_response(int status, std::string_view text);

}  // namespace offgrid
