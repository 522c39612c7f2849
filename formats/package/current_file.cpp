#include "formats/package/current_file.h"

#include "formats/base/bytes.h"
#include "formats/base/error.h"
#include "formats/base/parse_number.h"

#include <fmt/format.h>

#include <algorithm>

namespace offgrid {
namespace {

constexpr std::uint64_t max_current_bytes = 64;

}  // namespace

CurrentNumbers read_current(const std::filesystem::path& depot) {
    const auto path = depot / current_name;
    const auto content = read_file(path, max_current_bytes);
    const auto text = as_text(content);
    const auto first = text.substr(0, text.find('\n'));
    auto second = text.substr(std::min(first.size() + 1, text.size()));
    second = second.substr(0, second.find('\n'));
    const auto number = parse_number<std::uint64_t>(first);
    const auto highest = second.empty() ? number : parse_number<std::uint64_t>(second);
    if (!number || !highest || *highest < *number) {
        throw Error{Errc::corrupt, fmt::format("{} holds no number", path.string())};
    }
    return {*number, *highest};
}

void write_current(FileOps& files, const std::filesystem::path& depot,
                   const CurrentNumbers& current) {
    const auto text = current.highest > current.number
                          ? fmt::format("{}\n{}\n", current.number, current.highest)
                          : fmt::format("{}\n", current.number);
    write_durably(files, depot / current_name, as_bytes(text));
}

}  // namespace offgrid
