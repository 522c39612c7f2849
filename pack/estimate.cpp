#include "pack/estimate.h"

#include "formats/base/error.h"
#include "pack/assembler.h"
#include "pack/block_order.h"
#include "pack/gdal_error.h"
#include "pack/plan.h"
#include "pack/source_names.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace offgrid {
namespace {

/// Up to so many blocks are all made.
constexpr std::int64_t max_whole = 96;

/// Of more than that, at least and at most so many.
constexpr std::int64_t min_sample = 48;
constexpr std::int64_t max_sample = 1024;

/// Enough are made when the standard error of the bytes is this share of them.
constexpr double good_error = 0.05;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Tiles and bytes by zoom.
using Zooms = std::map<int, ZoomEstimate>;

void count(Zooms& zooms, const EncodedTile& tile) {
    auto& zoom = zooms[tile.key.z];
    ++zoom.tiles;
    zoom.bytes += tile.content.size();
}

/// Counts what would be written.
class CountingSink final : public TileSink {
public:
    explicit CountingSink(Zooms& zooms) : zooms_{zooms} {}

    void put(const EncodedTile& tile) override { count(zooms_, tile); }
    std::optional<PackageFile> finish_pyramid() override { return std::nullopt; }
    void adopt(const Pyramid&) override {}
    void note_shown(const Box&) override {}

private:
    Zooms& zooms_;
};

/// The tiles that a block has at most, by zoom: what is known of it before it is made.
std::map<int, std::int64_t> places_in(const Plan& plan, const BlockJob& job) {
    std::map<int, std::int64_t> places;
    const auto& root = job.root;
    for (int zoom = root.z; zoom <= job.max_zoom; ++zoom) {
        const auto below =
            descendants({root.z, root.x, root.y, root.x + 1, root.y + 1}, zoom - root.z);
        for (const auto& layer : plan.ranges_at(zoom)) {
            const auto tiles = intersection(below, layer);
            if (!job.is_partial) {
                places[zoom] += tiles.count();
                continue;
            }
            for (auto y = tiles.min_y; y < tiles.max_y; ++y) {
                for (auto x = tiles.min_x; x < tiles.max_x; ++x) {
                    places[zoom] += plan.area->has({zoom, x, y}) ? 1 : 0;
                }
            }
        }
    }
    return places;
}

/// All blocks of a plan, counted in one walk.
struct Census {
    std::int64_t blocks = 0;
    std::map<int, std::int64_t> places{};  ///< by zoom, those above the blocks included
};

/// Counts each tile above the blocks once: the walk does not come back to one that it has left.
class Ancestors {
public:
    Ancestors(const Plan& plan, std::map<int, std::int64_t>& places)
        : plan_{plan}, places_{places} {}

    void add(const TileKey& root) {
        // A shard leaves what is above its pyramids to the merge.
        const int lowest =
            std::max(plan_.run_of(root.z).min_zoom, plan_.is_shard() ? plan_.top : 0);
        for (int zoom = root.z - 1; zoom >= lowest; --zoom) {
            const int levels = root.z - zoom;
            const TileKey key{zoom, root.x >> levels, root.y >> levels};
            auto& last = last_[zoom];
            if (last == key) {
                return;  // and so are those above it
            }
            last = key;
            places_[zoom] += !plan_.area || plan_.area->has(key) ? 1 : 0;
        }
    }

private:
    const Plan& plan_;
    std::map<int, std::int64_t>& places_;
    std::map<int, std::optional<TileKey>> last_;
};

Census take_census(const Plan& plan, const std::atomic<bool>& is_stopped) {
    Census census;
    Ancestors ancestors{plan, census.places};
    const BlockOrder::Tops none;
    BlockOrder order{plan, none, &is_stopped};
    while (const auto job = order.next()) {
        if (is_stopped) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        ++census.blocks;
        for (const auto& [zoom, tiles] : places_in(plan, *job)) {
            census.places[zoom] += tiles;
        }
        ancestors.add(job->root);
    }
    return census;
}

/// Make all blocks and what is above them.
Zooms make_whole(const Plan& plan, const std::atomic<bool>& is_stopped) {
    Zooms zooms;
    CountingSink sink{zooms};
    Assembler assembler{plan, sink, [](const Pyramid&) {}};
    BlockMaker maker{plan, is_stopped};
    const BlockOrder::Tops none;
    BlockOrder order{plan, none, &is_stopped};
    while (const auto job = order.next()) {
        assembler.add(maker.make(*job));
    }
    assembler.finish();
    return zooms;
}

/// The i-th of numbers in [0, 1) that fill it ever more evenly (van der Corput, base 2).
double spread(std::uint32_t i) {
    std::uint32_t reversed = 0;
    for (int bit = 0; bit < 32; ++bit) {
        reversed |= ((i >> bit) & 1U) << (31 - bit);
    }
    return std::ldexp(static_cast<double>(reversed), -32);
}

/// What was made of some blocks, and what there was room for in them.
class Sample {
public:
    Sample(const Plan& plan, std::int64_t all_blocks)
        : plan_{plan}, all_blocks_{static_cast<double>(all_blocks)} {}

    void add(const BlockJob& job, const Block& block, double seconds) {
        seconds_ += seconds;
        std::uint64_t bytes = 0;
        for (const auto& tile : block.tiles) {
            count(made_, tile);
            bytes += tile.content.size();
        }
        for (const auto& [zoom, tiles] : places_in(plan_, job)) {
            places_[zoom] += tiles;
        }
        const auto value = static_cast<double>(bytes);
        sum_ += value;
        squares_ += value * value;
        ++blocks_;
    }

    std::int64_t blocks() const { return blocks_; }

    /// That one thread needs for a block.
    double seconds_a_block() const { return seconds_ / static_cast<double>(blocks_); }

    /// The standard error of the bytes of all blocks, as a share of them.
    double error() const {
        const auto n = static_cast<double>(blocks_);
        const double mean = sum_ / n;
        const double variance = std::max(0.0, squares_ / n - mean * mean);
        const double unknown = 1 - n / all_blocks_;
        return mean > 0 ? std::sqrt(variance / n * unknown) / mean : 1;
    }

    /// What all places come to, where these are as full as those of the sample. A zoom that no
    /// block has is like the one below it.
    std::vector<ZoomEstimate> scaled_to(const std::map<int, std::int64_t>& all) const {
        std::vector<ZoomEstimate> zooms;
        double full = 0;   // tiles a place
        double bytes = 0;  // a place
        for (auto place = all.rbegin(); place != all.rend(); ++place) {
            const auto& [zoom, count_of_all] = *place;
            if (const auto room = places_.find(zoom); room != places_.end() && room->second > 0) {
                const auto found = made_.find(zoom);
                const auto made = found == made_.end() ? ZoomEstimate{} : found->second;
                full = static_cast<double>(made.tiles) / static_cast<double>(room->second);
                bytes = static_cast<double>(made.bytes) / static_cast<double>(room->second);
            }
            const auto places = static_cast<double>(count_of_all);
            zooms.push_back({.zoom = zoom,
                             .tiles = std::llround(places * full),
                             .bytes = static_cast<std::uint64_t>(std::llround(places * bytes))});
        }
        std::ranges::reverse(zooms);
        return zooms;
    }

private:
    const Plan& plan_;
    const double all_blocks_;
    Zooms made_;
    std::map<int, std::int64_t> places_;
    std::int64_t blocks_ = 0;
    double sum_ = 0;  // of the bytes of each block, and of their squares
    double squares_ = 0;
    double seconds_ = 0;
};

/// Make so many blocks that lie evenly spread in the walk, but for those that were made before.
void make_more(Sample& sample, std::set<std::int64_t>& made, std::int64_t wanted,
               std::int64_t blocks, const Plan& plan, BlockMaker& maker,
               const std::atomic<bool>& is_stopped) {
    std::set<std::int64_t> chosen;
    for (std::uint32_t i = 0; static_cast<std::int64_t>(made.size()) < wanted; ++i) {
        const auto index = static_cast<std::int64_t>(spread(i) * static_cast<double>(blocks));
        if (made.insert(index).second) {
            chosen.insert(index);
        }
    }
    const BlockOrder::Tops none;
    BlockOrder order{plan, none, &is_stopped};
    std::int64_t index = 0;
    while (const auto job = chosen.empty() ? std::nullopt : order.next()) {
        if (chosen.erase(index++) > 0) {
            const auto start = Clock::now();
            const auto block = maker.make(*job);
            sample.add(*job, block, seconds_since(start));
        }
    }
}

}  // namespace

ZoomEstimate PackEstimate::total() const {
    ZoomEstimate total;
    for (const auto& zoom : zooms) {
        total.tiles += zoom.tiles;
        total.bytes += zoom.bytes;
    }
    return total;
}

PackEstimate estimate(const PackOptions& command, const PackContext& context) {
    gdal::prepare();
    auto options = command;
    auto found = find_sources(command.sources, command.output, context.is_stopped);
    options.sources = std::move(found.names);
    const auto plan = make_plan(options, grid_for(options), context.is_stopped);
    const auto census = take_census(plan, context.is_stopped);
    PackEstimate result{.layer = plan.manifest.layer, .blocks = census.blocks};
    result.notes = std::move(found.notes);
    result.notes.insert(result.notes.end(), plan.notes.begin(), plan.notes.end());
    double seconds = 0;  // of one thread
    if (census.blocks <= max_whole) {
        const auto start = Clock::now();
        for (const auto& [zoom, made] : make_whole(plan, context.is_stopped)) {
            result.zooms.push_back({.zoom = zoom, .tiles = made.tiles, .bytes = made.bytes});
        }
        result.sampled = census.blocks;
        seconds = seconds_since(start);
    } else {
        Sample sample{plan, census.blocks};
        std::set<std::int64_t> made;
        BlockMaker maker{plan, context.is_stopped};
        const auto most = std::min(census.blocks, max_sample);
        for (auto wanted = min_sample; sample.blocks() < most;
             wanted = std::min(most, 2 * wanted)) {
            make_more(sample, made, wanted, census.blocks, plan, maker, context.is_stopped);
            if (sample.error() <= good_error) {
                break;
            }
        }
        result.zooms = sample.scaled_to(census.places);
        result.sampled = sample.blocks();
        seconds = sample.seconds_a_block() * static_cast<double>(census.blocks);
    }
    const auto threads =
        std::clamp<std::int64_t>(threads_for(options), 1, std::max<std::int64_t>(1, census.blocks));
    result.seconds = seconds / static_cast<double>(threads);
    return result;
}

}  // namespace offgrid
