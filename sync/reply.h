#pragma once

#include "formats/base/error.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// An answer of the administration port. A value.
struct Reply {
    int status = 200;
    std::string media_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// A JSON document as it is written, with a line end behind it.
Reply json_reply(std::string body);

/// One line for people and scripts.
Reply text_reply(int status, std::string_view line);

/// How a client wants a message: as `{"error": "…"}`, or as the line alone.
enum class MessageForm { json, text };

/// The status of HTTP that tells a client what it can do next.
int status_of(Errc code);

/// A refusal with its reason. One that passes by itself (503) says when to come again.
Reply error_reply(int status, std::string_view message, MessageForm form);

/// The answer to a failure. What is not the client's doing is named only in kind, and `hidden`, an
/// absolute folder of this machine, is in no message.
Reply error_reply(const Error& error, const std::filesystem::path& hidden, MessageForm form);

}  // namespace offgrid
