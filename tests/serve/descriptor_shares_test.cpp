#include "serve/descriptor_shares.h"

#include <gtest/gtest.h>

namespace offgrid::test {
namespace {

TEST(DescriptorShares, leave_clients_what_tile_files_and_the_rest_do_not_need) {
    EXPECT_EQ(connections_within(1024, 4096, 256), 704U);
    EXPECT_EQ(connections_within(1'048'576, 4096, 256), 4096U);
    EXPECT_EQ(connections_within(100, 4096, 256), 25U) << "tile files may have to wait";
    EXPECT_EQ(connections_within(2, 4096, 256), 1U);
}

TEST(DescriptorShares, let_every_thread_use_a_file_of_each_kind) {
    EXPECT_EQ(files_for(4, 256), 256U);
    EXPECT_EQ(files_for(4, 1), 16U);
    EXPECT_EQ(files_for(200, 256), 408U);
}

}  // namespace
}  // namespace offgrid::test
