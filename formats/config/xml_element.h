#pragma once

#include "formats/base/parse_number.h"

#include <fmt/core.h>
#include <pugixml.hpp>

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid::config {

class XmlDocument;

/// An element of an XML document that was read from a file, with what a parser of a configuration
/// asks of it. Texts are without the white space around them. A value; borrows from its document.
class XmlElement {
public:
    XmlElement(const XmlDocument& document, pugi::xml_node node)
        : document_{&document}, node_{node} {}

    std::string_view tag() const { return node_.name(); }

    /// The attribute `name`, empty when there is none.
    std::string name() const { return attribute("name").value_or(""); }

    /// The line of the file, from 1.
    int line() const;

    std::optional<std::string> attribute(const char* name) const;
    std::vector<std::pair<std::string, std::string>> attributes() const;
    std::string text() const;

    /// The first child of that tag, as MapCache takes it.
    std::optional<XmlElement> child(const char* tag) const;
    std::vector<XmlElement> children() const;
    std::vector<XmlElement> children(const char* tag) const;

    /// The text of a child; empty when there is no such child.
    std::string child_text(const char* tag) const;

    /// The text of a child that must be there and have one.
    std::string required_text(const char* tag) const;

    /// A required attribute, not empty.
    std::string required_attribute(const char* name) const;

    /// The number that is this element's text.
    template <typename Number>
    Number number(Number min, Number max) const {
        const auto value = parse_number<Number>(text());
        if (!value || !(*value >= min && *value <= max)) {
            const auto is_bounded = max < std::numeric_limits<Number>::max();
            fail_number(fmt::format("{}", min), is_bounded ? fmt::format("{}", max) : "");
        }
        return *value;
    }

    /// The number in a child, or the default when there is no such child.
    template <typename Number>
    Number child_number(const char* tag, Number by_default, Number min,
                        Number max = std::numeric_limits<Number>::max()) const {
        const auto found = child(tag);
        return found ? found->number(min, max) : by_default;
    }

    /// The zoom in an attribute, or the default when there is no such attribute.
    int zoom_attribute(const char* name, int by_default) const;

    /// Throw `invalid_argument`: `FILE:LINE: <tag> 'name': cause`. A child without a name speaks
    /// for the named element that it is in.
    [[noreturn]] void fail(std::string_view cause) const;

    /// `<tag> 'name'`, as messages call it.
    std::string shown() const;

private:
    /// An empty `max`: there is none.
    [[noreturn]] void fail_number(std::string_view min, std::string_view max) const;

    const XmlDocument* document_;
    pugi::xml_node node_;
};

/// An XML file in memory. Entities are read as expand_entities() says. Immutable.
class XmlDocument {
public:
    /// Throws `not_found`, `too_large` (16 MiB), and `corrupt` for what is not XML or has entities
    /// that are not read, naming the line.
    explicit XmlDocument(const std::filesystem::path& path);
    XmlDocument(const XmlDocument&) = delete;
    XmlDocument& operator=(const XmlDocument&) = delete;
    ~XmlDocument() = default;

    const std::string& file() const { return file_; }
    XmlElement root() const { return {*this, document_.document_element()}; }

    /// The line of a place in the file, from 1.
    int line_at(std::ptrdiff_t offset) const;

private:
    std::string file_;
    std::vector<std::ptrdiff_t> line_starts_;
    pugi::xml_document document_;
};

/// The words of a text, which white space or commas set apart.
std::vector<std::string> words_of(std::string_view text);

}  // namespace offgrid::config
