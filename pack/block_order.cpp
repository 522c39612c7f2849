#include "pack/block_order.h"

#include "formats/base/error.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <utility>

namespace offgrid {

BlockOrder::BlockOrder(const Plan& plan, const Tops& finished, const std::atomic<bool>* is_stopped)
    : plan_{plan}, finished_{finished}, is_stopped_{is_stopped} {
    // Runs that end above the top zoom come after all pyramids, each in a walk of its own; what is
    // below is opened at the top zoom.
    for (auto run = plan.runs.size(); run-- > 0;) {
        if (run == 0 || plan.top == 0 || plan.runs[run].max_zoom < plan.top) {
            add_rows(run);
        }
    }
}

/// The tiles that a walk begins with: those of zoom 0, or where tiles have no parents all.
void BlockOrder::add_rows(std::size_t run) {
    const auto& grid = plan_.grid();
    const int zoom = plan_.runs[run].max_zoom;
    auto range = grid.range_of(zoom, plan_.box);
    if (plan_.area) {
        range = intersection(range, grid.range_of(zoom, plan_.area->bounds()));
    }
    if (range.is_empty()) {
        return;
    }
    if (plan_.is_nested) {
        range = {0, range.min_x >> zoom, range.min_y >> zoom, ((range.max_x - 1) >> zoom) + 1,
                 ((range.max_y - 1) >> zoom) + 1};
    }
    rows_.push_back({run, range});
}

void BlockOrder::open_roots(std::size_t run, const TileRange& roots) {
    std::vector<std::size_t> covers(plan_.covers.size());
    std::iota(covers.begin(), covers.end(), std::size_t{0});
    const auto all = std::make_shared<const std::vector<std::size_t>>(std::move(covers));
    for (auto y = roots.max_y; y-- > roots.min_y;) {
        for (auto x = roots.max_x; x-- > roots.min_x;) {
            open_.push_back(
                {.key = {roots.z, x, y}, .run = run, .is_in_pyramid = false, .covers = all});
        }
    }
}

/// Open the next row of those. False at the end.
bool BlockOrder::open_row() {
    if (rows_.empty()) {
        return false;
    }
    auto& [run, range] = rows_.back();
    auto row = range;
    row.max_y = row.min_y + 1;
    open_roots(run, row);
    if (++range.min_y >= range.max_y) {
        rows_.pop_back();
    }
    return true;
}

void BlockOrder::open_children(const Open& parent, std::vector<std::size_t> covers) {
    const auto shared = std::make_shared<const std::vector<std::size_t>>(std::move(covers));
    constexpr std::array<std::pair<int, int>, 4> last_first{{{1, 1}, {0, 1}, {1, 0}, {0, 0}}};
    for (const auto& [x, y] : last_first) {
        auto child = parent;
        child.key = {parent.key.z + 1, 2 * parent.key.x + x, 2 * parent.key.y + y};
        child.covers = shared;
        open_.push_back(std::move(child));
    }
}

/// All runs that reach below the top zoom, one after the other: they share a file.
void BlockOrder::open_pyramid(const Open& top, std::vector<std::size_t> covers) {
    const auto shared = std::make_shared<const std::vector<std::size_t>>(std::move(covers));
    for (auto run = plan_.runs.size(); run-- > 0;) {
        if (plan_.runs[run].max_zoom >= plan_.top) {
            open_.push_back({.key = top.key, .run = run, .is_in_pyramid = true, .covers = shared});
        }
    }
}

std::vector<std::size_t> BlockOrder::overlapping(const Open& open) const {
    // Compared at a zoom far below: what is a hair of a tile up here may be many pixels.
    const auto& key = open.key;
    const int zoom = std::max(key.z, plan_.runs[open.run].max_zoom - plan_.block_levels);
    const auto below = descendants({key.z, key.x, key.y, key.x + 1, key.y + 1}, zoom - key.z);
    std::vector<std::size_t> found;
    std::ranges::copy_if(*open.covers, std::back_inserter(found), [&](std::size_t cover) {
        const auto& box = plan_.covers[cover].box;
        return !intersection(below, plan_.grid().range_of(zoom, box)).is_empty();
    });
    return found;
}

bool BlockOrder::is_of_this_shard() {
    return tops_++ % plan_.shard.count == plan_.shard.index;
}

BlockJob BlockOrder::job_of(const Open& open, int max_zoom,
                            const std::vector<std::size_t>& covers) const {
    BlockJob job{.root = open.key, .max_zoom = max_zoom};
    for (const auto cover : covers) {
        job.sources.push_back(plan_.covers[cover].source);
    }
    const auto twice = std::ranges::unique(job.sources);
    job.sources.erase(twice.begin(), twice.end());
    job.is_partial = plan_.area && plan_.area->overlap(open.key, max_zoom) != Overlap::all;
    return job;
}

std::optional<BlockJob> BlockOrder::next() {
    while (!open_.empty() || open_row()) {
        if (is_stopped_ != nullptr && *is_stopped_) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        const auto open = std::move(open_.back());
        open_.pop_back();
        const auto& key = open.key;
        const auto& run = plan_.runs[open.run];
        auto covers = overlapping(open);
        if (covers.empty()) {
            continue;
        }
        if (plan_.top > 0 && key.z == plan_.top && !open.is_in_pyramid) {
            if (!is_of_this_shard()) {
                continue;
            }
            if (finished_.contains(key)) {
                return BlockJob{.root = key, .max_zoom = key.z, .is_finished = true};
            }
            open_pyramid(open, std::move(covers));
            continue;
        }
        const int shown = plan_.area ? plan_.area->deepest(key) : run.max_zoom;
        const int deepest = std::min(shown, run.max_zoom);
        const bool is_above_tops = key.z < plan_.top;
        if (is_above_tops && deepest >= plan_.top) {
            open_children(open, std::move(covers));
        } else if (shown < 0 && plan_.area->is_clipped()) {
            continue;  // nobody sees it, in its parents neither
        } else if (deepest < key.z) {
            // The walk came here from a parent that is stored and shows what lies here.
            if (key.z > run.min_zoom && !(is_above_tops && plan_.is_shard())) {
                return job_of(open, key.z, covers);
            }
        } else if (key.z < run.min_zoom || deepest - key.z > plan_.block_levels) {
            if (deepest >= run.min_zoom) {
                open_children(open, std::move(covers));
            }
        } else if (!(is_above_tops && plan_.is_shard())) {
            return job_of(open, deepest, covers);
        }
    }
    return std::nullopt;
}

std::int64_t BlockOrder::estimate() const {
    const auto limit = plan_.area ? plan_.area->bounds() : plan_.grid().extent();
    std::int64_t blocks = 0;
    for (const auto& run : plan_.runs) {
        const int zoom = std::max(run.min_zoom, run.max_zoom - plan_.block_levels);
        std::int64_t of_run = 0;
        for (const auto& cover : plan_.covers) {
            of_run += plan_.grid().range_of(zoom, intersection(cover.box, limit)).count();
        }
        blocks +=
            std::min(of_run, plan_.grid().range_of(zoom, intersection(plan_.box, limit)).count());
    }
    return std::max<std::int64_t>(1, blocks / plan_.shard.count);
}

}  // namespace offgrid
