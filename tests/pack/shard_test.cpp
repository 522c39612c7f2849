// A pack that several processes make a part of each.

#include "pack/pack.h"
#include "tests/pack/rasters.h"
#include "tests/support/errors.h"
#include "tests/support/process.h"

#include <gmock/gmock.h>

#include <set>

namespace offgrid::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

class Shards : public testing::Test {
protected:
    Shards() {
        auto raster = raster_on({9, 256, 240, 276, 252});
        raster.bands = 4;
        raster.has_alpha = true;
        raster.value = [](int x, int y, int band) {
            return band == 4 ? (x * y) % 256 : (x * band + y * 3) % 256;
        };
        source_ = write_tiff(folder_ / "a.tif", raster);
    }

    PackOptions options(const std::string& name) const {
        return {.sources = {source_}, .output = folder_ / name, .layer = "map", .top = 7};
    }

    fs::path pack_shard(int index, int count, const std::string& name) const {
        auto shard = options(name);
        shard.shard = {.index = index, .count = count};
        pack_quietly(shard);
        return folder_ / name;
    }

    std::vector<fs::path> pack_shards(int count) const {
        std::vector<fs::path> shards;
        for (int index = 0; index < count; ++index) {
            shards.push_back(pack_shard(index, count, "shard" + std::to_string(index)));
        }
        return shards;
    }

    PackResult merge(const std::vector<fs::path>& shards) const {
        return pack_quietly({.output = folder_ / "merged", .merged = shards});
    }

    void expect_refused(const std::vector<fs::path>& shards, const std::string& cause) const {
        EXPECT_THAT([&] { merge(shards); }, throws(Errc::invalid_argument, HasSubstr(cause)));
        EXPECT_FALSE(fs::exists(folder_ / "merged"));
    }

    TempFolder folder_;
    std::string source_;
};

TEST_F(Shards, give_together_what_one_run_gives) {
    pack_quietly(options("whole"));
    for (const int count : {2, 3, 40}) {
        merge(pack_shards(count));

        EXPECT_TRUE(contents(folder_ / "merged") == contents(folder_ / "whole")) << count;

        fs::remove_all(folder_ / "merged");
        for (int index = 0; index < count; ++index) {
            fs::remove_all(folder_ / ("shard" + std::to_string(index)));
        }
    }
}

TEST_F(Shards, are_merged_in_any_order) {
    pack_quietly(options("whole"));
    auto shards = pack_shards(3);
    std::ranges::reverse(shards);

    merge(shards);

    EXPECT_TRUE(contents(folder_ / "merged") == contents(folder_ / "whole"));
}

TEST_F(Shards, share_the_pyramids_between_them) {
    std::set<std::string> all;
    std::size_t most = 0;
    std::size_t sum = 0;
    for (const auto& shard : pack_shards(3)) {
        const auto names = names_below(shard / "package");
        all.insert(names.begin(), names.end());
        most = std::max(most, names.size());
        sum += names.size();
    }
    EXPECT_EQ(all.size(), sum);
    EXPECT_EQ(sum, 15U);
    EXPECT_EQ(most, 5U);
}

TEST_F(Shards, are_refused_where_one_is_missing_twice_or_of_another_pack) {
    const auto shards = pack_shards(3);
    auto other = options("other");
    other.quality = 50;
    other.shard = {.index = 2, .count = 3};
    pack_quietly(other);

    expect_refused({shards[0], shards[1]}, "one of 3 shards, not of 2");
    expect_refused({shards[0], shards[1], shards[1]}, "the same shard");
    expect_refused({shards[0], shards[1], folder_ / "other"}, "other options");
    expect_refused({shards[0], shards[1], folder_ / "nowhere"}, "is no shard");
    expect_refused({folder_ / "nowhere"}, "is no shard");
}

TEST_F(Shards, are_refused_when_the_raster_has_changed) {
    auto shards = pack_shards(2);
    write_tiff(folder_ / "a.tif", raster_on({9, 256, 240, 276, 252}));
    fs::remove_all(shards[1]);
    shards[1] = pack_shard(1, 2, "shard1");

    expect_refused(shards, "other sources");
}

TEST_F(Shards, that_lost_a_file_are_refused) {
    const auto shards = pack_shards(2);
    for (const auto& entry : fs::directory_iterator{shards[1] / "package"}) {
        if (entry.path().extension() == ".mbtiles") {
            fs::resize_file(entry.path(), 100);
            break;
        }
    }

    EXPECT_THAT([&] { merge(shards); }, throws(Errc::corrupt, HasSubstr("not the file")));
}

TEST_F(Shards, are_made_and_joined_by_the_program) {
    const auto pack = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {program("offgrid-pack"), "pack"});
        return run(words);
    };
    const auto whole = pack({source_, "-o", folder_ / "whole", "--layer", "map", "--top", "7"});
    ASSERT_EQ(whole.exit_code, 0) << whole.err;
    for (const std::string part : {"1", "2"}) {
        const auto shard = pack({source_, "-o", folder_ / part, "--layer", "map", "--top", "7",
                                 "--shard", part + "/2"});
        ASSERT_EQ(shard.exit_code, 0) << shard.err;
    }

    const auto merged = pack({"--merge", folder_ / "1", folder_ / "2", "-o", folder_ / "merged"});

    EXPECT_EQ(merged.exit_code, 0) << merged.err;
    EXPECT_TRUE(contents(folder_ / "merged") == contents(folder_ / "whole"));
}

TEST_F(Shards, may_name_their_sources_from_where_they_are) {
    for (const std::string part : {"1", "2"}) {
        const auto shard = run({program("offgrid-pack"), "pack", "a.tif", "-o", part, "--layer",
                                "map", "--top", "7", "--shard", part + "/2"},
                               {.input = {}, .cwd = folder_.path(), .environment = {}});
        ASSERT_EQ(shard.exit_code, 0) << shard.err;
    }
    pack_quietly(options("whole"));

    merge({folder_ / "1", folder_ / "2"});

    EXPECT_TRUE(contents(folder_ / "merged") == contents(folder_ / "whole"));
}

TEST_F(Shards, without_a_pyramid_are_merged_and_replaced_too) {
    auto shard = options("shard");
    shard.shard = {.index = 39, .count = 40};
    pack_quietly(shard);
    shard.overwrite = Overwrite::yes;

    pack_quietly(shard);

    EXPECT_THAT(names_below(folder_ / "shard/package"), IsEmpty());
}

TEST_F(Shards, take_no_words_of_a_pack_when_they_are_merged) {
    for (const std::string word : {"--quality=50", "--layer=x", "--zoom=0-3", "--clip"}) {
        const auto refused = run({program("offgrid-pack"), "pack", "--merge", folder_ / "1", "-o",
                                  folder_ / "merged", word});
        EXPECT_EQ(refused.exit_code, 2) << word;
        EXPECT_THAT(refused.err, HasSubstr("--merge")) << word;
    }
}

TEST_F(Shards, need_a_layer_and_a_top_zoom) {
    const auto nameless =
        run({program("offgrid-pack"), "pack", source_, "-o", folder_ / "out", "--shard", "1/2"});
    EXPECT_EQ(nameless.exit_code, 2);
    EXPECT_THAT(nameless.err, HasSubstr("--layer"));

    for (const std::string wrong : {"0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3"}) {
        const auto refused = run({program("offgrid-pack"), "pack", source_, "-o", folder_ / "out",
                                  "--layer", "map", "--shard=" + wrong});
        EXPECT_EQ(refused.exit_code, 2) << wrong;
        EXPECT_THAT(refused.err, HasSubstr("I/N")) << wrong;
    }

    auto flat = options("out");
    flat.top = 0;
    flat.shard = {.index = 0, .count = 2};
    EXPECT_THAT([&] { pack_quietly(flat); }, throws(Errc::invalid_argument, HasSubstr("--top")));
}

TEST_F(Shards, that_were_interrupted_go_on) {
    pack_quietly(options("whole"));
    std::atomic<bool> is_stopped{false};
    auto shard = options("shard0");
    shard.shard = {.index = 0, .count = 2};
    EXPECT_THAT(
        [&] {
            pack(shard, {.files = posix_file_ops(),
                         .is_stopped = is_stopped,
                         .report = [&](const PackProgress& progress) {
                             is_stopped = progress.tiles > 60;
                         }});
        },
        throws(Errc::interrupted, HasSubstr("--resume")));
    shard.resume = Resume::yes;

    pack_quietly(shard);
    auto begun_again = options("again");
    begun_again.shard = shard.shard;
    pack_quietly(begun_again);
    EXPECT_EQ(names_below(folder_ / "shard0"), names_below(folder_ / "again"));
    merge({folder_ / "shard0", pack_shard(1, 2, "shard1")});

    EXPECT_TRUE(contents(folder_ / "merged") == contents(folder_ / "whole"));
}

}  // namespace
}  // namespace offgrid::test
