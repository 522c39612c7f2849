#include "formats/package/served_generation.h"

#include "formats/base/error.h"
#include "formats/base/hash.h"
#include "formats/package/package_reader.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace offgrid {

ServedGeneration::ServedGeneration(const Depot& depot, Generation generation,
                                   sqlite::MbtilesPool& pool, const ServedGeneration* before)
    : ServedGeneration{depot, generation, GenerationLease{depot, generation.number}, pool, before} {
}

ServedGeneration::ServedGeneration(const Depot& depot, Generation generation, GenerationLease lease,
                                   sqlite::MbtilesPool& pool, const ServedGeneration* before)
    : depot_{depot},
      generation_{std::move(generation)},
      sha256_{sha256_hex(as_bytes(to_json(generation_)))},
      lease_{std::move(lease)},
      pool_{pool},
      siblings_{before == nullptr ? std::make_shared<Siblings>() : before->siblings_} {
    for (const auto& [name, manifest] : generation_.layers) {
        if (before != nullptr) {
            const auto same = before->generation_.layers.find(name);
            if (same != before->generation_.layers.end() && same->second == manifest) {
                readers_.emplace(name, before->reader(name));
                continue;
            }
        }
        readers_.emplace(name, open_installed(depot_, manifest, pool_));
    }
    const std::lock_guard lock{siblings_->mutex};
    siblings_->served.push_back(this);
}

ServedGeneration::~ServedGeneration() {
    try {
        const auto paths = paths_of_no_other();
        pool_.close_idle_of(paths);
    } catch (const std::exception&) {
        // no memory to say which: the pool closes them when it needs the room
    }
}

std::shared_ptr<const ServedGeneration> ServedGeneration::open_current(
    const Depot& depot, sqlite::MbtilesPool& pool, const ServedGeneration* before) {
    for (;;) {
        const auto number = depot.current_number();
        try {
            GenerationLease lease{depot, number};
            auto generation =
                depot.load(number, before == nullptr ? Generation{} : before->generation_);
            return std::shared_ptr<const ServedGeneration>{
                new ServedGeneration{depot, std::move(generation), std::move(lease), pool, before}};
        } catch (const Error& error) {
            if (error.code() != Errc::not_found || depot.current_number() == number) {
                throw;
            }
            // pruned since: look again
        }
    }
}

/// The files that only this generation names. It is one of the siblings no more.
std::vector<std::string> ServedGeneration::paths_of_no_other() const {
    const std::lock_guard lock{siblings_->mutex};
    auto& served = siblings_->served;
    std::erase(served, this);
    std::vector<std::string> paths;
    for (const auto& [name, manifest] : generation_.layers) {
        FileList newest;
        if (!served.empty()) {
            const auto& layers = served.back()->generation_.layers;
            const auto same = layers.find(name);
            newest = same == layers.end() ? FileList{} : same->second.files;
        }
        manifest.files.visit_files_not_in(newest, [&, &layer = name](const PackageFile& file) {
            const bool is_named = std::ranges::any_of(
                served, [&](const ServedGeneration* other) { return other->names(layer, file); });
            if (!is_named) {
                paths.push_back(depot_.stored_path(layer, file).string());
            }
        });
    }
    return paths;
}

bool ServedGeneration::names(const std::string& layer, const PackageFile& file) const {
    const auto found = generation_.layers.find(layer);
    const auto* const same =
        found == generation_.layers.end() ? nullptr : found->second.find(file.name);
    return same != nullptr && same->sha256 == file.sha256;
}

}  // namespace offgrid
