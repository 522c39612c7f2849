#include "formats/config/xml_element.h"

#include "formats/base/error.h"
#include "formats/base/file_ops.h"
#include "formats/base/text.h"
#include "formats/config/xml_entities.h"

#include <algorithm>

namespace offgrid::config {
namespace {

constexpr std::uint64_t max_file_bytes = 16 << 20;

bool has_name(pugi::xml_node node) {
    return *node.attribute("name").value() != '\0';
}

std::string shown_node(pugi::xml_node node) {
    return has_name(node) ? fmt::format("<{}> '{}'", node.name(), node.attribute("name").value())
                          : fmt::format("<{}>", node.name());
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
    constexpr std::string_view separators = ", \t\r\n";
    std::vector<std::string> words;
    for (auto start = text.find_first_not_of(separators); start != std::string_view::npos;) {
        const auto end = std::min(text.find_first_of(separators, start), text.size());
        words.emplace_back(text.substr(start, end - start));
        start = text.find_first_not_of(separators, end);
    }
    return words;
}

XmlDocument::XmlDocument(const std::filesystem::path& path) : file_{path.string()} {
    const auto bytes = read_file(path, max_file_bytes);
    const auto content =
        expand_entities({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file_);
    line_starts_.push_back(0);
    for (std::size_t i = 0; i < content.size(); ++i) {
        if (content[i] == '\n') {
            line_starts_.push_back(static_cast<std::ptrdiff_t>(i) + 1);
        }
    }
    // Bytes are taken as they are, as MapCache does, so that offsets stay those of the content.
    const auto result = document_.load_buffer(content.data(), content.size(), pugi::parse_default,
                                              pugi::encoding_utf8);
    if (!result) {
        throw Error{Errc::corrupt, fmt::format("{}:{}: not XML: {}", file_, line_at(result.offset),
                                               result.description())};
    }
}

int XmlDocument::line_at(std::ptrdiff_t offset) const {
    return static_cast<int>(std::ranges::upper_bound(line_starts_, offset) - line_starts_.begin());
}

int XmlElement::line() const {
    return document_->line_at(node_.offset_debug());
}

std::optional<std::string> XmlElement::attribute(const char* name) const {
    const auto found = node_.attribute(name);
    return found ? std::optional{std::string{trimmed(found.value())}} : std::nullopt;
}

std::vector<std::pair<std::string, std::string>> XmlElement::attributes() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto attribute : node_.attributes()) {
        all.emplace_back(attribute.name(), trimmed(attribute.value()));
    }
    return all;
}

std::string XmlElement::text() const {
    std::string text;
    for (const auto piece : node_.children()) {
        if (piece.type() == pugi::node_pcdata || piece.type() == pugi::node_cdata) {
            text += piece.value();
        }
    }
    return std::string{trimmed(text)};
}

std::optional<XmlElement> XmlElement::child(const char* tag) const {
    const auto found = node_.child(tag);
    return found ? std::optional{XmlElement{*document_, found}} : std::nullopt;
}

std::vector<XmlElement> XmlElement::children() const {
    std::vector<XmlElement> all;
    for (const auto node : node_.children()) {
        if (node.type() == pugi::node_element) {
            all.emplace_back(*document_, node);
        }
    }
    return all;
}

std::vector<XmlElement> XmlElement::children(const char* tag) const {
    std::vector<XmlElement> all;
    for (const auto node : node_.children(tag)) {
        all.emplace_back(*document_, node);
    }
    return all;
}

std::string XmlElement::child_text(const char* tag) const {
    const auto found = child(tag);
    return found ? found->text() : std::string{};
}

std::string XmlElement::required_text(const char* tag) const {
    const auto found = child(tag);
    if (!found) {
        fail(fmt::format("<{}> is missing", tag));
    }
    auto text = found->text();
    if (text.empty()) {
        found->fail("has no text");
    }
    return text;
}

std::string XmlElement::required_attribute(const char* name) const {
    auto value = attribute(name).value_or("");
    if (value.empty()) {
        fail(fmt::format("attribute '{}' is missing", name));
    }
    return value;
}

int XmlElement::zoom_attribute(const char* name, int by_default) const {
    const auto text = attribute(name);
    if (!text) {
        return by_default;
    }
    const auto zoom = parse_number<int>(*text);
    if (!zoom || *zoom < 0) {
        fail(fmt::format("{} '{}' is no zoom", name, *text));
    }
    return *zoom;
}

std::string XmlElement::shown() const {
    return shown_node(node_);
}

void XmlElement::fail(std::string_view cause) const {
    auto named = node_;
    while (named && !has_name(named)) {
        named = named.parent();
    }
    std::string subject;
    if (!named) {
        subject = shown_node(node_);
    } else {
        subject = shown_node(named);
        if (named != node_) {
            subject += fmt::format(": {}", shown_node(node_));
        }
    }
    throw Error{Errc::invalid_argument,
                fmt::format("{}:{}: {}: {}", document_->file(), line(), subject, cause)};
}

void XmlElement::fail_number(std::string_view min, std::string_view max) const {
    fail(max.empty() ? fmt::format("'{}' is no number of at least {}", text(), min)
                     : fmt::format("'{}' is no number from {} to {}", text(), min, max));
}

}  // namespace offgrid::config
