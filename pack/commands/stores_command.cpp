#include "formats/stores.h"
#include "pack/commands/command.h"
#include "pack/inspect/store_table.h"

#include <fmt/format.h>

namespace offgrid {

int run_stores(Words words, const std::atomic<bool>& /*is_stopped*/) {
    CLI::App app{"Show the types of stores and what each can do", "offgrid stores"};
    bool is_json = false;
    app.add_flag("--json", is_json, "Print JSON");
    if (const auto answer = parse_words(app, words, [] {})) {
        return print(*answer);
    }
    fmt::print("{}",
               is_json ? store_types_to_json(store_types()) : store_types_to_text(store_types()));
    return exit_ok;
}

}  // namespace offgrid
