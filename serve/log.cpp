#include "serve/log.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace offgrid {

Log stderr_log(std::string program) {
    return [program = std::move(program)](std::string_view line) {
        std::string text = program;
        text.append(": ").append(line);
        // What a request has put into the line must not look like another line.
        std::ranges::replace_if(
            text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
        text.push_back('\n');
        static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
    };
}

}  // namespace offgrid
