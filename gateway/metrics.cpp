#include "gateway/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace sekisho::gateway {
namespace {

constexpr char separator = '\x1f';

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto next = text.find(at);
    parts.emplace_back(text.substr(0, next));
    if (next == std::string_view::npos) break;
    text.remove_prefix(next + 1);
    if (text.empty()) parts.emplace_back();
  }
  return parts;
}

// Label names of the row with the values of a key.
std::vector<prometheus::ClientMetric::Label> labels_of(const MetricRow& row, std::string_view key) {
  const auto names = split(row.labels, ',');
  auto values = split(key.substr(2), separator);
  values.resize(names.size());
  std::vector<prometheus::ClientMetric::Label> out;
  for (std::size_t i = 0; i < names.size(); ++i) out.push_back({names[i], values[i]});
  return out;
}

prometheus::ClientMetric::Histogram cumulative(const Histogram& histogram) {
  prometheus::ClientMetric::Histogram out;
  const auto& bounds = Histogram::bounds();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    sum += i < histogram.counts.size() ? histogram.counts[i] : 0;
    prometheus::ClientMetric::Bucket bucket;
    bucket.cumulative_count = sum;
    bucket.upper_bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    out.bucket.push_back(bucket);
  }
  out.sample_count = sum;
  out.sample_sum = histogram.sum;
  return out;
}

}  // namespace

const std::vector<MetricRow>& all_metrics() {
  using Kind = MetricRow::Kind;
  static const std::vector<MetricRow> rows = {
#define METRIC(id, name, kind, labels, help) {Metric::id, name, Kind::kind, labels, help},
#include "gateway/metrics.def"
#undef METRIC
  };
  return rows;
}

const std::vector<double>& Histogram::bounds() {
  static const std::vector<double> all = {0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001,
                                          0.0025,  0.005,    0.01,    0.025,  0.05,    0.1,    0.25,
                                          0.5,     1,        2.5,     5,      10,      30};
  return all;
}

void Histogram::observe(double seconds) {
  counts.resize(bounds().size() + 1);
  const auto bound = std::lower_bound(bounds().begin(), bounds().end(), seconds);
  ++counts[std::size_t(bound - bounds().begin())];
  sum += seconds;
}

void Histogram::merge(const Histogram& other) {
  counts.resize(bounds().size() + 1);
  for (std::size_t i = 0; i < other.counts.size() && i < counts.size(); ++i) counts[i] += other.counts[i];
  sum += other.sum;
}

Histogram histogram_of(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts,
                       double sum) {
  Histogram out;
  out.counts.resize(Histogram::bounds().size() + 1);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    const auto at = std::lower_bound(Histogram::bounds().begin(), Histogram::bounds().end(), bound);
    out.counts[std::size_t(at - Histogram::bounds().begin())] += counts[i];
  }
  out.sum = sum;
  return out;
}

std::string_view Metrics::key(Metric metric, std::initializer_list<std::string_view> labels) {
  scratch_.clear();
  scratch_ += char('A' + static_cast<int>(metric));
  for (auto label : labels) {
    scratch_ += separator;
    scratch_ += label;
  }
  if (labels.size() == 0) scratch_ += separator;
  return scratch_;
}

void Metrics::add(Metric metric, std::initializer_list<std::string_view> labels, double by) {
  const auto at = key(metric, labels);
  if (const auto found = values_.find(at); found != values_.end())
    found->second += by;
  else
    values_.emplace(std::string(at), by);
}

void Metrics::set(Metric metric, std::initializer_list<std::string_view> labels, double value) {
  values_[std::string(key(metric, labels))] = value;
}

void Metrics::observe(Metric metric, std::initializer_list<std::string_view> labels, double seconds) {
  const auto at = key(metric, labels);
  auto found = histograms_.find(at);
  if (found == histograms_.end()) found = histograms_.emplace(std::string(at), Histogram{}).first;
  found->second.observe(seconds);
}

void Metrics::put(Metric metric, std::initializer_list<std::string_view> labels, Histogram histogram) {
  histograms_[std::string(key(metric, labels))] = std::move(histogram);
}

void Metrics::merge(const Metrics& other) {
  for (const auto& [key, value] : other.values_) values_[key] += value;
  for (const auto& [key, histogram] : other.histograms_) histograms_[key].merge(histogram);
}

std::string Metrics::text() const {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& row : all_metrics()) {
    prometheus::MetricFamily family;
    family.name = row.name;
    family.help = row.help;
    const char first = char('A' + static_cast<int>(row.metric));
    if (row.kind == MetricRow::Kind::histogram) {
      family.type = prometheus::MetricType::Histogram;
      for (const auto& [key, histogram] : histograms_) {
        if (key[0] != first) continue;
        prometheus::ClientMetric metric;
        metric.label = labels_of(row, key);
        metric.histogram = cumulative(histogram);
        family.metric.push_back(std::move(metric));
      }
    } else {
      const bool counter = row.kind == MetricRow::Kind::counter;
      family.type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
      for (const auto& [key, value] : values_) {
        if (key[0] != first) continue;
        prometheus::ClientMetric metric;
        metric.label = labels_of(row, key);
        (counter ? metric.counter.value : metric.gauge.value) = value;
        family.metric.push_back(std::move(metric));
      }
    }
    // A metric without labels is there from the start, so that a dashboard never asks for what does not
    // exist.
    if (family.metric.empty() && row.labels.empty()) {
      prometheus::ClientMetric metric;
      if (row.kind == MetricRow::Kind::histogram) metric.histogram = cumulative({});
      family.metric.push_back(std::move(metric));
    }
    families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace sekisho::gateway
