#include "serve/http_options.h"

#include "serve/host_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace offgrid {
namespace {

constexpr unsigned longest_time_s = 86'400;

/// A change of the users file counts after that: to read it for each tile would cost more than the
/// tile.
constexpr std::chrono::milliseconds users_interval{1'000};

/// Logins at a time whose password has to be hashed: one that is, the others wait.
constexpr unsigned max_logins = 3;

void add_time(CLI::App& verb, const std::string& name, std::chrono::milliseconds& time,
              const std::string& text) {
    verb.add_option_function<double>(
            name,
            [&time](double seconds) {
                time = std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)};
            },
            text)
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, static_cast<double>(longest_time_s)))
        ->default_str(fmt::format("{}", time.count() / 1000));
}

/// A configuration file whose keys are the long options of one verb.
class VerbConfig final : public CLI::ConfigTOML {
public:
    explicit VerbConfig(const CLI::App& verb) : verb_{verb} {}

    std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
        auto read = CLI::ConfigTOML::from_config(input);
        for (auto& item : read) {
            if (!item.parents.empty() || !is_option(item.name)) {
                throw CLI::ConfigError{fmt::format("'{}' is no option; there are: {}",
                                                   item.fullname(), fmt::join(names(), ", "))};
            }
            item.parents.push_back(verb_.get_name());
        }
        return read;
    }

private:
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto* const option : verb_.get_options()) {
            if (!option->get_lnames().empty() && option->get_configurable()) {
                names.push_back(option->get_lnames().front());
            } else if (option->get_positional()) {
                names.push_back(option->get_name());
            }
        }
        return names;
    }

    bool is_option(const std::string& name) const {
        const auto known = names();
        return std::ranges::find(known, name) != known.end();
    }

    const CLI::App& verb_;
};

}  // namespace

void add_http_options(CLI::App& verb, HttpWords& words, ConnectionLimits& limits) {
    verb.add_option("--public-url", words.public_url,
                    "The address at which clients see this server, where a proxy is in front of it")
        ->type_name("URL");
    verb.add_option("--allowed-hosts", words.allowed_hosts,
                    "The names by which it may be asked, such as maps.local,*.example.org; any "
                    "without this option")
        ->type_name("NAME,...")
        ->delimiter(',');
    verb.add_option("--cors", words.cors,
                    "Which pages of other sites may use the tiles: off, any, or origins such as "
                    "https://maps.example.org")
        ->type_name("off|any|ORIGIN,...")
        ->capture_default_str();
    verb.add_option("--max-age", words.max_ages,
                    "How long clients may keep tiles without asking again, of all layers or of one")
        ->type_name("[LAYER=]SECONDS");
    verb.add_option("--absent", words.absent, "What stands for a tile that is not there")
        ->check(CLI::IsMember({"404", "204", "transparent"}))
        ->capture_default_str();
    verb.add_option("--access-log", words.access_log,
                    "Log each request, in the combined format; - is standard error. SIGUSR1 opens "
                    "the file anew")
        ->type_name("FILE");
    auto* const certificate =
        verb.add_option("--tls-cert", words.tls_certificate,
                        "Serve over HTTPS with this certificate and those behind it, in PEM")
            ->type_name("FILE");
    auto* const key =
        verb.add_option("--tls-key", words.tls_key, "The key of the certificate, in PEM")
            ->type_name("FILE");
    certificate->needs(key);
    key->needs(certificate);
    verb.add_option("--readers", words.readers,
                    "Answer only users of this file, as `offgrid passwd` and `offgrid token` make "
                    "it: by name and password, or token")
        ->type_name("FILE");
    verb.add_option("--user", words.user,
                    "Become this user, and group, once it listens and its key is read")
        ->type_name("NAME[:GROUP]");
    verb.add_option("--max-connections", limits.connections,
                    "Clients connected at a time; when all places are taken, who has been idle for "
                    "longest makes room")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    verb.add_option("--max-connections-per-client", limits.connections_per_address,
                    "Of one address, or network of IPv6; 0: as many as in all")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    add_time(verb, "--idle-timeout", limits.idle, "How long a client may be connected and not ask");
    add_time(verb, "--header-timeout", limits.header, "How long the header of a request may take");
    add_time(verb, "--body-timeout", limits.body, "How long what comes with a request may take");
    add_time(verb, "--send-timeout", limits.send_grace,
             "How long a client may take an answer as slowly as it likes; then 1 KiB a second");
}

void add_config_option(CLI::App& app, CLI::App& verb) {
    verb.configurable();
    verb.fallthrough();  // --config is an option of the program, wherever it stands
    app.config_formatter(std::make_shared<VerbConfig>(verb));
    app.set_config("--config", "", "Read options from this file: TOML, one `option = value` a line")
        ->type_name("FILE");
    app.allow_config_extras(CLI::config_extras_mode::error);
}

AnswerOptions answer_options(const HttpWords& words, unsigned threads) {
    std::shared_ptr<const Logins> readers;
    if (!words.readers.empty()) {
        // A thread that hashes, or waits until it may, keeps all its connections waiting, also
        // those of who has logged in before. So few do, and who comes then is to come again.
        readers = std::make_shared<const Logins>(
            words.readers, LoginOptions{.users_interval = users_interval,
                                        .max_hashing = std::clamp(threads / 2, 1U, max_logins)});
    }

    const auto absent = words.absent == "204"           ? AbsentTiles::no_content
                        : words.absent == "transparent" ? AbsentTiles::transparent
                                                        : AbsentTiles::not_found;
    return {.hosts = AllowedHosts{words.allowed_hosts},
            .cors = Cors{words.cors},
            .absent = absent,
            .readers = std::move(readers)};
}

MaxAges max_ages(const HttpWords& words) {
    MaxAges ages;
    for (const auto& word : words.max_ages) {
        ages.add(word);
    }
    return ages;
}

}  // namespace offgrid
