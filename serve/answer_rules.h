#pragma once

#include "serve/access/logins.h"
#include "serve/cors.h"
#include "serve/host_name.h"
#include "serve/request.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace offgrid {

/// What a client gets for a tile that a layer could have and has not.
enum class AbsentTiles { not_found, no_content, transparent };

/// What holds for every answer, whatever it is about.
struct AnswerOptions {
    AllowedHosts hosts{};
    Cors cors{};
    AbsentTiles absent = AbsentTiles::not_found;
    std::shared_ptr<const Logins> readers{};  ///< who may read; null: everybody
};

/// What is known of a request before a handler sees it.
struct Admission {
    std::optional<Response> answer{};  ///< where no handler is to see it
    bool is_reader = true;             ///< whether who asks may know what is served
    std::string user{};                ///< who has logged in; empty: nobody
};

/// What is the same for every address: by which names this server may be asked and by whom, what
/// stands for an absent tile, the coding and the part of the body that a client takes, and the
/// headers of each answer. Whether the server is well everybody may ask, by any name. Safe for
/// concurrent use; owns the bodies that it hands out, and outlives the answers.
class AnswerRules {
public:
    explicit AnswerRules(AnswerOptions options) : options_{std::move(options)} {}

    /// Throws what `Logins::decide` throws.
    Admission admit(const Request& request) const;

    /// Make of a handler's answer what the client gets. Throws `corrupt` for a body that cannot be
    /// unpacked for a client that does not.
    Response finish(Response response, const Request& request) const;

    /// The same without looking at the body, which is of no layer.
    Response finish_refusal(Response response, const Request& request) const;

private:
    Admission admit_reader(const Request& request) const;
    Response instead_of(Response absent, const Request& request) const;
    BytesView transparent_tile(int size) const;
    void add_headers(Response& response, const Request& request) const;

    AnswerOptions options_;
    mutable std::mutex mutex_;
    mutable std::map<int, Bytes> transparent_tiles_;  // by size; never removed
};

}  // namespace offgrid
