#pragma once

#include "formats/base/bytes.h"

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

    // Headers; empty where the client sent none.
    std::string_view host = {};
    std::string_view if_none_match = {};
    std::string_view if_modified_since = {};
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

    BytesView content() const;

    /// The value of the header, or empty.
    std::string_view header(std::string_view name) const;
};

/// An answer in plain words, one line.
Response text_response(int status, std::string_view text);

}  // namespace offgrid
