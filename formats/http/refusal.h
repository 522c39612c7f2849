#pragma once

#include "formats/base/error.h"
#include "formats/http/http_client.h"

namespace offgrid::http {

/// The error that an answer with a status of failure stands for: `answered 403: the beginning of
/// its text`. 401 and 403 are `denied`, 413 `too_large`, 507 `no_space`, 408, 429, 503 and 504
/// `busy`, all others `io`.
Error refusal(const Answer& answer);

/// The same with another text after the status.
Error refusal(const Answer& answer, std::string_view text);

}  // namespace offgrid::http
