#include "serve/mhd_request.h"

#include "formats/base/text.h"

#include <new>

namespace offgrid {
namespace {

struct Reading {
    Request& request;
    bool is_complete = true;
};

/// What is read of headers, by the length of the name: most headers are told apart by that, or
/// after one comparison.
void read_header(Request& request, std::string_view name, std::string_view value) {
    const auto keep = [&](std::string_view known, std::string_view Request::*field) {
        const bool is_it = equals_ignoring_case(name, known);
        if (is_it && (request.*field).empty()) {
            request.*field = value;
        }
        return is_it;
    };
    switch (name.size()) {
        case 4:
            keep("host", &Request::host);
            return;
        case 5:
            keep("range", &Request::range);
            return;
        case 6:
            static_cast<void>(keep("accept", &Request::accept) || keep("origin", &Request::origin));
            return;
        case 7:
            keep("referer", &Request::referer);
            return;
        case 8:
            keep("if-range", &Request::if_range);
            return;
        case 10:
            keep("user-agent", &Request::user_agent);
            return;
        case 13:
            static_cast<void>(keep("if-none-match", &Request::if_none_match) ||
                              keep("authorization", &Request::authorization));
            return;
        case 15:
            if (keep("accept-encoding", &Request::accept_encoding) &&
                request.accept_encoding.empty()) {
                request.accept_encoding = "identity";
            }
            return;
        case 17:
            keep("if-modified-since", &Request::if_modified_since);
            return;
        case 29:
            keep("access-control-request-method", &Request::request_method);
            return;
        default:
            return;
    }
}

MHD_Result read_field(void* cls, MHD_ValueKind kind, const char* name, std::size_t name_size,
                      const char* value, std::size_t value_size) noexcept {
    auto& reading = *static_cast<Reading*>(cls);
    const std::string_view name_text{name, name_size};
    const auto value_text =
        value == nullptr ? std::string_view{} : std::string_view{value, value_size};
    if (kind == MHD_HEADER_KIND) {
        read_header(reading.request, name_text, value_text);
        return MHD_YES;
    }
    try {
        reading.request.query.push_back({name_text, value_text});
        return MHD_YES;
    } catch (const std::bad_alloc&) {
        reading.is_complete = false;
        return MHD_NO;
    }
}

}  // namespace

bool read_fields(MHD_Connection* connection, Request& request) noexcept {
    Reading reading{.request = request};
    constexpr auto kinds = static_cast<MHD_ValueKind>(MHD_HEADER_KIND | MHD_GET_ARGUMENT_KIND);
    MHD_get_connection_values_n(connection, kinds, &read_field, &reading);
    return reading.is_complete;
}

}  // namespace offgrid
