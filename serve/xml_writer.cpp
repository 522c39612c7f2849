#include "serve/xml_writer.h"

#include "serve/service_document.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace offgrid {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// How many bytes the first character takes; 0 where they are no UTF-8 (RFC 3629, section 4), or no
/// character of XML 1.0.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
    const auto first = byte(0);
    if (first < 0x80) {
        return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
    }
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) {
        return 0;
    }
    std::uint32_t code = first & (0xFFU >> (length + 1));
    for (std::size_t at = 1; at < length; ++at) {
        if ((byte(at) & 0xC0U) != 0x80) {
            return 0;
        }
        code = code << 6U | (byte(at) & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> first_of_length{0, 0, 0x80, 0x800, 0x10000};
    const bool is_character = code >= first_of_length[length] && code <= 0x10FFFF &&
                              (code < 0xD800 || code > 0xDFFF) && code != 0xFFFE && code != 0xFFFF;
    return is_character ? length : 0;
}

bool is_plain(char c) {
    return c >= ' ' && c < 0x7F && c != '<' && c != '>' && c != '&' && c != '"';
}

}  // namespace

void append_xml_text(std::string& xml, std::string_view text) {
    while (!text.empty()) {
        const auto plain = static_cast<std::size_t>(
            std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
        xml += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) {
            return;
        }
        const auto length = character_length(text);
        switch (text.front()) {
            case '<':
                xml += "&lt;";
                break;
            case '>':
                xml += "&gt;";
                break;
            case '&':
                xml += "&amp;";
                break;
            case '"':
                xml += "&quot;";
                break;
            default:
                xml += length == 0 ? replacement : text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

XmlWriter::XmlWriter() : text_{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"} {}

void XmlWriter::start(std::string_view name, Attributes attributes) {
    text_ += '<';
    text_ += name;
    for (const auto& attribute : attributes) {
        text_ += ' ';
        text_ += attribute.name;
        text_ += "=\"";
        if (attribute.kind == Value::address) {
            text_ += ServiceDocument::root_mark;
        }
        append_xml_text(text_, attribute.value);
        text_ += '"';
    }
}

void XmlWriter::open(std::string_view name, Attributes attributes) {
    start(name, attributes);
    text_ += ">\n";
    open_.push_back(name);
}

void XmlWriter::close() {
    assert(!open_.empty());
    text_ += "</";
    text_ += open_.back();
    text_ += ">\n";
    open_.pop_back();
}

void XmlWriter::element(std::string_view name, std::string_view text, Attributes attributes) {
    start(name, attributes);
    text_ += '>';
    append_xml_text(text_, text);
    text_ += "</";
    text_ += name;
    text_ += ">\n";
}

void XmlWriter::address(std::string_view name, std::string_view rest) {
    start(name, {});
    text_ += '>';
    text_ += ServiceDocument::root_mark;
    append_xml_text(text_, rest);
    text_ += "</";
    text_ += name;
    text_ += ">\n";
}

void XmlWriter::empty(std::string_view name, Attributes attributes) {
    start(name, attributes);
    text_ += "/>\n";
}

std::string XmlWriter::take() {
    assert(open_.empty());
    return std::move(text_);
}

}  // namespace offgrid
