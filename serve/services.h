#pragma once

#include "serve/layer_set.h"
#include "serve/request.h"

#include <string_view>

namespace offgrid {

/// The part of an address behind the folder of GeoWebCache's services, `/service/`, which may
/// itself stand behind the context of a servlet (`/geowebcache`, `/gwc`, `/geoserver/gwc`); empty
/// where the address is none of theirs.
std::string_view service_address(std::string_view path);

/// Answer GeoWebCache's addresses of tiles, so that its clients need another host and nothing else:
///
///     wmts?SERVICE=WMTS&REQUEST=…    wmts/rest/…    see wmts.h
///     tms/1.0.0/…                    see tms.h
///     gmaps?…    mgmaps?…    ve?…    see mercator_services.h
///     kml/…                          see kml.h
///
/// `address` is what `service_address` gave. An unknown service is 400. Throws what the store
/// throws.
Response answer_service(const LayerSet& layers, std::string_view address, const Request& request);

}  // namespace offgrid
