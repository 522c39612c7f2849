#include "serve/wmts.h"

#include "formats/base/parse_number.h"
#include "formats/base/text.h"
#include "serve/service_tile.h"
#include "serve/tileset_lookup.h"
#include "serve/url.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace offgrid {
namespace {

/// The texts are ours; of what the client sent, only numbers come back.
Response exception_report(int status, std::string_view code, std::string_view locator,
                          std::string_view text) {
    const auto xml = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<ExceptionReport version=\"1.1.0\" xmlns=\"http://www.opengis.net/ows/1.1\">\n"
        "  <Exception exceptionCode=\"{}\" locator=\"{}\">\n"
        "    <ExceptionText>{}</ExceptionText>\n"
        "  </Exception>\n"
        "</ExceptionReport>\n",
        code, locator, text);
    return {.status = status,
            .headers = {{"Content-Type", "application/xml"}},
            .body = Bytes{xml.begin(), xml.end()}};
}

Response invalid(std::string_view locator, std::string_view text) {
    return exception_report(400, "InvalidParameterValue", locator, text);
}

Response missing(std::string_view locator) {
    return exception_report(400, "MissingParameterValue", locator,
                            fmt::format("{} is missing", locator));
}

Response out_of_range(const OutOfCoverage& outside, const TileKey& key) {
    using Part = OutOfCoverage::Part;
    const auto report = [](std::string_view locator, std::string_view text) {
        return exception_report(400, "TileOutOfRange", locator, text);
    };
    const auto& coverage = outside.coverage;
    if (outside.part == Part::zoom) {
        return report("TILEMATRIX", "the layer has no tiles in this matrix");
    }
    const bool is_column = outside.part == Part::column;
    return report(
        is_column ? "TILECOL" : "TILEROW",
        is_column
            ? fmt::format("{} is not within {} and {}", key.x, coverage.min_x, coverage.max_x - 1)
            : fmt::format("{} is not within {} and {}", key.y, coverage.min_y, coverage.max_y - 1));
}

/// What a GetTile says. Rows count from the north.
struct GetTile {
    std::string layer{};
    std::string format{};
    std::string matrix_set{};
    std::string matrix{};
    std::string row{};
    std::string column{};
};

/// The zoom that `MATRIXSET:7`, as GeoWebCache has it, or `7`, as MapCache has it, names.
std::optional<int> zoom_of(std::string_view matrix, const Layer& layer) {
    const auto colon = matrix.rfind(':');
    if (colon != std::string_view::npos && !is_in_matrix_set(layer, matrix.substr(0, colon))) {
        return std::nullopt;
    }
    const auto z = parse_number<int>(matrix.substr(colon + 1));
    return z && *z >= 0 && *z < layer.info().grid->levels() ? z : std::nullopt;
}

/// Why there is no tileset for what is asked.
Response no_tileset(const LayerSet& layers, const GetTile& asked) {
    if (find_tileset(layers, asked.layer, {}) == nullptr) {
        return invalid("LAYER", "no such layer");
    }
    return find_tileset(layers, asked.layer, asked.matrix_set) == nullptr
               ? invalid("TILEMATRIXSET", "the layer is in another matrix set")
               : invalid("FORMAT", "the layer is in another format");
}

Response answer(const LayerSet& layers, const GetTile& asked, const Request& request) {
    const auto layer = find_tileset(layers, asked.layer, asked.matrix_set, [&](const Layer& some) {
        return is_in_format(some, asked.format);
    });
    if (layer == nullptr) {
        return no_tileset(layers, asked);
    }
    const auto z = zoom_of(asked.matrix, *layer);
    if (!z) {
        return invalid("TILEMATRIX", "no such matrix in the matrix set");
    }
    const auto row = parse_number<std::int64_t>(asked.row);
    const auto column = parse_number<std::int64_t>(asked.column);
    if (!row || !column) {
        return invalid(row ? "TILECOL" : "TILEROW", "not a number");
    }
    const TileKey key{*z, *column, *row};
    if (const auto outside = out_of_coverage(*layer, key)) {
        return out_of_range(*outside, key);
    }
    return answer_service_tile(*layer, key, request);
}

}  // namespace

Response answer_wmts(const LayerSet& layers, const Query& query, const Request& request) {
    if (const auto* const service = query.find("service");
        service != nullptr && !equals_ignoring_case(*service, "WMTS")) {
        return invalid("service", "this is WMTS");
    }
    const auto* const operation = query.find("request");
    if (operation == nullptr) {
        return missing("request");
    }
    if (!equals_ignoring_case(*operation, "GetTile")) {
        return exception_report(501, "OperationNotSupported", "request",
                                "only GetTile is answered");
    }
    GetTile asked;
    struct Part {
        const char* name;
        const char* locator;
        std::string GetTile::*value;
    };
    static constexpr std::array<Part, 6> parts{
        {{"layer", "LAYER", &GetTile::layer},
         {"format", "FORMAT", &GetTile::format},
         {"tilematrixset", "TILEMATRIXSET", &GetTile::matrix_set},
         {"tilematrix", "TILEMATRIX", &GetTile::matrix},
         {"tilerow", "TILEROW", &GetTile::row},
         {"tilecol", "TILECOL", &GetTile::column}}};
    for (const auto& part : parts) {
        const auto* const value = query.find(part.name);
        if (value == nullptr) {
            return missing(part.locator);
        }
        asked.*part.value = *value;
    }
    return answer(layers, asked, request);
}

Response answer_wmts_rest(const LayerSet& layers, std::string_view address, const Query& query,
                          const Request& request) {
    const bool ends_in_slash = address.ends_with('/');
    std::vector<std::string> parts;
    while (!address.empty()) {
        auto part = percent_decoded(take_segment(address));
        if (!part) {
            return text_response(400, "a broken escape in the address");
        }
        parts.push_back(*std::move(part));
    }
    const auto count = parts.size();
    if ((count != 5 && count != 6) || ends_in_slash) {
        return text_response(404, "nothing here");
    }
    const auto* const format = query.find("format");
    return answer(layers,
                  {.layer = parts[0],
                   .format = format == nullptr ? "" : *format,
                   .matrix_set = parts[count - 4],
                   .matrix = parts[count - 3],
                   .row = parts[count - 2],
                   .column = parts[count - 1]},
                  request);
}

}  // namespace offgrid
