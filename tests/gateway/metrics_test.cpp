#include "gateway/metrics.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>

namespace sekisho::gateway {
namespace {

using Kind = MetricRow::Kind;

// Every line is one that Prometheus's text format knows; returns series -> value.
std::map<std::string, std::string> parsed(const std::string& text) {
  static const std::regex comment(R"(# (HELP|TYPE) [a-z_]+ .+)");
  static const std::regex sample(R"(([a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)*\})?) (\S+))");
  std::map<std::string, std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, sample)) {
      EXPECT_TRUE(out.emplace(match[1], match[5]).second) << "told twice: " << line;
    } else {
      EXPECT_TRUE(std::regex_match(line, comment)) << line;
    }
  }
  return out;
}

TEST(MetricsTable, names_follow_the_conventions) {
  std::set<std::string_view> names;
  for (const auto& row : all_metrics()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.name.starts_with("sekisho_")) << row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.kind == Kind::counter) << row.name;
    if (row.kind == Kind::histogram) {
      EXPECT_TRUE(row.name.ends_with("_seconds")) << row.name;
    }
    EXPECT_TRUE(row.help.ends_with('.')) << row.name;
    EXPECT_EQ(row.labels.find("operator"), row.labels.npos) << "operator ids are never labels";
    EXPECT_EQ(&row - all_metrics().data(), static_cast<int>(row.metric));
  }
}

TEST(Metrics, the_text_parses_also_when_nothing_was_counted) {
  const auto text = Metrics().text();
  const auto series = parsed(text);
  EXPECT_EQ(series.at("sekisho_redis_up"), "0");
  EXPECT_EQ(series.at("sekisho_gate_overhead_seconds_count"), "0");
  for (const auto& row : all_metrics())
    EXPECT_NE(text.find("# TYPE " + std::string(row.name) + " "), text.npos);
}

TEST(Metrics, counts_add_up_over_workers) {
  Metrics one, two;
  one.add(Metric::requests, {"demo", "allocate", "passed", ""});
  one.add(Metric::requests, {"demo", "allocate", "passed", ""}, 2);
  two.add(Metric::requests, {"demo", "allocate", "passed", ""});
  two.add(Metric::requests, {"demo", "allocate", "refused", "etoc-expired"});
  one.observe(Metric::request_duration, {"allocate"}, 0.0007);
  two.observe(Metric::request_duration, {"allocate"}, 99);
  two.set(Metric::connections, {"idle"}, 7);
  Metrics sum;
  sum.merge(one);
  sum.merge(two);
  const auto series = parsed(sum.text());
  EXPECT_EQ(
      series.at(R"(sekisho_requests_total{carrier="demo",operation="allocate",outcome="passed",code=""})"),
      "4");
  EXPECT_EQ(
      series.at(
          R"(sekisho_requests_total{carrier="demo",operation="allocate",outcome="refused",code="etoc-expired"})"),
      "1");
  EXPECT_EQ(series.at(R"(sekisho_connections{state="idle"})"), "7");
  EXPECT_EQ(series.at(R"(sekisho_request_duration_seconds_count{operation="allocate"})"), "2");
  EXPECT_EQ(series.at(R"(sekisho_request_duration_seconds_bucket{operation="allocate",le="0.001"})"), "1");
  EXPECT_EQ(series.at(R"(sekisho_request_duration_seconds_bucket{operation="allocate",le="0.0005"})"), "0");
  EXPECT_EQ(series.at(R"(sekisho_request_duration_seconds_bucket{operation="allocate",le="+Inf"})"), "2");
}

TEST(Metrics, label_values_are_escaped) {
  Metrics metrics;
  metrics.add(Metric::rule_matches, {"a\"b\\c\nd", "enforce"});
  const auto series = parsed(metrics.text());
  EXPECT_EQ(series.count(R"(sekisho_rule_matches_total{rule="a\"b\\c\nd",mode="enforce"})"), 1u);
}

TEST(Metrics, a_histogram_from_elsewhere_keeps_its_counts) {
  const auto histogram = histogram_of({0.001, 0.01}, {3, 2, 1}, 0.5);
  Metrics metrics;
  metrics.put(Metric::journal_fsync, {}, histogram);
  const auto series = parsed(metrics.text());
  EXPECT_EQ(series.at("sekisho_journal_fsync_seconds_bucket{le=\"0.001\"}"), "3");
  EXPECT_EQ(series.at("sekisho_journal_fsync_seconds_bucket{le=\"0.01\"}"), "5");
  EXPECT_EQ(series.at("sekisho_journal_fsync_seconds_count"), "6");
  EXPECT_EQ(series.at("sekisho_journal_fsync_seconds_sum"), "0.5");
}

}  // namespace
}  // namespace sekisho::gateway
