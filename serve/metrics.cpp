#include "serve/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

namespace offgrid {
namespace {

/// The text as it grows: a family of samples is a name, what it means, and its numbers.
class Exposition {
public:
    enum class Type { counter, gauge };

    template <typename Number>
    void add(std::string_view name, Type type, std::string_view help, Number value) {
        begin(name, type, help);
        sample(name, "", value);
    }

    void begin(std::string_view name, Type type, std::string_view help) {
        fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help,
                       type == Type::counter ? "counter" : "gauge");
    }

    /// `labels` with their braces, or empty; their values are escaped.
    template <typename Number>
    void sample(std::string_view name, std::string_view labels, Number value) {
        fmt::format_to(std::back_inserter(text_), "{}{} {}\n", name, labels, value);
    }

    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

using Type = Exposition::Type;

void add_requests(Exposition& out, const RequestCounts& requests) {
    constexpr std::string_view name = "offgrid_requests_total";
    out.begin(name, Type::counter, "Requests answered, by the class of the status.");
    for (std::size_t digit = 2; digit < requests.by_class.size(); ++digit) {
        out.sample(name, fmt::format("{{class=\"{}xx\"}}", digit), requests.by_class[digit]);
    }
    out.add("offgrid_sent_bytes_total", Type::counter, "Bytes of the bodies of answers.",
            requests.body_bytes);
}

/// Sums only: a generation that comes back may be draining twice. `/health` lists each.
void add_draining(Exposition& out, const Live<LayerSet>::Statistics& states) {
    std::size_t leases = 0;
    std::chrono::duration<double> longest{0};
    const auto now = std::chrono::steady_clock::now();
    for (const auto& state : states.draining) {
        leases += state.leases;
        longest = std::max<std::chrono::duration<double>>(longest, now - state.since);
    }
    out.add("offgrid_draining", Type::gauge, "Earlier generations that requests still use.",
            states.draining.size());
    out.add("offgrid_draining_leases", Type::gauge, "Requests that use them.", leases);
    out.add("offgrid_draining_seconds", Type::gauge, "For how long the first has been draining.",
            longest.count());
    out.add("offgrid_drains_total", Type::counter, "Earlier generations that nobody uses any more.",
            states.drains);
    out.add("offgrid_drain_seconds_total", Type::counter, "For how long those were still used.",
            std::chrono::duration<double>{states.drain_time}.count());
}

/// The label that a store has; none for files that are of no store.
std::string label_of(const std::string& store) {
    if (store.empty()) {
        return {};
    }
    std::string value;
    for (const char c : store) {
        if (c == '\\' || c == '"') {
            value += '\\';
        }
        value += c == '\n' ? std::string{"\\n"} : std::string{c};
    }
    return fmt::format("{{store=\"{}\"}}", value);
}

void add_pools(Exposition& out, const PoolReports& pools) {
    const auto add = [&](std::string_view name, Type type, std::string_view help,
                         std::size_t PoolStatistics::*number) {
        out.begin(name, type, help);
        for (const auto& [store, statistics] : pools) {
            out.sample(name, label_of(store), statistics.*number);
        }
    };
    add("offgrid_pool_open", Type::gauge, "Tile files open.", &PoolStatistics::open);
    add("offgrid_pool_idle", Type::gauge, "Of these, not in use.", &PoolStatistics::idle);
    add("offgrid_pool_waiting", Type::gauge, "Requests that wait for a file to be closed.",
        &PoolStatistics::waiting);
    add("offgrid_pool_evictions_total", Type::counter, "Files closed to open others.",
        &PoolStatistics::evictions);
    add("offgrid_pool_reaped_total", Type::counter, "Files closed because nobody used them.",
        &PoolStatistics::reaped);
}

void add_connections(Exposition& out, const HttpStatistics& http) {
    out.add("offgrid_connections", Type::gauge, "Clients connected.", http.open.load());
    out.add("offgrid_connections_total", Type::counter, "Clients that have connected.",
            http.accepted.load());
    constexpr std::string_view refused = "offgrid_connections_refused_total";
    out.begin(refused, Type::counter, "Clients that were refused, by the limit that they met.");
    out.sample(refused, "{reason=\"full\"}", http.refused_full.load());
    out.sample(refused, "{reason=\"address\"}", http.refused_address.load());
    constexpr std::string_view closed = "offgrid_connections_closed_total";
    out.begin(closed, Type::counter, "Connections that were closed by this side, by the reason.");
    out.sample(closed, "{reason=\"idle\"}", http.closed_idle.load());
    out.sample(closed, "{reason=\"room\"}", http.closed_for_others.load());
    out.sample(closed, "{reason=\"header\"}", http.closed_slow_header.load());
    out.sample(closed, "{reason=\"body\"}", http.closed_slow_body.load());
    out.sample(closed, "{reason=\"reader\"}", http.closed_slow_reader.load());
}

}  // namespace

std::string metrics_text(const Metrics& metrics) {
    Exposition out;
    add_requests(out, metrics.requests);
    out.add("offgrid_layers", Type::gauge, "Layers served.", metrics.layers.layers().size());
    if (const auto generation = metrics.layers.generation()) {
        out.add("offgrid_generation", Type::gauge, "Generation of the depot served.", *generation);
    }
    out.add("offgrid_leases", Type::gauge, "Requests that use the layers served, this one too.",
            metrics.states.leases);
    add_draining(out, metrics.states);
    out.add("offgrid_swaps_total", Type::counter, "Times the layers were replaced.",
            metrics.states.swaps);
    if (metrics.http != nullptr) {
        add_connections(out, *metrics.http);
    }
    if (!metrics.pools.empty()) {
        add_pools(out, metrics.pools);
    }
    return out.take();
}

}  // namespace offgrid
