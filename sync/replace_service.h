#pragma once

#include "formats/base/file_ops.h"
#include "formats/base/live.h"
#include "formats/package/depot.h"
#include "formats/package/replace.h"
#include "formats/package/staging_folder.h"
#include "formats/sqlite/mbtiles_store.h"
#include "serve/layer_set.h"
#include "sync/delivery.h"
#include "sync/interruptible_file_ops.h"
#include "sync/limits.h"
#include "sync/replace_report.h"
#include "sync/source_roots.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offgrid {

/// What a client wants replaced. Texts are as the client wrote them.
struct ReplaceRequest {
    std::string layer{};
    std::string destination{};  ///< name of the file in the layer; empty: none given
    std::string source{};       ///< file or folder on this machine; empty: none given
    std::string sha256{};       ///< what the file must hash to, in hex; empty: not checked
};

/// A request body's file, received into a staging folder.
struct Upload {
    std::filesystem::path path;
    std::string sha256;  ///< in lower-case hex
};

/// Replaces files and packages of a depot while its layers are served: verify, make durable, swap,
/// drain.
///
/// One replace at a time has the depot; deliveries are received and unpacked side by side before
/// that. Whatever fails, the layers that were served are still served. Safe for concurrent use.
class ReplaceService {
public:
    struct Options {
        Limits limits;
        SourceRoots sources;
        std::chrono::milliseconds drain_timeout{
            10'000};  ///< how long an answer waits for readers of the old state
    };

    /// None of the references is owned. REQUIRES: the caller holds the DepotLock.
    ReplaceService(FileOps& files, const Depot& depot, sqlite::MbtilesPool& pool,
                   Live<LayerSet>& layers, Options options);

    const Limits& limits() const { return options_.limits; }
    FileOps& files() { return files_; }

    /// A folder to receive an upload into.
    StagingFolder new_staging() { return {files_, depot_}; }

    /// Throws when a body of that size has no room on the depot's disk.
    void check_room(std::uint64_t bytes);

    /// Replace, drain and report. `staging` holds the upload where there is one.
    ReplaceReport replace(const ReplaceRequest& request, const std::optional<Upload>& upload,
                          StagingFolder staging);

    /// Makes a transaction what it is to be; calls the checkpoint now and then, which throws where
    /// the service is stopped.
    using Change = std::function<void(ReplaceTransaction& replace, const Checkpoint& checkpoint)>;

    /// Change the depot in the turn of the replaces, drain and report; the report names no layer.
    /// `staging` becomes the transaction's, `author` is who asked for it.
    ReplaceReport change(StagingFolder staging, const Change& change, const std::string& author);

    /// What the files of a generation may come to from now on; nothing: no limit.
    void set_quota(std::optional<std::uint64_t> bytes);

    /// End every replace that has not begun to commit, now and from now on, with `interrupted`.
    /// Returns at once.
    void stop() { is_stopped_ = true; }

private:
    static constexpr auto no_quota = std::numeric_limits<std::uint64_t>::max();

    std::unique_lock<std::timed_mutex> wait_for_turn();
    std::pair<std::uint64_t, std::future<void>> commit_and_swap(ReplaceTransaction& replace);
    void serve_current_unless(std::uint64_t served);
    Delivery take(const ReplaceRequest& request, const std::optional<Upload>& upload,
                  const StagingFolder& staging);

    FileOps& files_;
    std::atomic<bool> is_stopped_ = false;
    InterruptibleFileOps unpacking_{files_, is_stopped_};  // for all that comes before the commit
    const Depot& depot_;
    sqlite::MbtilesPool& pool_;
    Live<LayerSet>& layers_;
    Options options_;
    std::timed_mutex depot_mutex_;  // one replace at a time
    std::atomic<std::uint64_t> quota_bytes_ = no_quota;
};

}  // namespace offgrid
