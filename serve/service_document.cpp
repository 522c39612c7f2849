#include "serve/service_document.h"

#include "formats/base/hash.h"
#include "serve/etag.h"
#include "serve/ows_exception.h"
#include "serve/xml_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace offgrid {
namespace {

Bytes with_root(std::string_view xml, std::string_view root) {
    const auto marks =
        static_cast<std::size_t>(std::count(xml.begin(), xml.end(), ServiceDocument::root_mark));
    Bytes bytes;
    bytes.reserve(xml.size() + marks * root.size());
    while (true) {
        const auto mark = std::min(xml.find(ServiceDocument::root_mark), xml.size());
        bytes.insert(bytes.end(), xml.begin(), xml.begin() + static_cast<std::ptrdiff_t>(mark));
        if (mark == xml.size()) {
            return bytes;
        }
        bytes.insert(bytes.end(), root.begin(), root.end());
        xml.remove_prefix(mark + 1);
    }
}

}  // namespace

ServiceDocument::ServiceDocument(std::string xml)
    : xml_{std::move(xml)}, hash_{fast_hash_hex(as_bytes(xml_))} {}

Response ServiceDocument::answer(std::string_view root, const Request& request) const {
    std::string escaped;
    append_xml_text(escaped, root);
    const auto etag = fmt::format("\"{}{:016x}\"", hash_, fast_hash(as_bytes(escaped)));
    Response response;
    if (matches(request.if_none_match, etag)) {
        response.status = 304;
    } else {
        response.headers.push_back({"Content-Type", xml_media_type});
        response.body = with_root(xml_, escaped);
    }
    response.headers.push_back({"ETag", etag});
    return response;
}

const ServiceDocument& ServiceDocuments::get(Kind kind, const Make& make) {
    auto& slot = slots_.at(static_cast<std::size_t>(kind));
    std::call_once(slot.made,
                   [&] { slot.document = std::make_unique<const ServiceDocument>(make()); });
    return *slot.document;
}

}  // namespace offgrid
