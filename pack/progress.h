#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace offgrid {

/// How far work on tiles has come. A value.
struct ShownProgress {
    std::optional<double> share{};  ///< 0 to 1; nothing: nobody knows how much there is
    double share_before = 0;        ///< of it, what was done before the display was made
    std::int64_t tiles = 0;         ///< since the display was made
    std::string detail{};           ///< what is being worked on; may be empty
};

/// How long it will take from here, going on as in the seconds since the display was made; nothing
/// when nothing was done in them.
std::optional<double> seconds_left(const ShownProgress& progress, double seconds);

/// Shows how far work has come: on a terminal a bar with rate and time left, elsewhere a plain
/// line every few seconds. One thread.
class ProgressDisplay {
public:
    /// The stream is not owned.
    explicit ProgressDisplay(std::FILE* stream);

    void show(const ShownProgress& progress);

    /// Leave the terminal's line. Nothing is shown after it.
    void finish();

private:
    void show_bar(const ShownProgress& progress, double seconds);
    void show_line(const ShownProgress& progress, double seconds);

    std::FILE* stream_;
    bool is_terminal_;
    bool has_bar_ = false;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace offgrid
