#include "sync/rest/disk_quota.h"

#include "formats/base/error.h"
#include "sync/rest/document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_file_bytes = 1 << 16;
constexpr std::string_view root_name = "gwcQuotaConfiguration";

/// Each 1024 times the one before it.
constexpr std::array<std::string_view, 5> size_units{"B", "KiB", "MiB", "GiB", "TiB"};
constexpr int bits_per_unit = 10;
constexpr std::array<std::string_view, 4> time_units{"SECONDS", "MINUTES", "HOURS", "DAYS"};
constexpr std::array<std::string_view, 2> policies{"LFU", "LRU"};

Error bad(const std::string& what) {
    return Error{Errc::invalid_argument, what};
}

template <std::size_t count>
std::string one_of(const RestJson& value, const std::string& field,
                   const std::array<std::string_view, count>& known) {
    if (!value.is_string() || std::ranges::find(known, value.get<std::string>()) == known.end()) {
        throw bad(fmt::format("'{}' is not one of {}", field, fmt::join(known, ", ")));
    }
    return value.get<std::string>();
}

int positive(const RestJson& object, const std::string& field) {
    const auto number = whole_number_in(object, field.c_str());
    if (!number || *number <= 0) {
        throw bad(fmt::format("'{}' is not a number greater than 0", field));
    }
    return *number;
}

bool truth(const RestJson& value, const std::string& field) {
    if (value.is_boolean()) {
        return value.get<bool>();
    }
    if (value == "true" || value == "false") {
        return value == "true";
    }
    throw bad(fmt::format("'{}' is neither true nor false", field));
}

/// By how many bits a number of the unit is shifted to be one of bytes.
int shift_of(std::string_view unit) {
    return bits_per_unit *
           static_cast<int>(std::ranges::find(size_units, unit) - size_units.begin());
}

void change_quota(QuotaConfig& config, const RestJson& quota) {
    if (!quota.is_object()) {
        throw bad("'globalQuota' has no 'value' and 'units'");
    }
    for (const auto& [field, value] : quota.items()) {
        if (field == "value") {
            const auto number = whole_number_in(quota, "value");
            if (!number || *number < 0) {
                throw bad("'globalQuota' has a 'value' that is less than 0");
            }
            config.value = static_cast<std::uint64_t>(*number);
        } else if (field == "units") {
            config.units = one_of(value, field, size_units);
        } else if (field != "id" && field != "bytes") {
            throw bad(fmt::format("unknown field '{}' in 'globalQuota'", field));
        }
    }
    if (config.value > std::numeric_limits<std::uint64_t>::max() >> shift_of(config.units)) {
        throw bad("'globalQuota' is more bytes than can be counted");
    }
}

RestJson fields_of(std::string_view body) {
    auto json = parse_document(body);
    // GeoWebCache itself writes the name of its class.
    const bool has_root = json.size() == 1 && json.begin()->is_object() &&
                          (json.begin().key() == root_name ||
                           json.begin().key().find("DiskQuotaConfig") != std::string::npos);
    return has_root ? RestJson(*json.begin()) : json;
}

}  // namespace

std::optional<std::uint64_t> QuotaConfig::limit_bytes() const {
    if (!is_enabled) {
        return std::nullopt;
    }
    return value << shift_of(units);
}

QuotaConfig changed_by(QuotaConfig config, std::string_view body) {
    const auto fields = fields_of(body);
    if (!fields.is_object()) {
        throw bad("the body has no fields");
    }
    for (const auto& [field, value] : fields.items()) {
        if (field == "enabled") {
            config.is_enabled = truth(value, field);
        } else if (field == "globalQuota") {
            change_quota(config, value);
        } else if (field == "cacheCleanUpFrequency") {
            config.clean_up_frequency = positive(fields, field);
        } else if (field == "cacheCleanUpUnits") {
            config.clean_up_units = one_of(value, field, time_units);
        } else if (field == "maxConcurrentCleanUps") {
            config.max_concurrent_clean_ups = positive(fields, field);
        } else if (field == "globalExpirationPolicyName") {
            config.expiration_policy = one_of(value, field, policies);
        } else if (field != "diskBlockSize" && field != "quotaStore") {
            throw bad(fmt::format("unknown field '{}'", field));
        }
    }
    return config;
}

std::string to_json(const QuotaConfig& config) {
    const RestJson fields{{"enabled", config.is_enabled},
                          {"cacheCleanUpFrequency", config.clean_up_frequency},
                          {"cacheCleanUpUnits", config.clean_up_units},
                          {"maxConcurrentCleanUps", config.max_concurrent_clean_ups},
                          {"globalExpirationPolicyName", config.expiration_policy},
                          {"globalQuota", {{"value", config.value}, {"units", config.units}}}};
    return RestJson{{root_name, fields}}.dump();
}

DiskQuota::DiskQuota(FileOps& files, fs::path file, OnLimit on_limit, const Log& log)
    : files_{files}, file_{std::move(file)}, on_limit_{std::move(on_limit)} {
    try {
        if (fs::exists(file_)) {
            config_ = changed_by({}, as_text(read_file(file_, max_file_bytes)));
        }
    } catch (const std::exception& error) {
        log(fmt::format("{} is left out, and there is no quota: {}", file_.string(), error.what()));
    }
    on_limit_(config_.limit_bytes());
}

QuotaConfig DiskQuota::config() const {
    const std::lock_guard lock{mutex_};
    return config_;
}

QuotaConfig DiskQuota::change(std::string_view body) {
    const std::lock_guard lock{mutex_};
    const auto next = changed_by(config_, body);
    write_durably(files_, file_, as_bytes(to_json(next)));
    config_ = next;
    on_limit_(config_.limit_bytes());  // in the order of the changes
    return config_;
}

}  // namespace offgrid
