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

/// The texts are ours: nothing that the client sent comes back.
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

Response out_of_range(std::string_view locator, std::int64_t number, std::int64_t begin,
                      std::int64_t end) {
    return exception_report(400, "TileOutOfRange", locator,
                            fmt::format("{} is not within {} and {}", number, begin, end - 1));
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
std::optional<int> zoom_of(std::string_view matrix, const Grid& grid) {
    const auto z = parse_number<int>(matrix.substr(matrix.rfind(':') + 1));
    return z && *z >= 0 && *z < grid.levels() ? z : std::nullopt;
}

Response answer(const LayerSet& layers, const GetTile& asked, const Request& request) {
    const auto layer = find_tileset(layers, asked.layer, asked.matrix_set, asked.format);
    if (layer == nullptr) {
        const auto other = layers.find(asked.layer);
        if (other == nullptr) {
            return invalid("LAYER", "no such layer, or not in this matrix set and format");
        }
        return is_in_matrix_set(*other, asked.matrix_set)
                   ? invalid("FORMAT", "the layer is in another format")
                   : invalid("TILEMATRIXSET", "the layer is in another matrix set");
    }
    const auto z = zoom_of(asked.matrix, *layer->info().grid);
    if (!z) {
        return invalid("TILEMATRIX", "no such matrix in the matrix set");
    }
    const auto row = parse_number<std::int64_t>(asked.row);
    const auto column = parse_number<std::int64_t>(asked.column);
    if (!row || !column) {
        return invalid(row ? "TILECOL" : "TILEROW", "not a number");
    }
    const auto range = coverage_of(*layer, *z);
    if (range.is_empty()) {
        return exception_report(400, "TileOutOfRange", "TILEMATRIX",
                                "the layer has no tiles in this matrix");
    }
    if (*column < range.min_x || *column >= range.max_x) {
        return out_of_range("TILECOL", *column, range.min_x, range.max_x);
    }
    if (*row < range.min_y || *row >= range.max_y) {
        return out_of_range("TILEROW", *row, range.min_y, range.max_y);
    }
    return answer_service_tile(*layer, {*z, *column, *row}, request);
}

}  // namespace

Response answer_wmts(const LayerSet& layers, const Query& query, const Request& request) {
    const auto* const operation = query.find("request");
    if (operation == nullptr) {
        return exception_report(400, "MissingParameterValue", "request", "REQUEST is missing");
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
            return exception_report(400, "MissingParameterValue", part.locator,
                                    fmt::format("{} is missing", part.locator));
        }
        asked.*part.value = *value;
    }
    return answer(layers, asked, request);
}

Response answer_wmts_rest(const LayerSet& layers, std::string_view address, const Query& query,
                          const Request& request) {
    std::vector<std::string> parts;
    while (!address.empty()) {
        auto part = percent_decoded(take_segment(address));
        if (!part) {
            return text_response(400, "a broken escape in the address");
        }
        parts.push_back(*std::move(part));
    }
    const auto count = parts.size();
    if (count != 5 && count != 6) {
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
