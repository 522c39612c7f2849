#include "sync/rest/disk_quota.h"

#include "formats/base/error.h"
#include "sync/rest/document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace offgrid {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_file_bytes = 1 << 16;
constexpr std::string_view root_name = "gwcQuotaConfiguration";

/// Each 1024 times the one before it.
constexpr std::array<std::string_view, 5> size_units{"B", "KiB", "MiB", "GiB", "TiB"};
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
            config.value = *number;
        } else if (field == "units") {
            config.units = one_of(value, field, size_units);
        } else if (field != "id" && field != "bytes") {
            throw bad(fmt::format("unknown field '{}' in 'globalQuota'", field));
        }
    }
}

RestJson fields_of(std::string_view body) {
    const auto form = form_of(body);
    if (form == BodyForm::xml) {
        return as_json(parse_xml(body).document_element());
    }
    if (form != BodyForm::json) {
        throw bad("the body is neither XML nor JSON");
    }
    auto json = parse_json(body);
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
    double bytes = value;
    for (const auto& unit : size_units) {
        if (unit == units) {
            break;
        }
        bytes *= 1024;
    }
    return static_cast<std::uint64_t>(bytes);
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
    const RestJson fields{
        {"enabled", config.is_enabled},
        {"cacheCleanUpFrequency", config.clean_up_frequency},
        {"cacheCleanUpUnits", config.clean_up_units},
        {"maxConcurrentCleanUps", config.max_concurrent_clean_ups},
        {"globalExpirationPolicyName", config.expiration_policy},
        {"globalQuota",
         {{"value", static_cast<std::int64_t>(config.value)}, {"units", config.units}}}};
    return RestJson{{root_name, fields}}.dump();
}

DiskQuota::DiskQuota(FileOps& files, fs::path file) : files_{files}, file_{std::move(file)} {
    if (!fs::exists(file_)) {
        return;
    }
    try {
        config_ = changed_by({}, as_text(read_file(file_, max_file_bytes)));
    } catch (const Error& error) {
        rethrow_with(error, "{}", file_.string());
    }
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
    return config_;
}

}  // namespace offgrid
