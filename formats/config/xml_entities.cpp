#include "formats/config/xml_entities.h"

#include "formats/base/error.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

namespace offgrid::config {
namespace {

constexpr std::size_t max_put_in_place = std::size_t{1} << 20;
constexpr std::size_t max_reference = 256;  // bytes; what is longer is no reference
constexpr std::string_view white_space = " \t\r\n";

/// An entity's value, fit to stand in text and in an attribute of either quote on one line.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        switch (c) {
            case '"':
                text += "&quot;";
                break;
            case '\'':
                text += "&apos;";
                break;
            case '\n':
                text += "&#10;";
                break;
            case '\r':
                text += "&#13;";
                break;
            default:
                text += c;
        }
    }
    return text;
}

/// Whether the name, of what is between `&` and `;`, means a character in any XML.
bool is_character(std::string_view name) {
    return name.starts_with('#') || name == "amp" || name == "lt" || name == "gt" ||
           name == "quot" || name == "apos";
}

/// One walk through a document, from its begin to its end.
class EntityExpander {
public:
    EntityExpander(std::string_view content, std::string_view file)
        : content_{content}, file_{file} {}

    std::string expand() {
        while (at_ < content_.size()) {
            // Most of it is plain text, copied at once.
            const auto special = std::min(content_.find_first_of("<&", at_), content_.size());
            expanded_ += content_.substr(at_, special - at_);
            at_ = special;
            if (at_ < content_.size() && !copy_between("<!--", "-->") &&
                !copy_between("<![CDATA[", "]]>") && !copy_between("<?", "?>") && !copy_doctype() &&
                !replace_reference()) {
                expanded_ += content_[at_++];
            }
        }
        return std::move(expanded_);
    }

private:
    bool starts_with(std::string_view text) const { return content_.substr(at_).starts_with(text); }

    /// The place after that text, or the end.
    std::size_t after(std::string_view text, std::size_t from) const {
        const auto found = content_.find(text, from);
        return found == std::string_view::npos ? content_.size() : found + text.size();
    }

    bool copy_between(std::string_view begin, std::string_view end) {
        if (!starts_with(begin)) {
            return false;
        }
        const auto next = after(end, at_ + begin.size());
        expanded_ += content_.substr(at_, next - at_);
        at_ = next;
        return true;
    }

    bool copy_doctype() {
        if (!starts_with("<!DOCTYPE")) {
            return false;
        }
        const auto begin = at_;
        bool is_inside = false;
        while (at_ < content_.size()) {
            const char c = content_[at_];
            if (c == '"' || c == '\'') {
                at_ = after({&c, 1}, at_ + 1);
            } else if (starts_with("<!--")) {
                at_ = after("-->", at_);
            } else if (starts_with("<?")) {
                at_ = after("?>", at_);
            } else if (is_inside && starts_with("<!ENTITY")) {
                declare_entity();
            } else if (is_inside && c == '%') {
                fail("parameter entities are not read: write the text itself");
            } else if (c == '>' && !is_inside) {
                ++at_;
                break;
            } else {
                is_inside = c == '[' || (is_inside && c != ']');
                ++at_;
            }
        }
        expanded_ += content_.substr(begin, at_ - begin);
        return true;
    }

    void skip_white_space() {
        at_ = std::min(content_.find_first_not_of(white_space, at_), content_.size());
    }

    std::string_view take_word() {
        skip_white_space();
        const auto end = std::min(content_.find_first_of(" \t\r\n>\"'", at_), content_.size());
        const auto word = content_.substr(at_, end - at_);
        at_ = end;
        return word;
    }

    void declare_entity() {
        at_ += std::string_view{"<!ENTITY"}.size();
        const auto name = take_word();
        if (name == "%") {
            fail("parameter entities are not read: write the text itself");
        }
        skip_white_space();
        const auto quote = content_.substr(at_, 1);
        if (quote != "\"" && quote != "'") {
            fail(
                fmt::format("entity '{}' is in another file, which is not read: write the text "
                            "itself",
                            name));
        }
        const auto end = content_.find(quote, at_ + 1);
        if (end == std::string_view::npos) {
            fail(fmt::format("entity '{}' has no end", name));
        }
        const auto value = content_.substr(at_ + 1, end - at_ - 1);
        check_value(name, value);
        entities_.emplace(name, escaped(value));  // XML: the first declaration counts
        at_ = end + 1;
    }

    void check_value(std::string_view name, std::string_view value) const {
        if (value.find('<') != std::string_view::npos) {
            fail(fmt::format("entity '{}' holds markup, which is not read: write it out", name));
        }
        for (auto start = value.find('&'); start != std::string_view::npos;
             start = value.find('&', start + 1)) {
            const auto end = value.find(';', start);
            if (end != std::string_view::npos &&
                !is_character(value.substr(start + 1, end - start - 1))) {
                fail(fmt::format("entity '{}' names another entity: write the text itself", name));
            }
        }
    }

    bool replace_reference() {
        if (content_[at_] != '&' || entities_.empty()) {
            return false;
        }
        const auto rest = content_.substr(at_ + 1, max_reference);
        const auto end = rest.find(';');
        const auto found =
            end == std::string_view::npos ? entities_.end() : entities_.find(rest.substr(0, end));
        if (found == entities_.end()) {
            return false;
        }
        put_in_place_ += found->second.size();
        if (put_in_place_ > max_put_in_place) {
            fail(fmt::format("entities put more than {} bytes in place", max_put_in_place));
        }
        expanded_ += found->second;
        at_ += end + 2;  // the & and the ;
        return true;
    }

    [[noreturn]] void fail(std::string_view cause) const {
        const auto line = 1 + std::ranges::count(content_.substr(0, at_), '\n');
        throw Error{Errc::corrupt, fmt::format("{}:{}: {}", file_, line, cause)};
    }

    std::string_view content_;
    std::string_view file_;
    std::size_t at_ = 0;
    std::map<std::string, std::string, std::less<>> entities_;
    std::size_t put_in_place_ = 0;
    std::string expanded_;
};

}  // namespace

std::string expand_entities(std::string_view content, std::string_view file) {
    return EntityExpander{content, file}.expand();
}

}  // namespace offgrid::config
