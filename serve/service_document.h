#pragma once

#include "serve/request.h"
#include "serve/service_place.h"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace offgrid {

/// An XML document of a service in which the address of that service is left open: a server has as
/// many addresses as its clients have names for it, and the document of ten thousand layers is
/// tens of megabytes. Immutable; safe for concurrent use.
class ServiceDocument {
public:
    /// Stands for the address of the service in `xml`. No character of XML, so that no text of a
    /// layer can have it (XmlWriter).
    static constexpr char root_mark = '\x01';

    explicit ServiceDocument(std::string xml);

    /// The document for clients that know the service under `root`, or 304.
    Response answer(std::string_view root, const Request& request) const;

private:
    std::string xml_;
    std::string hash_;
};

/// The documents that list all layers of one state. Safe for concurrent use.
class ServiceDocuments {
public:
    enum class Kind {
        wmts_mapcache,
        wmts_geowebcache,
        tms_mapcache,
        tms_geowebcache,
        wms_1_1_1,
        wms_1_1_1_tiled,  ///< with the tile sets of WMS-C
        wms_1_3_0,
    };

    using Make = std::function<std::string()>;

    /// The document; made when somebody asks first, while others who ask wait. Throws what `make`
    /// throws, to be made by the next.
    const ServiceDocument& get(Kind kind, const Make& make);

private:
    struct Slot {
        std::once_flag made;
        std::unique_ptr<const ServiceDocument> document;
    };

    static constexpr std::size_t kinds = 7;
    std::array<Slot, kinds> slots_;
};

}  // namespace offgrid
