#pragma once

#include "formats/base/file_ops.h"
#include "serve/log.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace offgrid {

/// GeoWebCache's configuration of its disk quota. Here it is a limit: what would take the depot
/// beyond it is refused, nothing is evicted, so that all but the first three fields are kept and
/// mean nothing. A value.
struct QuotaConfig {
    bool is_enabled = false;
    std::uint64_t value = 500;
    std::string units = "MiB";  ///< B, KiB, MiB, GiB, TiB
    int clean_up_frequency = 10;
    std::string clean_up_units = "SECONDS";
    int max_concurrent_clean_ups = 2;
    std::string expiration_policy = "LFU";

    /// Nothing: there is no limit.
    std::optional<std::uint64_t> limit_bytes() const;

    friend bool operator==(const QuotaConfig&, const QuotaConfig&) = default;
};

/// The configuration with the fields of an XML or JSON body in place of its own. Throws
/// `invalid_argument` naming the field that is unknown or wrong.
QuotaConfig changed_by(QuotaConfig config, std::string_view body);

std::string to_json(const QuotaConfig& config);

/// The quota of a depot, kept in its file `diskquota.json`. Safe for concurrent use. The FileOps is
/// not owned.
class DiskQuota {
public:
    /// Puts a limit in force; nothing: there is none. Called one at a time; does not throw.
    using OnLimit = std::function<void(std::optional<std::uint64_t> bytes)>;

    /// Reads the file where there is one and puts its limit in force. A file that cannot be read
    /// goes to the log: tiles are served without it. REQUIRES: the DepotLock.
    DiskQuota(FileOps& files, std::filesystem::path file, OnLimit on_limit, const Log& log);

    QuotaConfig config() const;

    /// Change the configuration by a body, durably, and put its limit in force. Throws as
    /// `changed_by`.
    QuotaConfig change(std::string_view body);

private:
    FileOps& files_;
    std::filesystem::path file_;
    OnLimit on_limit_;
    mutable std::mutex mutex_;
    QuotaConfig config_;
};

}  // namespace offgrid
