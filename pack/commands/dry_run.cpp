#include "pack/commands/dry_run.h"

#include "formats/base/error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {
namespace {

using Json = nlohmann::ordered_json;

/// The tiles and bytes of one zoom that would be copied.
struct Planned {
    int zoom = 0;
    std::int64_t tiles = 0;
    std::uint64_t bytes = 0;
};

/// Visits the tiles of a plan in the order of the transfer, and counts what is left to do.
class Listing {
public:
    Listing(const TransferPlan& plan, const DoneBefore& done, const std::atomic<bool>& is_stopped)
        : plan_{plan}, done_{done}, is_stopped_{is_stopped} {}

    /// What a source that can be scanned has.
    std::vector<Planned> list(const TileReader& reader) {
        return each_zoom([&](const TileRange& range) {
            reader.list(range, [&](const TileKey& key, std::uint64_t bytes) {
                if (plan_.selection.selects(key)) {
                    add(key, bytes);
                }
            });
        });
    }

    /// What a source would be asked for.
    std::vector<Planned> count() {
        return each_zoom([&](const TileRange& range) {
            const bool is_at_mark = done_.after && done_.after->last.z == range.z;
            if (plan_.only) {
                for (const auto& key : *plan_.only) {
                    if (key.z == range.z) {
                        add(key, 0);
                    }
                }
            } else if (is_at_mark || done_.lacking_in != nullptr) {
                visit_all(range);
            } else {
                zoom_.tiles = plan_.selection.count(range);
            }
        });
    }

private:
    template <typename Visit>
    std::vector<Planned> each_zoom(const Visit& visit) {
        std::vector<Planned> zooms;
        for (const auto& range : plan_.selection.ranges()) {
            zoom_ = {.zoom = range.z};
            before_mark_ = {};
            is_before_mark_ = done_.after && done_.after->last.z == range.z;
            if (!done_.after || range.z >= done_.after->last.z) {
                visit(range);
            }
            if (is_before_mark_) {  // it is not there any more: the transfer does the zoom again
                zoom_ = before_mark_;
                zoom_.zoom = range.z;
            }
            zooms.push_back(zoom_);
        }
        return zooms;
    }

    void visit_all(const TileRange& range) {
        for (auto y = range.min_y; y < range.max_y; ++y) {
            for (auto x = range.min_x; x < range.max_x; ++x) {
                if (const TileKey key{range.z, x, y}; plan_.selection.selects(key)) {
                    add(key, 0);
                }
            }
        }
    }

    void add(const TileKey& key, std::uint64_t bytes) {
        if (is_stopped_) {
            throw Error{Errc::interrupted, "interrupted"};
        }
        auto& sum = is_before_mark_ ? before_mark_ : zoom_;
        if (is_before_mark_ && key == done_.after->last) {
            is_before_mark_ = false;
        }
        if (done_.lacking_in == nullptr || !done_.lacking_in->exists(key)) {
            ++sum.tiles;
            sum.bytes += bytes;
        }
    }

    const TransferPlan& plan_;
    const DoneBefore& done_;
    const std::atomic<bool>& is_stopped_;
    Planned zoom_;
    Planned before_mark_;
    bool is_before_mark_ = false;
};

}  // namespace

void print_dry_run(const TransferCommand& command, const TransferPlan& plan, const DoneBefore& done,
                   const std::atomic<bool>& is_stopped) {
    const auto reader = plan.source.open_reader();
    const bool has_sizes = reader->can_scan() && !plan.only;
    const auto zooms = has_sizes ? Listing{plan, done, is_stopped}.list(*reader)
                                 : Listing{plan, done, is_stopped}.count();
    Planned total;
    auto list = Json::array();
    std::string text = fmt::format("{:>5} {:>14} {:>11}\n", "zoom",
                                   has_sizes ? "tiles" : "to ask for", has_sizes ? "MB" : "");
    const auto append = [&](std::string_view head, const Planned& row) {
        text += fmt::format(
            "{:>5} {:>14} {:>11}\n", head, row.tiles,
            has_sizes ? fmt::format("{:.1f}", static_cast<double>(row.bytes) / 1e6) : "");
    };
    for (const auto& zoom : zooms) {
        total.tiles += zoom.tiles;
        total.bytes += zoom.bytes;
        append(fmt::format("{}", zoom.zoom), zoom);
        Json json{{"zoom", zoom.zoom}, {"tiles", zoom.tiles}};
        json["bytes"] = has_sizes ? Json(zoom.bytes) : Json(nullptr);
        list.push_back(std::move(json));
    }
    append("all", total);
    if (command.is_json) {
        Json json{{"tiles", total.tiles}};
        json["bytes"] = has_sizes ? Json(total.bytes) : Json(nullptr);
        json["zooms"] = std::move(list);
        text = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    }
    fmt::print("{}", text);
}

}  // namespace offgrid
