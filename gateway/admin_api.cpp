#include "gateway/admin_api.h"

#include <algorithm>
#include <chrono>
#include <queue>

#include "cache/clock.h"
#include "cache/redis_ledger.h"
#include "gateway/ledger_json.h"
#include "gateway/registry_json.h"
#include "policy/said.h"

namespace sekisho::gateway {
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

// People wait longer than orders; but not for ever for a Redis that is stuck.
config::RedisSettings patient(config::RedisSettings settings) {
  settings.deadline = std::max<config::Milliseconds>(settings.deadline, 2s);
  return settings;
}

http::Response text(int status, const std::string& first, const std::vector<std::string>& rest,
                    std::string type = "text/plain; charset=utf-8") {
  http::Response response{.status = status, .headers = {}, .body = first};
  for (const auto& one : rest) response.body += one + "\n";
  response.headers.add("Content-Type", type);
  response.headers.add("Cache-Control", "no-store");
  return response;
}

// What stands on the refusal list is compliance's to see: null, which is not an empty list.
json::object told(json::object operator_facts, const AdminCall& call) {
  if (!call.sees_refusals && operator_facts.contains("refusals")) operator_facts["refusals"] = nullptr;
  return operator_facts;
}

json::value dates_json(const policy::Range<policy::JstDate>& dates) {
  const auto day = [](const std::optional<policy::JstDate>& one) {
    return one ? json::value(one->text()) : json::value(nullptr);
  };
  return json::object{{"from", day(dates.from)}, {"until", day(dates.until)}};
}

json::object rule_json(const policy::Rule& rule, policy::JstDate today) {
  json::object out{{"rule", rule.id}, {"basis", policy::name(rule.basis)}, {"mode", policy::name(rule.mode)},
                   {"why", rule.why}, {"active", dates_json(rule.active)}, {"line", rule.line}};
  if (rule.permit) out["permit"] = true;
  if (rule.deny) out["deny"] = policy::code(*rule.deny);
  if (rule.limit) {
    const auto* step = rule.limit->on(today);  // a figure may step over dates
    out["limit"] = step ? json::value(policy::said(*rule.limit, step->value)) : json::value(nullptr);
  }
  if (rule.throttle)
    out["throttle"] = json::object{{"requests", rule.throttle->requests},
                                   {"per_ms", rule.throttle->per_ms},
                                   {"burst", rule.throttle->burst}};
  if (rule.review) out["review"] = *rule.review;
  return out;
}

json::object waiver_json(const policy::Waiver& waiver) {
  const auto list = [](const std::vector<std::string>& texts) {
    return json::array(texts.begin(), texts.end());
  };
  return {{"waiver", waiver.id},         {"operators", list(waiver.operators)},
          {"rules", list(waiver.rules)}, {"dates", dates_json(waiver.dates)},
          {"reason", waiver.reason},     {"approved_by", waiver.approved_by},
          {"ticket", waiver.ticket}};
}

json::object guarantee_json(const policy::Guarantee& guarantee) {
  using Kind = policy::Guarantee::Kind;
  json::object out{{"guarantee", guarantee.id}, {"line", guarantee.line}};
  if (guarantee.kind == Kind::at_most)
    out["at_most"] = std::to_string(guarantee.numbers) + " per " + guarantee.per.text();
  else
    out["never"] = guarantee.kind == Kind::never_permit ? "permit" : "deny";
  return out;
}

struct OperatorFilter {
  std::string after, owner_group;
  std::optional<policy::EtocState> etoc;
  std::size_t most = 0;
};

// The first ones by id behind `after`, one more than asked for where there are more: one pass over the whole
// registry, whatever the page.
json::array operators_page(const policy::Registry& registry, const OperatorFilter& filter,
                           policy::JstDate today) {
  const auto by_id = [](const policy::PackedRecord* a, const policy::PackedRecord* b) {
    return a->id() < b->id();
  };
  std::priority_queue<const policy::PackedRecord*, std::vector<const policy::PackedRecord*>, decltype(by_id)>
      first(by_id);
  registry.each([&](const policy::PackedRecord& record) {
    if (record.id() <= filter.after) return;
    if (first.size() > filter.most && record.id() >= first.top()->id()) return;
    if (!filter.owner_group.empty() && record.owner_group() != filter.owner_group) return;
    if (filter.etoc && policy::etoc_on(record, today) != *filter.etoc) return;
    first.push(&record);
    if (first.size() > filter.most + 1) first.pop();
  });
  json::array page(first.size());
  for (auto place = page.size(); !first.empty(); first.pop())
    page[--place] = record_json(first.top()->unpack(), today);
  return page;
}

}  // namespace

AdminApi::AdminApi(asio::io_context& context, const AdminDesk& desk)
    : context_(context), desk_(desk), link_(context.get_executor(), patient(desk.settings.redis)) {}

void AdminApi::start() { link_.start(); }
void AdminApi::stop() { link_.stop(); }

Task<http::Response> AdminApi::livez(AdminCall&) { co_return text(200, "ok\n", {}); }

Task<http::Response> AdminApi::readyz(AdminCall&) {
  const auto why_not = desk_.why_not_ready();
  if (!why_not.empty()) co_return text(503, "not ready\n", why_not);
  co_return text(200, "ready\n", desk_.degraded());
}

Task<http::Response> AdminApi::metrics(AdminCall&) {
  co_return text(200, desk_.metrics_text(), {}, "text/plain; version=0.0.4; charset=utf-8");
}

Task<http::Response> AdminApi::status(AdminCall&) {
  co_return text(200, desk_.status_json(), {}, "application/json");
}

Task<http::Response> AdminApi::policy(AdminCall& call) {
  if (auto trouble = AdminQuery(call, {}).trouble()) co_return std::move(*trouble);
  const auto site = desk_.site();
  const auto& policy = site->policy;
  const auto today = desk_.today();
  json::array rules, waivers, guarantees, values;
  for (const auto& rule : policy.rules) rules.push_back(rule_json(rule, today));
  for (const auto& waiver : policy.waivers) waivers.push_back(waiver_json(waiver));
  for (const auto& guarantee : policy.guarantees) guarantees.push_back(guarantee_json(guarantee));
  for (const auto& value : policy.values)
    values.push_back(
        json::object{{"name", value.name}, {"source", value.source}, {"as_of", value.as_of.text()}});
  co_return admin_answer(json::object{{"name", policy.name},
                                      {"digest", policy.digest},
                                      {"since", policy::iso_jst(desk_.site_since())},
                                      {"contact", policy.contact},
                                      {"rules", std::move(rules)},
                                      {"waivers", std::move(waivers)},
                                      {"guarantees", std::move(guarantees)},
                                      {"values", std::move(values)},
                                      {"text", policy.text}});
}

Task<http::Response> AdminApi::operators(AdminCall& call) {
  AdminQuery query(call, {"etoc", "owner_group", "after", "limit"});
  OperatorFilter filter{.after = query.text("after").value_or(""),
                        .owner_group = query.text("owner_group").value_or(""),
                        .etoc = query.word<policy::EtocState>("etoc"),
                        .most = std::size_t(query.number("limit", 1, page_most).value_or(page_usual))};
  if (auto trouble = query.trouble()) co_return std::move(*trouble);
  const Seat seat(*this);
  if (!seat.taken()) co_return admin_problem(call.request, AdminError::overloaded);
  auto work = [registry = desk_.registry(), filter, today = desk_.today()] {
    return operators_page(*registry, filter, today);
  };
  auto page = co_await read(std::move(work));
  const bool more = page.size() > filter.most;
  if (more) page.pop_back();
  for (auto& one : page) one = told(std::move(one.as_object()), call);
  auto response = admin_answer(page);
  if (more) add_next_page(response, call, "after", std::string_view(page.back().at("operator").as_string()));
  co_return response;
}

// The registry as this gateway decides by it, also while Redis is away: then nothing is known of the counts,
// and they are null.
Task<http::Response> AdminApi::one_operator(AdminCall& call) {
  if (auto trouble = AdminQuery(call, {}).trouble()) co_return std::move(*trouble);
  const auto id = operator_named(call.in_path("id"));
  if (!id) co_return admin_problem(call.request, AdminError::not_found, "this is no operator's id");
  const auto registry = desk_.registry();
  const auto site = desk_.site();
  const auto today = desk_.today();
  const auto* record = registry->find(*id);
  const bool grouped = record && !record->owner_group().empty();
  cache::RedisLedger ledger(link_, {});
  std::optional<policy::Usage> usage, of_group;
  if (link_.up()) usage = co_await ledger.usage(*id);
  if (usage && grouped) {
    of_group = co_await ledger.usage(policy::OperatorId::of_group(record->owner_group()));
    if (!of_group) usage.reset();
  }
  if (!record && !usage) co_return admin_problem(call.request, AdminError::ledger_unavailable);
  const bool counted = usage && (usage->bucket(policy::Bucket::of_lifetime()) > 0 || !usage->holds.empty());
  if (!record && !counted)
    co_return admin_problem(call.request, AdminError::not_found, "neither registry nor ledger knows it");
  json::object out{{"operator", id->text()}, {"known", record != nullptr}};
  if (record)
    for (auto& [name, value] : told(record_json(record->unpack(), today), call)) out[name] = value;
  if (usage) {
    const auto account =
        account_today(site->policy, record, *id, std::move(*usage), of_group ? &*of_group : nullptr, today);
    for (auto& [name, value] : account_json(account)) out[name] = value;
  } else {
    for (const auto name : {"granted", "held", "suspense", "limits"}) out[name] = nullptr;
  }
  co_return admin_answer(out);
}

Task<http::Response> AdminApi::holds(AdminCall& call) {
  AdminQuery query(call, {"operator", "state", "after", "limit"});
  const auto who = query.text("operator");
  const auto id = who ? operator_named(*who) : std::nullopt;
  if (who && !id) query.complain("operator", "an operator's id");
  const auto state = query.text("state");
  if (state && *state != "held" && *state != "suspense") query.complain("state", "held or suspense");
  const auto after = query.text("after").value_or("");
  const auto most = std::size_t(query.number("limit", 1, page_most).value_or(page_usual));
  if (auto trouble = query.trouble()) co_return std::move(*trouble);
  const Seat seat(*this);
  if (!seat.taken()) co_return admin_problem(call.request, AdminError::overloaded);
  cache::RedisLedger ledger(link_, {});
  std::optional<std::vector<cache::OpenHold>> open;
  if (link_.up()) open = co_await ledger.open_holds();
  if (!open) co_return admin_problem(call.request, AdminError::ledger_unavailable);
  auto found = each_once(std::move(*open));
  std::erase_if(found, [&](const cache::OpenHold& one) {
    const bool unknown = one.hold.state == policy::HoldState::suspense;
    return one.hold.id <= after || (id && one.operator_id != *id) ||
           (state && (*state == "suspense") != unknown);
  });
  // An id begins with its time: oldest first.
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.hold.id < b.hold.id; });
  json::array page;
  for (std::size_t i = 0; i < std::min(most, found.size()); ++i) page.push_back(hold_json(found[i]));
  auto response = admin_answer(page);
  if (found.size() > most) add_next_page(response, call, "after", found[most - 1].hold.id);
  co_return response;
}

}  // namespace sekisho::gateway
