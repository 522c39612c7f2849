#include "sync/audit_command.h"

#include "sync/audit.h"
#include "sync/entry_names.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace offgrid {
namespace {

using Json = nlohmann::json;

constexpr int broken_chain = 3;

std::string text_in(const Json& entry, const char* key) {
    const auto found = entry.find(key);
    if (found == entry.end() || found->is_null()) {
        return "-";
    }
    const auto text = found->is_string() ? found->get<std::string>() : found->dump();
    return text.empty() ? "-" : printable(text);
}

std::size_t count_files(const Json& entry) {
    const auto files = entry.find("files");
    const auto more = entry.find("more_files");
    return (files != entry.end() && files->is_array() ? files->size() : 0) +
           (more != entry.end() && more->is_number_unsigned() ? more->get<std::size_t>() : 0);
}

void print_row(std::string_view line) {
    const auto entry = Json::parse(line, nullptr, false);
    if (!entry.is_object()) {
        fmt::print("(torn) {}\n", printable(line));
        return;
    }
    fmt::print("{}  {:<12} {:<15} {:<10} {:<20} generation {:<6} {} files  {}\n",
               text_in(entry, "time"), text_in(entry, "who"), text_in(entry, "from"),
               text_in(entry, "action"), text_in(entry, "layer"), text_in(entry, "generation"),
               count_files(entry), text_in(entry, "outcome"));
}

}  // namespace

void add_audit_options(CLI::App& app, AuditOptions& options) {
    app.add_option("depot", options.depot, "Folder of the depot")->required()->type_name("DEPOT");
    auto* const json =
        app.add_flag("--json", options.prints_json, "Print the lines of JSON as they are");
    app.add_flag("--verify", options.only_verifies,
                 "Print no entries; say whether the log is intact, and end with 3 when it is not")
        ->excludes(json);
}

int run_audit(const AuditOptions& options) {
    const auto check = read_audit_log(options.depot, [&](std::string_view line) {
        if (options.prints_json) {
            fmt::print("{}\n", line);
        } else if (!options.only_verifies) {
            print_row(line);
        }
    });
    for (const auto& problem : check.problems) {
        fmt::print(stderr, "offgrid audit: {}\n", problem);
    }
    if (!check.problems.empty()) {
        return broken_chain;
    }
    if (options.only_verifies) {
        fmt::print("{} lines, intact; the last has SHA-256 {}\n", check.lines,
                   check.last_sha256.empty() ? "-" : check.last_sha256);
    }
    return 0;
}

}  // namespace offgrid
