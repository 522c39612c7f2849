#pragma once

#include "serve/request.h"

#include <string>
#include <string_view>

namespace offgrid {

/// The versions of WMS that are answered: OGC 01-068r3 and OGC 06-042.
enum class WmsVersion { v1_1_1, v1_3_0 };

/// Why a request of WMS has no answer. The code is a word of the standards (01-068r3, annex A.4;
/// 06-042, table E.1) or `NoApplicableCode`; the text is ours and holds nothing that a client sent.
struct WmsFailure {
    std::string_view code = "NoApplicableCode";
    std::string text{};
    int status = 400;
};

/// The service exception report of that version.
Response wms_exception(WmsVersion version, const WmsFailure& failure);

/// The media type of these reports.
std::string_view exception_media_type(WmsVersion version);

}  // namespace offgrid
