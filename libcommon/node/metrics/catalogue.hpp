// What a node shows to Prometheus, and under which names (codex-metrics(7), METRICS).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace codex::node::metrics {

enum class Metric : std::uint8_t {
#define CODEX_METRIC(id, kind, name, labels, help) id,
#include "node/metrics/catalogue.def"
#undef CODEX_METRIC
};
constexpr std::size_t kMetricCount = 0
#define CODEX_METRIC(id, kind, name, labels, help) +1
#include "node/metrics/catalogue.def"
#undef CODEX_METRIC
    ;

/// What a metric is shown as (catalogue.def says under which names).
enum class Kind : std::uint8_t { counter, doubled, bare, gauge, histogram };

struct Row {
    Kind kind;
    std::string_view name;
    std::string_view labels; ///< their names, divided by blanks
    std::string_view help;   ///< what it counts
};
[[nodiscard]] const Row& row_of(Metric metric);

} // namespace codex::node::metrics
