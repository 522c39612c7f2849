#include "pack/pack.h"

#include "formats/base/error.h"
#include "formats/config/grid_location.h"
#include "pack/assembler.h"
#include "pack/finished_pyramids.h"
#include "pack/gdal_error.h"
#include "pack/job.h"
#include "pack/output.h"
#include "pack/package_writer.h"
#include "pack/partial_folder.h"
#include "pack/pipeline.h"
#include "pack/plan.h"
#include "pack/pyramid_journal.h"
#include "pack/source_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

namespace offgrid {

namespace fs = std::filesystem;

namespace {

/// Each thread takes about 22 MiB; with these the peak stays below 512 MiB. More are used when they
/// are asked for.
constexpr int max_default_threads = 10;

/// What is asked for, with a name for each source: for a merge, what its shards were.
PackOptions asked_for(const PackOptions& options, const PackContext& context,
                      std::vector<std::string>& notes) {
    if (options.merged.empty()) {
        auto named = options;
        auto found = find_sources(options.sources, options.output, context.is_stopped);
        named.sources = std::move(found.names);
        notes = std::move(found.notes);
        return named;
    }
    const auto& first = options.merged.front();
    if (!PyramidJournal::is_in(first)) {
        throw Error{Errc::invalid_argument, fmt::format("{}: is no shard", first.string())};
    }
    auto merge = parse_job(PyramidJournal::open(first).identity().job);
    merge.output = options.output;
    merge.as = options.as;
    merge.overwrite = options.overwrite;
    merge.resume = options.resume;
    merge.on_damage = options.on_damage;
    merge.online = options.online;
    merge.threads = options.threads;
    merge.merged = options.merged;
    return merge;
}

/// The journal in the folder: that of a former run where the pack is to go on, else a new one.
PyramidJournal journal_in(const fs::path& folder, const PackOptions& options) {
    const auto identity = identity_of(options);
    auto found = options.resume == Resume::yes ? PyramidJournal::find(folder) : std::nullopt;
    if (!found) {
        return PyramidJournal::create(folder, identity, options.shard);
    }
    auto& journal = *found;
    const auto refuse = [&](const char* what) {
        throw Error{Errc::invalid_argument,
                    fmt::format("--resume: {} was begun with other {}: pack without it to begin "
                                "again",
                                options.output.string(), what)};
    };
    if (journal.identity().job != identity.job) {
        refuse("options");
    }
    if (journal.identity().sources != identity.sources) {
        refuse("sources");
    }
    if (journal.shard() != options.shard) {
        refuse("--shard");
    }
    return std::move(journal);
}

/// One run of a pack, in the folder in which it works.
class Run {
public:
    Run(const Plan& plan, const PackOptions& options, const PackContext& context,
        PyramidJournal& journal, FinishedPyramids& finished, PartialFolder& folder)
        : plan_{plan},
          context_{context},
          finished_{finished},
          folder_{folder},
          writer_{plan, folder.path() / PyramidJournal::folder_name, context.files},
          assembler_{plan, writer_,
                     [&](const Pyramid& pyramid) {
                         journal.add(pyramid);
                         if (pyramid.file) {
                             folder.keep();
                         }
                     }},
          pipeline_{plan, finished.tops(), threads_for(options), context.is_stopped} {}

    Manifest make() {
        PackProgress progress{.blocks_total = pipeline_.estimate()};
        while (const auto block = pipeline_.next()) {
            if (block->is_finished) {
                adopt(block->root, progress);
            } else {
                assembler_.add(*block);
                note(block->damage);
                ++progress.blocks;
            }
            report(progress);
        }
        assembler_.finish();
        report(progress);
        try {
            return plan_.is_shard() ? writer_.finish_shard() : writer_.finish();
        } catch (const Error& error) {
            if (damage_.empty()) {
                throw;
            }
            throw Error{error.code(),
                        fmt::format("{}; {} parts of the sources could not be read, the first: {}",
                                    error.what(), damage_.size(), damage_.front().cause)};
        }
    }

    std::vector<Damage> take_damage() { return std::move(damage_); }

private:
    void adopt(const TileKey& top, PackProgress& progress) {
        const auto pyramid = finished_.take(top);
        assembler_.add_finished(pyramid);
        note(pyramid.damage);
        if (pyramid.file) {
            folder_.keep();
            progress.tiles_before += pyramid.file->tiles;
        }
        progress.blocks += blocks_of_a_pyramid();
        progress.blocks_before += blocks_of_a_pyramid();
    }

    void report(PackProgress& progress) const {
        const auto& made = writer_.made();
        progress.tiles = progress.tiles_before + made.tiles;
        progress.bytes = made.bytes;
        progress.tiles_of_zoom = made.tiles_of_zoom;
        context_.report(progress);
    }

    void note(const std::vector<Damage>& damage) {
        damage_.insert(damage_.end(), damage.begin(), damage.end());
    }

    std::int64_t blocks_of_a_pyramid() const {
        const int levels = plan_.max_zoom() - plan_.block_levels - plan_.top;
        return std::int64_t{1} << (2 * std::max(0, levels));
    }

    const Plan& plan_;
    const PackContext& context_;
    FinishedPyramids& finished_;
    PartialFolder& folder_;
    PackageWriter writer_;
    Assembler assembler_;
    Pipeline pipeline_;  // before all that its threads use is gone
    std::vector<Damage> damage_;
};

/// The same failure, which says how to go on.
Error with_way_on(const Error& error) {
    return {error.code(),
            fmt::format("{}; the pyramids that are finished are kept: the same command "
                        "with --resume goes on from there",
                        error.what())};
}

/// Count the files that were published, and their bytes. A tileset has no files of its own.
void measure(PackResult& result, const PackOptions& options) {
    if (options.as == OutputKind::store) {
        return;
    }
    const auto add = [&](std::uint64_t bytes) {
        ++result.files;
        result.bytes += bytes;
    };
    const auto output = package_path(options.output);
    if (options.as == OutputKind::ztop) {
        for (const auto& file : result.manifest.files) {
            add(file.bytes);
        }
    } else if (fs::is_regular_file(output)) {
        add(fs::file_size(output));
    } else {
        for (const auto& entry : fs::recursive_directory_iterator{output}) {
            if (entry.is_regular_file()) {
                add(entry.file_size());
            }
        }
    }
}

/// Make the pyramids in the folder and keep them as what is asked for.
std::optional<std::string> make(const Plan& plan, const PackOptions& options, Output& output,
                                const PackContext& context, PartialFolder& folder,
                                PyramidJournal& journal, PackResult& result) {
    FinishedPyramids finished{journal, folder.path(), options.merged, context.files};
    folder.sweep(finished.names_in_folder());
    context.files.create_directories(folder.path() / PyramidJournal::folder_name);
    Run run{plan, options, context, journal, finished, folder};
    result.manifest = run.make();
    result.damage = run.take_damage();
    if (!plan.is_shard()) {
        return output.write(result.manifest, folder, context);
    }
    journal.set_complete();
    return folder.publish();
}

}  // namespace

int threads_for(const PackOptions& options) {
    const int processors = static_cast<int>(std::thread::hardware_concurrency());
    return options.threads.value_or(std::clamp(processors, 1, max_default_threads));
}

GridRef grid_for(const PackOptions& options) {
    return options.grid.empty() ? GridRef{&Grid::google_maps_compatible()}
                                : config::find_grid(options.grid);
}

PackResult pack(const PackOptions& command, const PackContext& context) {
    const auto start = std::chrono::steady_clock::now();
    gdal::prepare();
    std::vector<std::string> notes;
    const auto options = asked_for(command, context, notes);
    PartialFolder folder{
        place_of_work(options), options.overwrite, context.files,
        options.as == OutputKind::ztop ? PartialFolder::Kind::package : PartialFolder::Kind::other};
    // Until the plan shows that they can be gone on with, what a former run left is not touched.
    const bool has_left = PyramidJournal::is_in(folder.path());
    folder.keep(has_left);
    const auto plan = make_plan(options, grid_for(options), context.is_stopped);
    Output output{options, plan.manifest};
    if (options.resume == Resume::no) {
        folder.keep(false);
        folder.sweep();
    }
    auto journal = journal_in(folder.path(), options);
    PackResult result{.package = options.output, .notes = std::move(notes)};
    result.notes.insert(result.notes.end(), plan.notes.begin(), plan.notes.end());
    try {
        if (const auto leftover = make(plan, options, output, context, folder, journal, result)) {
            result.notes.push_back(*leftover);
        }
    } catch (const Error& error) {
        if (folder.is_kept()) {
            throw with_way_on(error);
        }
        if (error.code() != Errc::interrupted) {
            throw;
        }
        throw Error{error.code(), fmt::format("{}; no pyramid is finished yet: the same command "
                                              "begins again",
                                              error.what())};
    }
    for (const auto& file : result.manifest.files) {
        result.tiles += file.tiles;
    }
    measure(result, options);
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

}  // namespace offgrid
