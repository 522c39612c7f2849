// Runs the program that knows the verb, as git does: each links what its own verbs need, so that a
// device which only serves tiles carries nothing of what packing them takes.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace {

struct Verb {
    std::string_view name;
    const char* program = "";
    std::string_view summary;
};

constexpr std::array verbs{
    Verb{"pack", "offgrid-pack", "Make a package of map tiles from rasters"},
    Verb{"transfer", "offgrid-pack", "Copy tiles between caches, files and web servers"},
    Verb{"estimate", "offgrid-pack", "Say how many tiles and bytes a pack would make"},
    Verb{"coverage", "offgrid-pack", "Count the tiles that a store has and lacks"},
    Verb{"verify", "offgrid-pack", "Check packages, MBTiles and PMTiles files and caches"},
    Verb{"truncate", "offgrid-pack", "Remove tiles from a SQLite store of GeoWebCache"},
    Verb{"stores", "offgrid-pack", "Show the types of stores and what each can do"},
    Verb{"serve", "offgrid-serve",
         "Serve packages, MBTiles and PMTiles files, depots, mapcache.xml and geowebcache.xml"},
    Verb{"daemon", "offgrid-sync", "Keep a depot up to date and serve it"},
    Verb{"rollback", "offgrid-sync", "Make an older generation of a depot current again"},
    Verb{"prune", "offgrid-sync", "Remove old generations of a depot"},
    Verb{"status", "offgrid-sync", "Show what a depot holds and which generations it keeps"},
    Verb{"passwd", "offgrid-sync", "Make an entry for the daemon's file of users"},
    Verb{"token", "offgrid-sync", "Make one for a machine, which logs in with a token"},
    Verb{"certificate", "offgrid-sync", "Make a self-signed certificate for the daemon"},
    Verb{"audit", "offgrid-sync", "Show who changed a depot, and check that log"},
};

constexpr int usage_exit_code = 2;
constexpr int missing_program_exit_code = 127;  // as a shell says it

void print_help(std::FILE* out) {
    fmt::print(
        out,
        "Map tiles where there is no network: pack them, keep them up to date, serve them.\n\n"
        "Usage: offgrid VERB [ARGUMENT]...\n\nVerbs:\n");
    for (const auto& verb : verbs) {
        fmt::print(out, "  {:<11}  {}\n", verb.name, verb.summary);
    }
    fmt::print(out,
               "\n  --help       show this; `offgrid VERB --help` shows what the verb takes\n"
               "  --version    show the version\n");
}

/// Become the program of the verb. Returns only when that fails.
int run(const Verb& verb, char** arguments) {
    std::error_code failure;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failure);
    if (failure) {
        fmt::print(stderr, "offgrid: cannot tell where it is installed: {}\n", failure.message());
        return 1;
    }
    const auto program = self.parent_path() / verb.program;
    std::string name = verb.program;
    arguments[0] = name.data();
    ::execv(program.c_str(), arguments);
    if (errno == ENOENT) {
        fmt::print(stderr, "offgrid: '{}' needs {}, which is not installed in {}\n", verb.name,
                   verb.program, self.parent_path().string());
    } else {
        fmt::print(stderr, "offgrid: cannot run {}: {}\n", program.string(), std::strerror(errno));
    }
    return missing_program_exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view word = argc > 1 ? argv[1] : "";
    if (word == "--help" || word == "-h" || word == "help") {
        print_help(stdout);
        return 0;
    }
    if (word == "--version") {
        fmt::print("offgrid {}\n", OFFGRID_VERSION);
        return 0;
    }
    const auto* const verb = std::find_if(verbs.begin(), verbs.end(),
                                          [&](const Verb& known) { return known.name == word; });
    if (verb != verbs.end()) {
        return run(*verb, argv);
    }
    if (word.empty()) {
        print_help(stderr);
    } else {
        fmt::print(stderr, "offgrid: no verb '{}'; `offgrid --help` lists them\n", word);
    }
    return usage_exit_code;
}
