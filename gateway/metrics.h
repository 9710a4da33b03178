// Counting without locks: each worker counts for itself, a scrape sums up. The table is metrics.def.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/calendar.h"

namespace sekisho::gateway {

inline double unix_seconds(policy::Instant at) { return double(policy::to_ms(at)) / 1000; }

enum class Metric : std::uint8_t {
#define METRIC(id, ...) id,
#include "gateway/metrics.def"
#undef METRIC
};

struct MetricRow {
  Metric metric;
  std::string_view name;
  enum class Kind { counter, gauge, histogram } kind;
  std::string_view labels;  // comma-separated, in order
  std::string_view help;
};
const std::vector<MetricRow>& all_metrics();

struct Histogram {
  static const std::vector<double>& bounds();  // seconds
  std::vector<std::uint64_t> counts;           // one more than bounds
  double sum = 0;
  void observe(double seconds);
  void merge(const Histogram& other);
};

// A histogram that was counted elsewhere, in other buckets: each count goes to the bucket that its bound
// falls in.
Histogram histogram_of(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts,
                       double sum);

// One thread's counts. Copy it to read it elsewhere.
class Metrics {
 public:
  void add(Metric metric, std::initializer_list<std::string_view> labels, double by = 1);
  void set(Metric metric, std::initializer_list<std::string_view> labels, double value);
  void observe(Metric metric, std::initializer_list<std::string_view> labels, double seconds);
  void put(Metric metric, std::initializer_list<std::string_view> labels, Histogram histogram);
  void merge(const Metrics& other);

  // The Prometheus text format, every metric of the table in it.
  std::string text() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class T>
  using Series = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  // Key: the metric's number, then each label value behind a separator.
  std::string_view key(Metric metric, std::initializer_list<std::string_view> labels);
  Series<double> values_;
  Series<Histogram> histograms_;
  std::string scratch_;
};

}  // namespace sekisho::gateway
