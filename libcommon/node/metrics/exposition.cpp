// The one file that knows the library of Prometheus: it writes the text.
#include "node/metrics/exposition.hpp"

#include "base/error.hpp"

#include <limits>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <span>

namespace codex::node::metrics {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr Row kRows[] = {
#define CODEX_METRIC(id, kind, name, labels, help) {Kind::kind, name, labels, help},
#include "node/metrics/catalogue.def"
#undef CODEX_METRIC
};

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t blank = text.find(' ');
        words.push_back(text.substr(0, blank));
        text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
    }
    return words;
}

} // namespace

const Row& row_of(Metric metric) {
    return kRows[static_cast<std::size_t>(metric)];
}

Exposition::Exposition(double created) : created_(created) {
    for (std::size_t i = 0; i < kMetricCount; ++i)
        if (kRows[i].labels.empty() && kRows[i].kind != Kind::histogram)
            samples_[i].emplace_back();
}

void Exposition::set(Metric metric, std::initializer_list<std::string_view> labels, double value) {
    std::vector<Sample>& samples = samples_[static_cast<std::size_t>(metric)];
    CODEX_ASSERT(labels.size() == words_of(row_of(metric).labels).size());
    if (labels.size() == 0) {
        samples.front().value = value;
        return;
    }
    Sample& sample = samples.emplace_back();
    sample.labels.assign(labels.begin(), labels.end());
    sample.value = value;
}

void Exposition::set(Metric metric, std::span<const double> bounds,
                     std::span<const std::uint64_t> counts, double sum) {
    Sample sample;
    sample.value = sum;
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        all += counts[i];
        sample.buckets.push_back(
            {i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity(), all});
    }
    samples_[static_cast<std::size_t>(metric)].assign(1, std::move(sample));
}

/// What text() writes. Threads: one at a time.
class Families {
public:
    explicit Families(const Exposition& of) : of_(of) {
        for (std::size_t i = 0; i < kMetricCount; ++i)
            add(kRows[i], of.samples_[i]);
    }
    [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(all_); }

private:
    using Sample = Exposition::Sample;

    void add(const Row& row, const std::vector<Sample>& samples) {
        const std::string name(row.name);
        switch (row.kind) {
        case Kind::counter:
            add(row, name + "_total", MetricType::Counter, samples);
            add_created(row, samples);
            break;
        case Kind::doubled:
            add(row, name, MetricType::Counter, samples);
            add(row, name + "_total", MetricType::Counter, samples);
            add_created(row, samples);
            break;
        case Kind::bare:
            add(row, name, MetricType::Counter, samples);
            break;
        case Kind::gauge:
            add(row, name, MetricType::Gauge, samples);
            break;
        case Kind::histogram:
            add(row, name, MetricType::Histogram, samples);
            add_created(row, samples);
            break;
        }
    }
    void add_created(const Row& row, const std::vector<Sample>& samples) {
        std::vector<Sample> created = samples;
        for (Sample& sample : created)
            sample.value = of_.created_;
        Row about = row;
        about.help = "since when that is counted, in Unix seconds";
        add(about, std::string(row.name) + "_created", MetricType::Gauge, created);
    }
    void add(const Row& row, std::string name, MetricType type,
             const std::vector<Sample>& samples) {
        MetricFamily& family = all_.emplace_back();
        family.name = std::move(name);
        family.help = row.help;
        family.type = type;
        const std::vector<std::string_view> labels = words_of(row.labels);
        for (const Sample& sample : samples) {
            ClientMetric& metric = family.metric.emplace_back();
            for (std::size_t i = 0; i < labels.size(); ++i)
                metric.label.push_back({std::string(labels[i]), sample.labels[i]});
            metric.counter.value = metric.gauge.value = sample.value;
            metric.histogram.sample_sum = sample.value;
            for (const auto& bucket : sample.buckets) {
                metric.histogram.bucket.push_back({bucket.count, bucket.bound});
                metric.histogram.sample_count = bucket.count; // of the last: of all
            }
        }
    }

    const Exposition& of_;
    std::vector<MetricFamily> all_;
};

std::string Exposition::text() const {
    return Families(*this).text();
}

} // namespace codex::node::metrics
