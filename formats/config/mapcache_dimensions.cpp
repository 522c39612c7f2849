#include "formats/config/mapcache_dimensions.h"

#include "formats/base/error.h"
#include "formats/base/text.h"
#include "formats/config/pattern_dimension.h"
#include "formats/config/query_dimension.h"
#include "formats/config/values_dimension.h"

namespace offgrid::config {
namespace {

std::unique_ptr<const Dimension> parse_values(const XmlElement& element, std::string name,
                                              std::string by_default) {
    std::vector<std::string> values;
    for (const auto& value : element.children("value")) {
        values.push_back(value.text());
    }
    if (values.empty()) {
        element.fail("<value> is missing");
    }
    const auto letters =
        is_true(element, "case_sensitive") ? LetterCase::counts : LetterCase::does_not_count;
    return std::make_unique<const ValuesDimension>(std::move(name), std::move(by_default),
                                                   std::move(values), letters);
}

std::unique_ptr<const Dimension> parse_pattern(const XmlElement& element, std::string name,
                                               std::string by_default) {
    const auto pattern = element.required_text("regex");
    try {
        return std::make_unique<const PatternDimension>(std::move(name), std::move(by_default),
                                                        pattern);
    } catch (const Error& error) {
        element.child("regex")->fail(error.what());
    }
}

std::unique_ptr<const Dimension> parse_query(const XmlElement& element, std::string name,
                                             std::string by_default, const DimensionScope& scope,
                                             bool is_time) {
    QueryDimensionOptions options{.file = element.required_text("dbfile"),
                                  .validate_query = element.required_text("validate_query"),
                                  .list_query = element.required_text("list_query"),
                                  .tileset = scope.tileset,
                                  .srs = scope.grid->srs(),
                                  .extent = scope.grid->extent(),
                                  .is_time = is_time};
    return std::make_unique<const QueryDimension>(std::move(name), std::move(by_default),
                                                  std::move(options));
}

}  // namespace

std::unique_ptr<const Dimension> parse_dimension(const XmlElement& element,
                                                 const DimensionScope& scope, Notes& notes) {
    auto name = element.required_attribute("name");
    const auto type = element.required_attribute("type");
    auto by_default = element.required_attribute("default");
    const Notes::Unneeded render_only{"wms_querybymap", "tiles are not rendered"};
    notes.check_attributes(
        element, {"name", "type", "default", type == "sqlite" || type == "time" ? "time" : ""},
        {{"unit", "dimensions are not described"},
         {"time", "only values of type sqlite are times"}});
    if (type == "values") {
        notes.check_children(element, {"value", "case_sensitive"}, {render_only});
        return parse_values(element, std::move(name), std::move(by_default));
    }
    if (type == "regex") {
        notes.check_children(element, {"regex"}, {render_only});
        return parse_pattern(element, std::move(name), std::move(by_default));
    }
    if (type == "sqlite" || type == "time") {
        notes.check_children(element, {"dbfile", "validate_query", "list_query"}, {render_only});
        const bool is_time =
            type == "time" || equals_ignoring_case(element.attribute("time").value_or(""), "true");
        return parse_query(element, std::move(name), std::move(by_default), scope, is_time);
    }
    if (type == "postgresql" || type == "elasticsearch") {
        notes.add_unused(element, "nothing here can ask such a database");
        return nullptr;
    }
    if (type == "intervals") {
        element.fail("type 'intervals' is gone since MapCache 1.6: use values or regex");
    }
    element.fail(fmt::format(
        "type '{}' is none of values, regex, sqlite, time, postgresql, elasticsearch", type));
}

}  // namespace offgrid::config
