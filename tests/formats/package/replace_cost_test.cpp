#include "tests/formats/package/large_depot.h"
#include "tests/support/counting_file_ops.h"
#include "tests/support/temp_folder.h"

#include <gmock/gmock.h>

namespace offgrid {
namespace {

using Counts = test::CountingFileOps::Counts;

/// What the second replace in a depot of many files costs: the first one makes folders.
Counts cost_among(int files) {
    const test::TempFolder folder;
    const auto depot = test::make_depot_of(folder / "depot", files);
    const auto first = test::replace_one(posix_file_ops(), depot, depot.load_current(), "first");
    test::CountingFileOps counting;
    test::replace_one(counting, depot, first, "second");
    return counting.counts();
}

TEST(ReplaceCost, is_the_same_among_ten_thousand_files_as_among_ten) {
    const auto few = cost_among(10);
    const auto many = cost_among(10'000);
    EXPECT_LE(many.bytes, 2 * few.bytes);
    EXPECT_LE(many.steps, 2 * few.steps);
    EXPECT_LE(many.syncs, few.syncs + 2) << "one for each level of the list of files";
}

}  // namespace
}  // namespace offgrid
