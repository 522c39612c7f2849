// Prints what a replace of one file costs among few files and among many: milliseconds, bytes and
// steps through FileOps. `offgrid-replace-cost FOLDER` works in a folder of the disk to measure.

#include "tests/formats/package/large_depot.h"
#include "tests/support/counting_file_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <vector>

namespace {

using namespace offgrid;  // NOLINT(google-build-using-namespace): the program is offgrid
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int rounds = 200;

void measure(const std::filesystem::path& folder, int files) {
    const auto depot = test::make_depot_of(folder, files);
    auto current = test::replace_one(posix_file_ops(), depot, depot.load_current(), "first");
    test::CountingFileOps counting;
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        current = test::replace_one(counting, depot, current, "word" + std::to_string(round));
        times.push_back(Milliseconds{std::chrono::steady_clock::now() - start}.count());
    }
    std::ranges::sort(times);
    const auto& counts = counting.counts();
    fmt::print("{:>7} files: median {:6.2f} ms, p99 {:6.2f} ms, {} bytes, {} steps, {} syncs\n",
               files, times[rounds / 2], times[rounds * 99 / 100], counts.bytes / rounds,
               counts.steps / rounds, counts.syncs / rounds);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::filesystem::path folder = argc > 1 ? argv[1] : "replace-cost";
        for (const int files : {10, 100, 1000, 10'000}) {
            measure(folder / std::to_string(files), files);
        }
        std::filesystem::remove_all(folder);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "offgrid-replace-cost: %s\n", error.what());
        return 1;
    }
}
