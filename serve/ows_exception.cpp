#include "serve/ows_exception.h"

#include "serve/xml_writer.h"

#include <fmt/format.h>

#include <string>

namespace offgrid {

Response ows_exception(int status, std::string_view code, std::string_view locator,
                       std::string_view text) {
    XmlWriter xml;
    xml.open("ExceptionReport",
             {{"version", "1.1.0"}, {"xmlns", "http://www.opengis.net/ows/1.1"}});
    if (locator.empty()) {
        xml.open("Exception", {{"exceptionCode", code}});
    } else {
        xml.open("Exception", {{"exceptionCode", code}, {"locator", locator}});
    }
    xml.element("ExceptionText", text);
    xml.close();
    xml.close();
    const auto document = xml.take();
    return {.status = status,
            .headers = {{"Content-Type", xml_media_type}},
            .body = Bytes{document.begin(), document.end()}};
}

Response missing_parameter(std::string_view locator) {
    return ows_exception(400, "MissingParameterValue", locator,
                         fmt::format("{} is missing", locator));
}

Response invalid_parameter(std::string_view locator, std::string_view text) {
    return ows_exception(400, "InvalidParameterValue", locator, text);
}

Response operation_not_supported(std::string_view locator, std::string_view text) {
    return ows_exception(501, "OperationNotSupported", locator, text);
}

}  // namespace offgrid
