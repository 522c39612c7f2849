#pragma once

#include "formats/base/error.h"
#include "formats/config/mapcache_config.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace offgrid::test {

/// Load a configuration with that text between `<mapcache>` and `</mapcache>`; the text begins in
/// line 2.
inline std::unique_ptr<const config::MapcacheConfig> load(const std::string& text) {
    const TempFolder folder;
    write_file(folder / "m.xml", "<mapcache>\n" + text + "\n</mapcache>\n");
    return config::MapcacheConfig::load(folder / "m.xml");
}

/// What loading it says: the message from the file's name on, or "(no error)".
inline std::string failure_of(const std::string& text) {
    try {
        load(text);
    } catch (const Error& error) {
        const std::string message = error.what();
        const auto name = message.find("m.xml");
        return name == std::string::npos ? message : message.substr(name);
    }
    return "(no error)";
}

/// A text of a configuration and what loading it says.
struct MessageCase {
    std::string text;
    std::string message;
};

inline void expect_messages(const std::vector<MessageCase>& cases) {
    for (const auto& [text, message] : cases) {
        EXPECT_EQ(failure_of(text), message) << text;
    }
}

/// The options of the cache of that name.
template <typename Options>
const Options& options_of(const config::MapcacheConfig& config, const std::string& name) {
    for (const auto& cache : config.caches()) {
        if (cache->name == name) {
            return std::get<Options>(cache->options);
        }
    }
    throw Error{Errc::not_found, name};
}

}  // namespace offgrid::test
