#include "pack/commands/command.h"

#include <fmt/format.h>

#include <cstdio>

namespace offgrid {

ExitCode exit_code_of(Errc code) {
    switch (code) {
        case Errc::interrupted:
            return exit_interrupted;
        case Errc::invalid_argument:
        case Errc::not_found:
            return exit_usage;
        case Errc::already_exists:
        case Errc::denied:
        case Errc::corrupt:
        case Errc::unsupported:
        case Errc::too_large:
        case Errc::stale:
        case Errc::busy:
        case Errc::no_space:
        case Errc::io:
            break;
    }
    return exit_failure;
}

std::string with_name(std::string_view name, std::string_view message) {
    return message.find(name) != std::string_view::npos ? std::string{message}
                                                        : fmt::format("{}: {}", name, message);
}

std::optional<CommandLineAnswer> parse_words(CLI::App& app, Words words,
                                             const std::function<void()>& read) {
    app.set_version_flag("--version", "offgrid " OFFGRID_VERSION);
    try {
        app.parse(static_cast<int>(words.size()), words.data());
        read();
    } catch (const CLI::CallForHelp&) {
        return CommandLineAnswer{app.help(), exit_ok};
    } catch (const CLI::CallForVersion& version) {
        return CommandLineAnswer{fmt::format("{}\n", version.what()), exit_ok};
    } catch (const CLI::ParseError& error) {
        return CommandLineAnswer{
            fmt::format("offgrid-pack: {} (see {} --help)\n", error.what(), app.get_name()),
            exit_usage};
    } catch (const Error& error) {
        return CommandLineAnswer{fmt::format("offgrid-pack: {}\n", error.what()), exit_usage};
    }
    return std::nullopt;
}

int print(const CommandLineAnswer& answer) {
    fmt::print(answer.exit_code == exit_ok ? stdout : stderr, "{}", answer.text);
    return answer.exit_code;
}

}  // namespace offgrid
