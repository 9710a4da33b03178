#include "gateway/standing.h"

#include <boost/json.hpp>

namespace sekisho::gateway {
namespace json = boost::json;

namespace {

json::value date(const std::optional<policy::JstDate>& day) {
  return day ? json::value(day->text()) : json::value(nullptr);
}

json::array limits_json(const std::vector<policy::StandingLimit>& limits) {
  json::array out;
  for (const auto& [limit, applies] : limits)
    if (applies) out.push_back(limit_json(limit));
  return out;
}

json::array holds_json(const policy::Usage& usage) {
  json::array out;
  for (const auto& hold : usage.holds)
    out.push_back(json::object{{"decision", hold.id},
                               {"state", policy::name(hold.state)},
                               {"quantity", hold.quantity},
                               {"number_type", policy::name(hold.number_type)},
                               {"order_id", hold.order_id},
                               {"since", policy::iso_jst(hold.since)}});
  return out;
}

// What the calendar alone will change: the certificate's end, and steps of limits that have a date.
json::array coming_json(const policy::Policy& policy, const std::vector<policy::StandingLimit>& limits,
                        const policy::OperatorRecord& record, policy::JstDate today) {
  json::array out;
  if (policy::etoc_on(record, today) == policy::EtocState::certified && record.etoc.valid_until)
    out.push_back(json::object{{"on", record.etoc.valid_until->plus(1).text()}, {"change", "etoc-expired"}});
  for (const auto& [limit, applies] : limits) {
    if (!applies) continue;
    for (const auto& rule : policy.rules) {
      if (rule.id != limit.rule) continue;
      for (const auto& step : rule.limit->steps)
        if (step.dates.from && *step.dates.from > today)
          out.push_back(json::object{{"on", step.dates.from->text()},
                                     {"change", "limit"},
                                     {"rule", rule.id},
                                     {"limit", step.value}});
    }
  }
  return out;
}

}  // namespace

json::object limit_json(const policy::LimitState& limit) {
  return {
      {"rule", limit.rule},
      {"code", limit.code},
      {"per", limit.per.text()},
      {"limit", limit.limit},
      {"used", limit.used},
      {"held", limit.held},
      {"left", limit.left},
      {"resets_at", limit.resets_at ? json::value(policy::iso_jst(*limit.resets_at)) : json::value(nullptr)}};
}

http::Response standing_answer(const policy::Policy& policy, const policy::PackedRecord* record,
                               const policy::OperatorId& id, const policy::Usage& usage,
                               const policy::Usage* of_group, policy::JstDate today) {
  const auto known = record ? record->unpack() : policy::OperatorRecord{};
  json::array types;
  known.plan.number_types.each([&](policy::NumberType type) { types.emplace_back(policy::name(type)); });
  const auto limits = policy::limits_today(policy, record, id, usage, of_group, today);
  const json::object body{
      {"operator", id.text()},
      {"etoc",
       {{"state", policy::name(policy::etoc_on(known, today))},
        {"certificate", known.etoc.certificate},
        {"valid_until", date(known.etoc.valid_until)}}},
      {"plan", {{"state", policy::name(known.plan.state)}, {"number_types", std::move(types)}}},
      {"granted", usage.granted()},
      {"held", usage.held()},
      {"suspense", usage.suspense()},
      {"limits", limits_json(limits)},
      {"holds", holds_json(usage)},
      {"coming", coming_json(policy, limits, known, today)}};
  http::Response response{.body = json::serialize(body) + "\n"};
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace sekisho::gateway
