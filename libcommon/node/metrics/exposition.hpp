// The figures of a node at one moment, and the text in which Prometheus takes them.
#pragma once

#include "net/connection/traffic.hpp"
#include "node/metrics/catalogue.hpp"

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace codex::node::metrics {

/// The type of text() (codex-metrics(7), REQUESTS).
constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

/// Every metric of the catalogue is there: one without labels is 0 until it is set, one with labels
/// has a value for each of their values that was set.
/// Threads: one at a time.
class Exposition {
public:
    /// `created`: since when it is counted, in Unix seconds.
    explicit Exposition(double created);

    void set(Metric metric, double value) { set(metric, {}, value); }
    /// `labels`: their values, in the order of the catalogue. Each is set once.
    void set(Metric metric, std::initializer_list<std::string_view> labels, double value);
    template <std::size_t Bounds> void set(Metric metric, const net::Histogram<Bounds>& histogram) {
        set(metric, histogram.bounds(), histogram.counts(), histogram.sum());
    }

    [[nodiscard]] std::string text() const;

private:
    struct Bucket {
        double bound;
        std::uint64_t count; ///< of those at most as large
    };
    struct Sample {
        std::vector<std::string> labels;
        double value = 0;
        std::vector<Bucket> buckets; ///< of a histogram, whose sum is the value
    };
    friend class Families;

    void set(Metric metric, std::span<const double> bounds, std::span<const std::uint64_t> counts,
             double sum);

    double created_;
    std::array<std::vector<Sample>, kMetricCount> samples_;
};

} // namespace codex::node::metrics
