#include "sync/reply.h"

#include <nlohmann/json.hpp>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view shown_for_hidden = "(depot)";

std::string dump(const Json& json) {
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json or_null(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

/// Whether a path that ends there is a whole one: nothing of the name goes on behind it.
bool is_boundary(char c) {
    return std::string_view{" '\"`:;,()[]<>"}.find(c) != std::string_view::npos;
}

/// Put something else in place of the folder wherever a path in the text starts with it.
void hide_folder(std::string& text, const std::string& folder) {
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) {
        const auto end = at + folder.size();
        const bool starts_path = at == 0 || is_boundary(text[at - 1]);
        const bool ends_name = end == text.size() || text[end] == '/' || is_boundary(text[end]);
        if (starts_path && ends_name) {
            text.replace(at, folder.size(), shown_for_hidden);
        }
        ++at;
    }
}

}  // namespace

int status_of(Errc code) {
    switch (code) {
        case Errc::invalid_argument:
            return 400;
        case Errc::denied:
            return 403;
        case Errc::not_found:
            return 404;
        case Errc::already_exists:
            return 409;
        case Errc::stale:
            return 412;
        case Errc::too_large:
            return 413;
        case Errc::corrupt:
        case Errc::unsupported:
            return 422;
        case Errc::busy:
        case Errc::interrupted:
            return 503;
        case Errc::no_space:
            return 507;
        case Errc::io:
            return 500;
    }
    return 500;
}

Reply error_reply(int status, std::string_view message, MessageForm form) {
    if (form == MessageForm::text) {
        return {.status = status,
                .media_type = "text/plain; charset=utf-8",
                .body = std::string{message} + "\n",
                .headers = {}};
    }
    return {.status = status, .body = dump({{"error", message}}), .headers = {}};
}

Reply error_reply(const Error& error, const std::filesystem::path& hidden, MessageForm form) {
    const auto status = status_of(error.code());
    if (error.code() == Errc::io) {
        return error_reply(status, "the server failed; its log says why", form);
    }
    if (error.code() == Errc::no_space) {
        return error_reply(status, "the server's disk is full", form);
    }
    std::string message = error.what();
    hide_folder(message, hidden.string());
    return error_reply(status, message, form);
}

Reply report_reply(const ReplaceReport& report) {
    Json json{{"layer", report.layer}, {"generation", report.generation}, {"files", Json::array()}};
    for (const auto& file : report.files) {
        json["files"].push_back({{"name", file.name},
                                 {"old_sha256", or_null(file.old_sha256)},
                                 {"new_sha256", or_null(file.new_sha256)},
                                 {"tiles", file.tiles},
                                 {"bytes", file.bytes}});
    }
    json["drained"] = report.is_drained;
    json["drained_ms"] = report.drained.count();
    return {.body = dump(json), .headers = {}};
}

}  // namespace offgrid
