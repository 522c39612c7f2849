#pragma once

#include "serve/access/identity.h"
#include "sync/reply.h"

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offgrid {

/// A request of the administration port from somebody who may send it. Valid for the length of the
/// call.
struct AdminRequest {
    std::string method{};  ///< upper case
    std::string path{};    ///< canonical, percent-decoded, without query
    std::vector<std::pair<std::string, std::string>> query{};
    std::string content_type{};
    std::string remote_address{};
    bool is_secure = false;  ///< came through TLS
    Identity caller{};
    MessageForm form = MessageForm::json;  ///< how messages are wanted
    std::function<std::string(const std::string& name)>
        header{};  ///< all its lines, with commas between; empty where there is none
    std::istream* body = nullptr;  ///< bounded; never null
    std::vector<std::pair<std::string, std::string>>
        parameters{};  ///< what stands for the names in the route's pattern

    /// What stands for `{name}` in the path. Empty where the pattern has no such name.
    std::string_view parameter(std::string_view name) const {
        for (const auto& [known, value] : parameters) {
            if (known == name) {
                return value;
            }
        }
        return {};
    }
};

/// Answers one request. Called by many threads at once; an Error becomes the reply that says so.
using AdminHandler = std::function<Reply(AdminRequest& request)>;

/// A body that its handler reads while it comes in.
struct StreamedBody {
    std::uint64_t max_bytes = 0;

    /// Called with the announced length before the client is invited to send; throws what it is
    /// told instead.
    std::function<void(std::uint64_t bytes)> admit{};
};

/// Who answers requests of one method to the paths of one pattern: text, and `{name}` for what
/// varies, at most once between two slashes: `/seed/{layer}.json`.
struct AdminRoute {
    std::string method{};
    std::string pattern{};
    Role least = Role::admin;
    AdminHandler handler{};
    std::optional<StreamedBody> streamed{};  ///< nothing: the body is small and there already
};

}  // namespace offgrid
