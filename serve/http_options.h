#pragma once

#include "serve/answer_rules.h"
#include "serve/connection_watch.h"
#include "serve/max_ages.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace offgrid {

/// What the command line says about HTTP, as it was written.
struct HttpWords {
    std::string public_url{};                  ///< empty: what the client asks for
    std::vector<std::string> allowed_hosts{};  ///< empty: all
    std::string cors = "any";                  ///< off, any, or origins
    std::vector<std::string> max_ages{};       ///< SECONDS or LAYER=SECONDS
    std::string absent = "404";                ///< 404, 204 or transparent
    std::filesystem::path access_log{};        ///< empty: none; -: standard error
    std::filesystem::path tls_certificate{};   ///< empty: no TLS
    std::filesystem::path tls_key{};           ///< of the certificate
    std::filesystem::path readers{};           ///< users file of who may read; empty: everybody
    std::string user{};                        ///< NAME[:GROUP] to become; empty: stay
};

/// Add the options to a verb. What they point to outlives the verb.
void add_http_options(CLI::App& verb, HttpWords& words, ConnectionLimits& limits);

/// Let the options of a verb come from a file too, `--config FILE`: TOML, one `option = value` a
/// line; what the command line says wins. A key that is no option is an error that lists those that
/// are.
void add_config_option(CLI::App& app, CLI::App& verb);

/// What the words say of every answer, with so many requests worked on at a time. Throws
/// `invalid_argument` for words that say nothing, and what reading the users file fails with.
AnswerOptions answer_options(const HttpWords& words, unsigned threads);
MaxAges max_ages(const HttpWords& words);

}  // namespace offgrid
