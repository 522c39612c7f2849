#include "pack/job_values.h"

#include "formats/base/error.h"

#include <limits>

namespace offgrid {

void refuse(const std::string& member, const std::string& cause) {
    throw Error{Errc::invalid_argument, fmt::format("'{}' {}", member, cause)};
}

int number_of(const JobJson& json, const std::string& member, int lowest, int highest) {
    const bool is_number = is_a<int>(json);
    const int number = is_number ? json.get<int>() : 0;
    if (!is_number || number < lowest || number > highest) {
        refuse(member, fmt::format("is not a whole number from {} to {}", lowest, highest));
    }
    return number;
}

bool is_text(const JobJson& json) {
    return json.is_string() && json.get_ref<const std::string&>().find('\0') == std::string::npos;
}

bool is_whole(const JobJson& json) {
    constexpr auto most = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    return json.is_number_integer() &&
           (!json.is_number_unsigned() || json.get<std::uint64_t>() <= most);
}

}  // namespace offgrid
