#include "pack/pack.h"

#include "pack/assembler.h"
#include "pack/gdal_error.h"
#include "pack/package_writer.h"
#include "pack/partial_folder.h"
#include "pack/pipeline.h"
#include "pack/plan.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace offgrid {
namespace {

/// Each thread takes about 22 MiB; with these the peak stays below 512 MiB. More are used when they
/// are asked for.
constexpr int max_default_threads = 10;

int threads_for(const PackOptions& options) {
    const int processors = static_cast<int>(std::thread::hardware_concurrency());
    return options.threads.value_or(std::clamp(processors, 1, max_default_threads));
}

}  // namespace

PackResult pack(const PackOptions& options, const PackContext& context) {
    const auto start = std::chrono::steady_clock::now();
    gdal::prepare();
    PartialFolder folder{options.output, options.overwrite, context.files};
    const auto plan = make_plan(options, &Grid::google_maps_compatible(), context.is_stopped);

    PackResult result;
    {
        Pipeline pipeline{plan, threads_for(options), context.is_stopped};
        PackageWriter writer{plan, folder.path(), context.files};
        Assembler assembler{plan, writer};
        PackProgress progress{.blocks = 0, .blocks_total = pipeline.estimate(), .tiles = 0};
        while (const auto block = pipeline.next()) {
            assembler.add(*block);
            ++progress.blocks;
            progress.tiles += static_cast<std::int64_t>(block->tiles.size());
            context.report(progress);
        }
        assembler.finish();
        result.manifest = writer.finish();
    }
    const auto leftover = folder.publish();

    result.package = options.output;
    for (const auto& file : result.manifest.files) {
        result.tiles += file.tiles;
        result.bytes += file.bytes;
    }
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.notes = plan.notes;
    if (leftover) {
        result.notes.push_back(*leftover);
    }
    return result;
}

}  // namespace offgrid
