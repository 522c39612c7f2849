#include "sync/replace_form.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/base/text.h"
#include "sync/entry_names.h"

#include <Poco/Net/HTMLForm.h>
#include <Poco/Net/MessageHeader.h>
#include <Poco/Net/MultipartReader.h>
#include <Poco/Net/NameValueCollection.h>
#include <Poco/Net/NetException.h>
#include <Poco/String.h>
#include <fmt/format.h>

#include <set>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

constexpr std::size_t piece_bytes = 1 << 18;
constexpr std::size_t max_field_bytes = 8192;
constexpr std::size_t max_urlencoded_bytes = 65'536;
constexpr int max_parts = 256;  // a hash for each of many files
constexpr int max_part_headers = 16;

/// RFC 2046, section 5.1.1.
constexpr std::size_t max_boundary_bytes = 70;

Error bad_body(std::string_view cause) {
    return Error{Errc::invalid_argument, fmt::format("cannot read the form: {}", cause)};
}

bool parse_flag(std::string_view name, std::string_view value) {
    if (value == "true" || value == "1") {
        return true;
    }
    if (value == "false" || value == "0" || value.empty()) {
        return false;
    }
    throw Error{Errc::invalid_argument, fmt::format("`{}` is neither true nor false", name)};
}

std::string parse_sha256(std::string_view name, std::string_view value) {
    auto sha256 = lower_case(value);
    const bool is_hex = sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!sha256.empty() && (sha256.size() != 64 || !is_hex)) {
        throw Error{Errc::invalid_argument,
                    fmt::format("`{}` is no SHA-256 in 64 hex digits", printable(name))};
    }
    return sha256;
}

/// Put a field where it belongs. False for a name that means nothing here.
bool set_field(ReplaceRequest& request, std::string_view name, std::string value) {
    constexpr std::string_view of_file = "sha256:";
    if (name == "layer") {
        request.layer = std::move(value);
    } else if (name == "destination") {
        request.destination = std::move(value);
    } else if (name == "source") {
        request.source = std::move(value);
    } else if (name == "sha256") {
        request.sha256 = parse_sha256(name, value);
    } else if (name.starts_with(of_file)) {
        if (auto sha256 = parse_sha256(name, value); !sha256.empty()) {
            request.sha256_by_name.emplace(name.substr(of_file.size()), std::move(sha256));
        }
    } else if (name == "if_match") {
        request.precondition.if_match = std::move(value);
    } else if (name == "if_none_match") {
        request.precondition.if_none_match = std::move(value);
    } else if (name == "dry_run") {
        request.is_dry_run = parse_flag(name, value);
    } else if (name == "strict") {
        request.is_strict = parse_flag(name, value);
    } else {
        return false;
    }
    return true;
}

/// Throws for what a strict form may not have.
void check_strict(const ReplaceForm& form, const std::set<std::string>& unknown) {
    if (!form.request.is_strict) {
        return;
    }
    if (!unknown.empty()) {
        throw Error{Errc::invalid_argument,
                    fmt::format("unknown field `{}`", printable(*unknown.begin()))};
    }
    if (form.upload && !form.request.source.empty()) {
        throw Error{Errc::invalid_argument, "`file` and `source` are both given"};
    }
}

/// Reads the parts of a multipart body one after the other.
class MultipartForm {
public:
    MultipartForm(std::istream& body, const std::string& boundary, FileOps& files,
                  const std::filesystem::path& upload_path, const Limits& limits,
                  const OnLayer& on_layer)
        : reader_{body, boundary},
          files_{files},
          upload_path_{upload_path},
          limits_{limits},
          on_layer_{on_layer} {}

    ReplaceForm read() {
        for (int parts = 0; reader_.hasNextPart(); ++parts) {
            if (parts == max_parts) {
                throw bad_body(fmt::format("more than {} parts", max_parts));
            }
            Poco::Net::MessageHeader header;
            header.setFieldLimit(max_part_headers);
            reader_.nextPart(header);
            read_part(name_of_part(header), reader_.stream());
            // A connection that breaks off looks like the end of a part; only the closing boundary
            // tells.
            const auto& stream = dynamic_cast<const Poco::Net::MultipartIOS&>(reader_.stream());
            is_complete_ = stream.lastPart();
        }
        if (!is_complete_) {
            throw bad_body("it ends early");
        }
        check_strict(form_, unknown_);
        return std::move(form_);
    }

private:
    std::string name_of_part(const Poco::Net::MessageHeader& header) {
        std::string disposition;
        Poco::Net::NameValueCollection parameters;
        Poco::Net::MessageHeader::splitParameters(header.get("Content-Disposition", ""),
                                                  disposition, parameters);
        auto name = parameters.get("name", "");
        if (!names_.insert(name).second) {
            throw bad_body("two parts have one name");
        }
        return name;
    }

    void read_part(const std::string& name, std::istream& stream) {
        if (name == "file") {
            receive(stream);
            return;
        }
        const auto size = read_piece(stream);
        if (size > max_field_bytes) {
            throw bad_body(fmt::format("a field is longer than {} bytes", max_field_bytes));
        }
        if (!set_field(form_.request, name, piece_.substr(0, size))) {
            unknown_.insert(name);
        }
        if (name == "layer" && on_layer_) {
            on_layer_(form_.request.layer);
        }
    }

    void receive(std::istream& stream) {
        std::unique_ptr<OutputFile> file;
        Sha256 hash;
        std::uint64_t received = 0;
        while (const auto size = read_piece(stream)) {
            received += size;
            if (received > limits_.max_upload_bytes) {
                throw Error{Errc::too_large, fmt::format("the upload is larger than {} bytes",
                                                         limits_.max_upload_bytes)};
            }
            if (file == nullptr) {
                file = files_.create(upload_path_);
            }
            const auto piece = as_bytes({piece_.data(), size});
            file->append(piece);
            hash.update(piece);
        }
        if (received > 0) {
            form_.upload = Upload{upload_path_, hash.finish_hex(), received};
        }
    }

    std::size_t read_piece(std::istream& stream) {
        stream.read(piece_.data(), static_cast<std::streamsize>(piece_.size()));
        return static_cast<std::size_t>(stream.gcount());
    }

    Poco::Net::MultipartReader reader_;
    FileOps& files_;
    const std::filesystem::path& upload_path_;
    const Limits& limits_;
    const OnLayer& on_layer_;
    std::set<std::string> names_;
    std::set<std::string> unknown_;
    std::string piece_ = std::string(piece_bytes, '\0');
    bool is_complete_ = false;
    ReplaceForm form_;
};

ReplaceForm read_urlencoded(std::istream& body) {
    Poco::Net::HTMLForm fields;
    fields.setFieldLimit(max_parts);
    fields.setValueLengthLimit(static_cast<int>(max_field_bytes));
    std::string text(max_urlencoded_bytes + 1, '\0');
    body.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(body.gcount()));
    if (text.size() > max_urlencoded_bytes) {
        throw bad_body(fmt::format("it is longer than {} bytes", max_urlencoded_bytes));
    }
    fields.read(text);
    ReplaceForm form;
    std::set<std::string> names;
    std::set<std::string> unknown;
    for (const auto& [name, value] : fields) {
        if (!names.insert(name).second) {
            throw bad_body("two fields have one name");
        }
        if (!set_field(form.request, name, value)) {
            unknown.insert(name);
        }
    }
    check_strict(form, unknown);
    return form;
}

}  // namespace

std::string ReplaceForm::sha256() const {
    Sha256 hash;
    const auto add = [&](std::string_view text) {
        hash.update(as_bytes(fmt::format("{}:", text.size())));
        hash.update(as_bytes(text));
    };
    for (const auto& text : {request.layer, request.destination, request.source, request.sha256,
                             request.precondition.if_match, request.precondition.if_none_match,
                             upload ? upload->sha256 : std::string{}}) {
        add(text);
    }
    add(request.is_dry_run ? "dry" : "");
    add(request.is_strict ? "strict" : "");
    for (const auto& [name, sha256_of_file] : request.sha256_by_name) {
        add(name);
        add(sha256_of_file);
    }
    return hash.finish_hex();
}

ReplaceForm read_replace_form(std::istream& body, const std::string& content_type, FileOps& files,
                              const std::filesystem::path& upload_path, const Limits& limits,
                              const OnLayer& on_layer) {
    std::string media_type;
    Poco::Net::NameValueCollection parameters;
    Poco::Net::MessageHeader::splitParameters(content_type, media_type, parameters);
    Poco::toLowerInPlace(media_type);
    try {
        if (media_type == "application/x-www-form-urlencoded") {
            return read_urlencoded(body);
        }
        if (media_type == "multipart/form-data") {
            const auto boundary = parameters.get("boundary", "");
            if (boundary.empty() || boundary.size() > max_boundary_bytes) {
                throw bad_body("its Content-Type gives no usable boundary");
            }
            return MultipartForm{body, boundary, files, upload_path, limits, on_layer}.read();
        }
    } catch (const Poco::Exception& error) {
        throw bad_body(error.displayText());
    }
    throw Error{Errc::invalid_argument, "the body must be multipart/form-data"};
}

}  // namespace offgrid
