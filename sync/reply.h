#pragma once

#include "formats/base/error.h"
#include "sync/replace_service.h"

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

/// How a client wants a message: as `{"error": "…"}`, or as the line alone.
enum class MessageForm { json, text };

/// The status of HTTP that tells a client what it can do next.
int status_of(Errc code);

/// A refusal with its reason.
Reply error_reply(int status, std::string_view message, MessageForm form);

/// The answer to a failure. What is not the client's doing is named only in kind, and `hidden`, an
/// absolute folder of this machine, is in no message.
Reply error_reply(const Error& error, const std::filesystem::path& hidden, MessageForm form);

/// The answer to a replace that succeeded.
Reply report_reply(const ReplaceReport& report);

}  // namespace offgrid
