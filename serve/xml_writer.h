#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace offgrid {

/// Writes an XML 1.0 document from its beginning to its end into one text. For documents of many
/// layers: a tree of ten thousand takes more memory than the server otherwise has.
///
/// Texts and values of attributes may hold any bytes: what has a meaning in XML is escaped, what is
/// not UTF-8 or no character of XML (section 2.2) becomes U+FFFD. Names are literals. A value.
class XmlWriter {
public:
    /// A value that is an address of the service has only what follows the service's own.
    enum class Value { text, address };

    struct Attribute {
        std::string_view name{};
        std::string_view value{};
        Value kind = Value::text;
    };
    using Attributes = std::initializer_list<Attribute>;

    /// Starts with the declaration.
    XmlWriter();

    void open(std::string_view name, Attributes attributes = {});

    /// End the element that was opened last. REQUIRES: there is one.
    void close();

    /// A whole element with that text.
    void element(std::string_view name, std::string_view text, Attributes attributes = {});

    /// An element whose text is an address of the service, as that of an attribute can be.
    void address(std::string_view name, std::string_view rest);

    /// An element without content.
    void empty(std::string_view name, Attributes attributes);

    /// Elements that were written already.
    void raw(std::string_view elements) { text_ += elements; }

    /// The document. REQUIRES: all elements are closed.
    std::string take();

private:
    void start(std::string_view name, Attributes attributes);

    std::string text_;
    std::vector<std::string_view> open_;
};

/// Append the text to XML, where it is text again when it is read.
void append_xml_text(std::string& xml, std::string_view text);

}  // namespace offgrid
