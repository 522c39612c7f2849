#include "serve/max_ages.h"

#include "tests/serve/layers_of.h"
#include "tests/support/errors.h"

#include <gmock/gmock.h>

namespace offgrid::test {
namespace {

using std::chrono::seconds;

TEST(MaxAges, are_of_all_layers_or_of_one) {
    MaxAges ages;
    ages.add("60");
    ages.add("kenya=0");
    ages.add("a=b=5");
    EXPECT_EQ(ages.all, seconds{60});
    EXPECT_EQ(ages.by_layer.at("kenya"), seconds{0});
    EXPECT_EQ(ages.by_layer.at("a=b"), seconds{5}) << "the name of a layer may hold it";
}

TEST(MaxAges, refuse_words_that_say_nothing) {
    for (const auto* word : {"", "=", "=5", "kenya=", "kenya=soon", "kenya=-1", "kenya= 5", "5s",
                             "kenya=5=", "99999999999"}) {
        MaxAges ages;
        EXPECT_THAT([&] { ages.add(word); },
                    throws(Errc::invalid_argument, testing::HasSubstr(word)))
            << word;
        EXPECT_THAT(ages.by_layer, testing::IsEmpty()) << word;
    }
}

TEST(MaxAges, tell_names_that_no_layer_has) {
    MaxAges ages;
    ages.add("kenya=5");
    ages.add("kenia=5");
    std::vector<Layer> layers;
    layers.push_back(drawn_layer("kenya", "z0: a"));
    EXPECT_THAT(ages.unknown_among(layers), testing::ElementsAre("kenia"));
}

}  // namespace
}  // namespace offgrid::test
