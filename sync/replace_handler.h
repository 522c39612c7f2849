#pragma once

#include "serve/log.h"
#include "sync/admin_request.h"
#include "sync/replace_counts.h"
#include "sync/replace_service.h"
#include "sync/stored_answers.h"

#include <vector>

namespace offgrid {

/// What a replace over HTTP works with. Nothing is owned; all of it outlives the routes.
struct ReplaceContext {
    ReplaceService& service;
    StoredAnswers& answers;
    ReplaceCounts& counts;
    Log log;
};

/// `POST …/sqlite/replace`: receives what is to be replaced, has it replaced, and reports.
/// README.md here has the form, the headers and the answers.
std::vector<AdminRoute> replace_routes(ReplaceContext context);

}  // namespace offgrid
