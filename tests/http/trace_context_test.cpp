// What W3C Trace Context (level 1) lets pass, row by row.
#include "gateway/http/trace_context.h"

#include <gtest/gtest.h>

#include <random>

namespace sekisho::http {
namespace {

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736", parent = "00f067aa0ba902b7";
const std::string good = "00-" + trace + "-" + parent + "-01";

Headers lines(std::string_view name, const std::vector<std::string>& values) {
  Headers headers;
  headers.add("Accept", "x=1,y=2");
  for (const auto& value : values) headers.add(name, value);
  return headers;
}

TEST(Traceparent, of_version_00_is_of_one_spelling) {
  EXPECT_TRUE(is_traceparent(good));
  for (const auto& wrong :
       {std::string(), good + "0", good.substr(1), "01" + good.substr(2),
        "00-" + std::string(32, '0') + "-" + parent + "-01",
        "00-" + trace + "-" + std::string(16, '0') + "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + parent + "-01", "00-" + trace + "_" + parent + "-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473\"-" + parent + "-01"})
    EXPECT_FALSE(is_traceparent(wrong)) << wrong;
}

TEST(Traceparent, is_taken_where_it_is_whole_and_stands_alone) {
  const std::string rest = good.substr(2);
  const struct {
    std::vector<std::string> given;
    std::string taken;  // empty: a new trace begins
  } table[] = {
      {{good}, good},
      {{"00-" + trace + "-" + parent + "-ff"}, "00-" + trace + "-" + parent + "-ff"},
      {{}, ""},
      {{""}, ""},
      {{good, good}, ""},
      {{good, ""}, ""},
      {{good + "."}, ""},
      {{good + "-what-the-future-will-be-like"}, ""},
      {{good.substr(0, 54)}, ""},
      {{"00-" + std::string(32, '0') + "-" + parent + "-01"}, ""},
      {{"00-" + trace + "-" + std::string(16, '0') + "-01"}, ""},
      {{"00-4BF92F3577B34DA6A3CE929D0E0E4736-" + parent + "-01"}, ""},
      {{"00-" + trace + "-" + parent + "-0."}, ""},
      {{"0" + good}, ""},
      {{" " + good}, ""},
      {{"ff" + rest}, ""},
      {{".0" + rest}, ""},
      {{"0." + rest}, ""},
      {{"CC" + rest}, ""},
      // Later versions are read as far as this one knows them, and passed on as this one writes them.
      {{"cc" + rest}, good},
      {{"01" + rest + "-what-the-future-will-be-like"}, good},
      {{"cc" + rest + ".what-the-future-will-be-like"}, ""},
      {{"cc-" + trace + "-" + parent + "-03"}, good},
      {{"cc-" + trace + "-" + parent + "-02-x"}, "00-" + trace + "-" + parent + "-00"},
      {{"cc-" + trace + "-" + parent}, ""},
  };
  for (const auto& row : table)
    EXPECT_EQ(traceparent_of(lines("TraceParent", row.given)).value_or(""), row.taken)
        << testing::PrintToString(row.given);
}

TEST(Traceparent, tells_its_parts_and_takes_another_parent) {
  EXPECT_EQ(trace_id(good), trace);
  EXPECT_EQ(parent_id(good), parent);
  EXPECT_EQ(span_id(0x1f), "000000000000001f");
  const struct {
    const char *flags, *kept;
    bool sampled;
  } table[] = {
      {"00", "00", false}, {"01", "01", true}, {"02", "02", false}, {"03", "03", true}, {"fd", "01", true}};
  for (const auto& [flags, kept, sampled] : table) {
    const auto given = "00-" + trace + "-" + parent + "-" + flags;
    EXPECT_EQ(is_sampled(given), sampled) << flags;
    EXPECT_EQ(with_parent(given, 0x1f), "00-" + trace + "-000000000000001f-" + kept);
  }
}

TEST(Traceparent, a_share_of_the_traces_is_chosen_by_their_ids) {
  const auto with = [](const std::string& last) {
    return "00-4bf92f3577b34da6a3" + last + "-00f067aa0ba902b7-00";
  };
  const struct {
    const char* last;  // 14 digits
    double share;
    bool chosen;
  } table[] = {
      {"00000000000000", 1, true},    {"ffffffffffffff", 0, false},  {"ffffffffffffff", 1e-9, true},
      {"7fffffffffffff", 0.5, false}, {"80000000000000", 0.5, true}, {"e6666666666600", 0.1, false},
      {"e6666666666700", 0.1, true},
  };
  for (const auto& [last, share, chosen] : table)
    EXPECT_EQ(is_chosen(with(last), share), chosen) << last << share;
  std::mt19937_64 random(1);
  int chosen = 0;
  for (int i = 0; i < 10'000; ++i) chosen += is_chosen(with(span_id(random()).substr(2)), 0.25);
  EXPECT_NEAR(chosen, 2500, 300);
}

std::string members(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += (i ? ",k" : "k") + std::to_string(i) + "=v";
  return out;
}

TEST(Tracestate, is_one_list_or_nothing) {
  const auto of = [](std::size_t count, char c = 'z') { return std::string(count, c); };
  const std::string every = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
  std::string printable;
  for (char c = 0x20; c < 0x7f; ++c)
    if (c != ',' && c != '=') printable += c;
  const struct {
    std::vector<std::string> given;
    std::string taken;
  } table[] = {
      {{"foo=1"}, "foo=1"},
      {{"foo=1,bar=2"}, "foo=1,bar=2"},
      {{"foo=1,bar=2", "rojo=1", "baz=3"}, "foo=1,bar=2,rojo=1,baz=3"},
      {{"foo=1 \t , \t bar=2, \t baz=3"}, "foo=1,bar=2,baz=3"},
      {{"foo= 1"}, "foo= 1"},  // spaces before a value are its own
      {{""}, ""},
      {{}, ""},
      {{"foo=1", ""}, "foo=1"},
      {{"", "foo=1"}, "foo=1"},
      {{",foo=1,,bar=2,"}, "foo=1,bar=2"},
      {{every + "=" + printable}, every + "=" + printable},
      {{"0tenant@system=1"}, "0tenant@system=1"},
      {{every + "@a-z0-9_-*/=1"}, every + "@a-z0-9_-*/=1"},
      {{of(256) + "=1"}, of(256) + "=1"},
      {{of(241, 't') + "@" + of(14, 'v') + "=1"}, of(241, 't') + "@" + of(14, 'v') + "=1"},
      {{"foo=" + of(256)}, "foo=" + of(256)},
      {{members(32)}, members(32)},
      // And what is wrong anywhere takes all of it.
      {{"foo=1", of(257) + "=1"}, ""},
      {{"foo=1", of(242, 't') + "@v=1"}, ""},
      {{"foo=1", "t@" + of(15, 'v') + "=1"}, ""},
      {{"foo=" + of(257)}, ""},
      {{members(33)}, ""},
      {{members(32), "more=1"}, ""},
      {{"foo =1"}, ""},
      {{"FOO=1"}, ""},
      {{"foo.bar=1"}, ""},
      {{"1foo=1"}, ""},
      {{"foo@=1,bar=2"}, ""},
      {{"@foo=1,bar=2"}, ""},
      {{"foo@@bar=1,bar=2"}, ""},
      {{"foo@bar@baz=1,bar=2"}, ""},
      {{"foo@1=1"}, ""},
      {{"foo=bar=baz"}, ""},
      {{"foo=,bar=3"}, ""},
      {{"foo=a\tb"}, ""},
      {{"foo=\xc3\xa9"}, ""},
      {{"=1"}, ""},
      {{"foo"}, ""},
      {{"foo=1,foo=1"}, ""},
      {{"foo=1", "foo=2"}, ""},
  };
  for (const auto& row : table)
    EXPECT_EQ(tracestate_of(lines("TraceState", row.given)), row.taken) << testing::PrintToString(row.given);
  EXPECT_EQ(tracestate_of(lines("trace-state", {"foo=1"})), "");
}

}  // namespace
}  // namespace sekisho::http
