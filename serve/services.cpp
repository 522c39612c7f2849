#include "serve/services.h"

#include "serve/kml.h"
#include "serve/mercator_services.h"
#include "serve/query.h"
#include "serve/tms.h"
#include "serve/url.h"
#include "serve/wmts.h"

namespace offgrid {

std::string_view service_address(std::string_view path) {
    for (const std::string_view folder :
         {"/service/", "/geowebcache/service/", "/gwc/service/", "/geoserver/gwc/service/"}) {
        if (path.starts_with(folder)) {
            return path.substr(folder.size());
        }
    }
    return {};
}

Response answer_service(const LayerSet& layers, std::string_view address, const Request& request) {
    const Query query{request};
    const auto behind = address;
    const auto service = take_segment(address);
    const ServicePlace place{
        .dialect = ServicePlace::Dialect::geowebcache,
        .folder = request.path.substr(0, request.path.size() - behind.size() + service.size())};
    if (service == "tms") {
        return answer_tms(layers, address, query, request, place);
    }
    if (service == "wmts" && address.starts_with("rest/")) {
        take_segment(address);
        return answer_wmts_rest(layers, address, query, request, place);
    }
    if (service == "kml") {
        return answer_geowebcache_kml(layers, address, request, place);
    }
    if (!address.empty()) {
        return text_response(404, "nothing here");
    }
    if (service == "wmts") {
        return answer_wmts(layers, query, request, place);
    }
    if (service == "gmaps") {
        return answer_google_maps(layers, query, request);
    }
    if (service == "mgmaps") {
        return answer_mobile_google_maps(layers, query, request);
    }
    if (service == "ve") {
        return answer_virtual_earth(layers, query, request);
    }
    return text_response(400, "no such service: wmts, tms, gmaps, mgmaps, ve, kml");
}

}  // namespace offgrid
