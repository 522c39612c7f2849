#include "serve/wms_exception.h"

#include "serve/xml_writer.h"

namespace offgrid {
namespace {

std::string report_1_1_1(const WmsFailure& failure) {
    constexpr std::string_view doctype =
        "<!DOCTYPE ServiceExceptionReport SYSTEM "
        "\"http://schemas.opengis.net/wms/1.1.1/exception_1_1_1.dtd\">\n";
    XmlWriter xml;
    xml.raw(doctype);
    xml.open("ServiceExceptionReport", {{"version", "1.1.1"}});
    xml.element("ServiceException", failure.text, {{"code", failure.code}});
    xml.close();
    return xml.take();
}

std::string report_1_3_0(const WmsFailure& failure) {
    XmlWriter xml;
    xml.open("ServiceExceptionReport",
             {{"version", "1.3.0"},
              {"xmlns", "http://www.opengis.net/ogc"},
              {"xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"},
              {"xsi:schemaLocation",
               "http://www.opengis.net/ogc "
               "http://schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd"}});
    xml.element("ServiceException", failure.text, {{"code", failure.code}});
    xml.close();
    return xml.take();
}

}  // namespace

std::string_view exception_media_type(WmsVersion version) {
    return version == WmsVersion::v1_1_1 ? "application/vnd.ogc.se_xml" : "text/xml";
}

Response wms_exception(WmsVersion version, const WmsFailure& failure) {
    const auto xml = version == WmsVersion::v1_1_1 ? report_1_1_1(failure) : report_1_3_0(failure);
    Response response{.status = failure.status,
                      .headers = {{"Content-Type", std::string{exception_media_type(version)}}},
                      .body = Bytes{xml.begin(), xml.end()}};
    if (failure.status == 503) {
        response.headers.push_back({"Retry-After", "1"});
    }
    return response;
}

}  // namespace offgrid
