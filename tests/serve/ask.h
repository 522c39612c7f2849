#pragma once

#include "serve/layer_set.h"
#include "serve/router.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace offgrid::test {

/// What a router says, without a server around it.
struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers{};  ///< names as they are sent
    std::string body{};
};

/// What `router` answers to an address with or without a query, for a client that knows the server
/// as `base`.
inline Answer ask(const Router& router, std::string_view address, Request request = {}) {
    const auto question = std::min(address.find('?'), address.size());
    request.path = address.substr(0, question);
    auto query = address.substr(std::min(question + 1, address.size()));
    while (!query.empty()) {
        const auto field = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(field.size() + 1, query.size()));
        const auto equals = std::min(field.find('='), field.size());
        request.query.push_back({.name = field.substr(0, equals),
                                 .value = field.substr(std::min(equals + 1, field.size()))});
    }
    const auto response = router.answer(request);
    Answer answer{.status = response.status};
    for (const auto& header : response.headers) {
        answer.headers.emplace(header.name, header.value);
    }
    const auto content = response.content();
    answer.body.assign(content.begin(), content.end());
    return answer;
}

}  // namespace offgrid::test
