#pragma once

#include "pack/pack.h"

#include <chrono>
#include <cstdio>

namespace offgrid {

/// Shows how far a pack has come: on a terminal a bar with rate and time left, elsewhere a plain
/// line every few seconds. One thread.
class ProgressDisplay {
public:
    /// The stream is not owned.
    explicit ProgressDisplay(std::FILE* stream);

    void show(const PackProgress& progress);

    /// Leave the terminal's line. Nothing is shown after it.
    void finish();

private:
    void show_bar(const PackProgress& progress, double seconds);
    void show_line(const PackProgress& progress, double seconds);

    std::FILE* stream_;
    bool is_terminal_;
    bool has_bar_ = false;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace offgrid
