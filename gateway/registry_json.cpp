#include "gateway/registry_json.h"

namespace sekisho::gateway {
namespace json = boost::json;

namespace {

json::value date(const std::optional<policy::JstDate>& day) {
  return day ? json::value(day->text()) : json::value(nullptr);
}

json::array types(policy::NumberTypes set) {
  json::array out;
  set.each([&](policy::NumberType type) { out.emplace_back(policy::name(type)); });
  return out;
}

}  // namespace

json::object record_json(const policy::OperatorRecord& record, policy::JstDate today) {
  json::array refusals;
  for (const auto& entry : record.refusals)
    refusals.push_back(json::object{{"action", policy::name(entry.action)},
                                    {"number_types", types(entry.number_types)},
                                    {"from", date(entry.from)},
                                    {"until", date(entry.until)},
                                    {"reference", entry.reference},
                                    {"confidential", entry.confidential}});
  json::object out{{"operator", record.id.text()},
                   {"serial", record.version.serial},
                   {"known_at", policy::iso_jst(record.version.known_at)},
                   {"effective", record.version.from().text()},
                   {"etoc",
                    {{"state", policy::name(policy::etoc_on(record, today))},
                     {"listed", policy::name(record.etoc.state)},
                     {"certificate", record.etoc.certificate},
                     {"certified_on", date(record.etoc.certified_on)},
                     {"valid_until", date(record.etoc.valid_until)}}},
                   {"plan",
                    {{"state", policy::name(record.plan.state)},
                     {"number_types", types(record.plan.number_types)},
                     {"forwards_calls", record.plan.forwards_calls},
                     {"checked_on", date(record.plan.checked_on)},
                     {"checked_by", record.plan.checked_by}}},
                   {"refusals", std::move(refusals)},
                   {"track_record",
                    {{"first_supply", date(record.track_record.first_supply)},
                     {"numbers_elsewhere", record.track_record.numbers_elsewhere}}},
                   {"country", record.country},
                   {"owner_group", record.owner_group},
                   {"domestic_agent", record.domestic_agent},
                   {"notification_number", record.notification_number},
                   {"merged_into", record.merged_into.empty() ? json::value(nullptr)
                                                              : json::value(record.merged_into.text())},
                   {"names",
                    {{"ja", record.names.ja},
                     {"kana", record.names.kana},
                     {"en", record.names.en},
                     {"former", json::array(record.names.former.begin(), record.names.former.end())}}}};
  if (record.act)
    out["act"] = json::object{{"revoked", record.act->revoked},
                              {"at", policy::iso_jst(record.act->at)},
                              {"by", record.act->by},
                              {"reason", record.act->reason}};
  return out;
}

}  // namespace sekisho::gateway
