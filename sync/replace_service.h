#pragma once

#include "formats/package/replace.h"
#include "formats/package/staging_folder.h"
#include "sync/audit.h"
#include "sync/delivery.h"
#include "sync/interruptible_file_ops.h"
#include "sync/limits.h"
#include "sync/replace_report.h"
#include "sync/replace_request.h"
#include "sync/served_depot.h"
#include "sync/source_roots.h"
#include "sync/sparing_file_ops.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace offgrid {

/// Told what a replace does.
using OnReport = std::function<void(const ReplaceReport& report)>;

/// How a depot is changed.
struct ChangeOptions {
    /// Who changes what, from where. The service fills in generation, files and outcome, and
    /// records it: also a failure, once anything may have changed. `layer`, with its tilesets, is
    /// all that the change reads and writes; empty: it may be any.
    AuditEntry audit{};
    bool is_dry_run = false;            ///< everything but the commit
    Checkpoint checkpoint{};            ///< called with the service's own; throws to end the change
    std::function<void()> on_commit{};  ///< called in the turn, right before; may throw as well
    OnReport on_prepared{};  ///< called in the turn, when the generation is written and not current
                             ///< yet, as if it were drained; throws to end the change
    OnReport on_served{};    ///< called in the turn, before anyone waits for the drain
};

/// Replaces files and packages of a depot while its layers are served: verify, make durable, swap,
/// drain.
///
/// Deliveries are received, unpacked and verified side by side; then one replace at a time has the
/// depot, and verifies again only what another one has changed meanwhile. So the turn is short, and
/// a rollback does not wait for the verification of an upload. Every change is in the audit log
/// before anyone is told. Whatever fails, the layers that were served are still served. Safe for
/// concurrent use.
class ReplaceService {
public:
    struct Options {
        Limits limits;
        SourceRoots sources;
        std::chrono::milliseconds drain_timeout{
            10'000};  ///< how long an answer waits for readers of the old state

        /// Whether a layer that is not installed is known, but kept in no files that can be
        /// replaced. Called by many threads at once.
        std::function<bool(const std::string& layer)> is_kept_elsewhere{};

        /// Called outside the turn after each change, once the state before has drained or that
        /// takes too long. By many threads at once; does not throw.
        std::function<void()> on_changed{};
    };

    /// None of the references is owned. REQUIRES: the caller holds the DepotLock.
    ReplaceService(FileOps& files, const Depot& depot, sqlite::MbtilesPool& pool,
                   Live<LayerSet>& layers, AuditLog& audit, Options options);

    const Limits& limits() const { return options_.limits; }

    /// What an upload is received through: stops when the disk has no room left.
    FileOps& files() { return receiving_; }

    /// The depot, for all else that changes it.
    ServedDepot& served() { return served_; }

    /// A folder to receive an upload into.
    StagingFolder new_staging();

    /// Throws when a body of that size has no room on the depot's disk.
    void check_room(std::uint64_t bytes);

    /// Replace, drain and report. `staging` holds the upload where there is one. The audit entry's
    /// action and layer are filled in.
    ReplaceReport replace(const ReplaceRequest& request, const std::optional<Upload>& upload,
                          StagingFolder staging, ChangeOptions options = {});

    /// Makes a transaction what it is to be; calls the checkpoint now and then, which throws where
    /// the service is stopped. It is called again, on a transaction that has started again, where
    /// the layer that it is about was changed by others meanwhile; so it leaves what it finds in
    /// the staging folder as it is, and makes files in the transaction's work folder.
    using Change = std::function<void(ReplaceTransaction& replace, const Checkpoint& checkpoint)>;

    /// Change the depot, drain and report; the report names no layer. `staging` becomes the
    /// transaction's.
    ReplaceReport change(StagingFolder staging, const Change& change, const ChangeOptions& options);

    /// What the files of the layers may come to from now on; nothing: no limit. Files that only
    /// earlier generations have do not count: `prune` removes those.
    void set_quota(std::optional<std::uint64_t> bytes) { quota_bytes_ = bytes.value_or(no_quota); }

    /// End every replace that has not begun to commit, now and from now on, with `interrupted`.
    /// Returns at once.
    void stop() { served_.stop(); }

private:
    std::optional<std::uint64_t> quota() const {
        const std::uint64_t bytes = quota_bytes_;
        return bytes == no_quota ? std::nullopt : std::optional{bytes};
    }

    static constexpr auto no_quota = std::numeric_limits<std::uint64_t>::max();

    ServedDepot::Turn build(ReplaceTransaction& replace, const Change& change,
                            const ChangeOptions& options);
    ServedDepot::Switch commit(ReplaceTransaction& replace, const ReplaceReport& report,
                               const ChangeOptions& options);

    Delivery take(const ReplaceRequest& request, const std::optional<Upload>& upload,
                  const StagingFolder& staging);
    void add(ReplaceTransaction& replace, const ReplaceRequest& request, const Delivery& delivery,
             const Checkpoint& checkpoint) const;

    Options options_;
    ServedDepot served_;
    AuditLog& audit_;
    SparingFileOps receiving_;
    InterruptibleFileOps unpacking_;  // for all that comes before the commit
    std::atomic<std::uint64_t> quota_bytes_ = no_quota;
};

}  // namespace offgrid
