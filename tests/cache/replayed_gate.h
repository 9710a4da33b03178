// A gate in one struct: decides by a policy and a count, and writes the journal that the gateway would write.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "cache/ledger.h"
#include "cache/replay.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {

struct Gate {
  explicit Gate(policy::Policy of) : rules(std::move(of)), compiled(rules) {}
  Gate(const Gate&) = delete;

  policy::Policy rules;
  policy::Compiled compiled;
  policy::Instant now = policy::at("2026-11-24T12:00:00+09:00");
  bool stale = false;
  std::map<std::string, policy::Usage> usages;
  std::vector<std::string> lines;

  void write(std::string_view kind, const std::string& fields) {
    lines.push_back(fmt::format(R"({{"seq":{},"at":"{}","kind":"{}",{},"mac":"{}"}})", lines.size() + 1,
                                policy::iso_jst(now), kind, fields, std::string(64, '0')));
  }

  // Decides, takes and records. Returns the decision's id.
  std::string order(const policy::OperatorRecord& who, const policy::Order& order) {
    const auto today = policy::JstDate::of(now);
    const auto standing = policy::stand(&who, who.id, order.number_type, today, 1, {.stale = stale});
    const auto id = fmt::format("D{}", ++orders_);
    policy::Route route{.method = "POST"};
    auto decision =
        policy::decide(compiled, {.caller = who.id, .route = &route, .order = &order, .standing = &standing});
    auto& usage = usages[who.id.text()];
    policy::Hold hold{.id = id, .quantity = order.quantity, .number_type = *order.number_type, .day = today};
    std::vector<policy::Quantity> before;
    if (decision.allowed) {
      for (const auto& charge : decision.charges) {
        before.push_back(0);
        for (const auto& bucket : policy::buckets_of(*charge.rule->limit, today))
          before.back() += usage.bucket(bucket);
      }
      auto answer = policy::hold_against(decision.charges, before, order.quantity, order.partial);
      answer.usage = usage;
      hold.quantity = answer.quantity;
      decision = policy::with_hold(std::move(decision), answer, today);
    }
    write("decision", fields(id, who, order, standing, decision, hold));
    if (!decision.allowed) return id;
    raise(usage, hold, hold.quantity);
    usage.holds.push_back(hold);
    write("forwarding",
          fmt::format(R"("decision":"{}","operator":"{}","carrier":"demo","operation":"allocate",)"
                      R"("held":{},"number_type":"{}","day":"{}")",
                      id, who.id.text(), hold.quantity, name(hold.number_type), today.text()));
    return id;
  }

  void settle(const policy::OperatorRecord& who, const std::string& id, policy::Quantity granted,
              const std::string& numbers = "") {
    auto& usage = usages[who.id.text()];
    const auto hold =
        std::find_if(usage.holds.begin(), usage.holds.end(), [&](auto& one) { return one.id == id; });
    if (hold == usage.holds.end()) return;
    raise(usage, *hold, granted - hold->quantity);
    usage.holds.erase(hold);
    write("settled", fmt::format(R"("decision":"{}","operator":"{}","result":"{}","granted":{}{})", id,
                                 who.id.text(), granted > 0 ? "granted" : "released", granted,
                                 numbers.empty() ? "" : fmt::format(R"(,"numbers":[{}])", numbers)));
  }

  void give_back(const policy::OperatorRecord& who, policy::NumberType type, policy::Quantity released,
                 const std::string& numbers) {
    auto& usage = usages[who.id.text()];
    usage.buckets[policy::bucket("N")] -= released;
    usage.buckets[policy::Bucket::of_held().of(type)] -= released;
    write("settled",
          fmt::format(R"("decision":"R","operator":"{}","result":"returned","released":{},"numbers":[{}])",
                      who.id.text(), released, numbers));
  }

  Replayed replay(const policy::Policy& other, std::optional<policy::Instant> since = {}) const {
    const policy::Compiled changed(other);
    Replay replay(changed);
    if (since) replay.judge_from(*since);
    for (const auto& line : lines) replay.read(line);
    return replay.result();
  }

  std::string text() const {
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
  }

 private:
  static void raise(policy::Usage& usage, const policy::Hold& hold, policy::Quantity by) {
    for (const auto& bucket : buckets_raised(hold)) usage.buckets[bucket] += by;
  }

  static std::string count(const policy::Rule& rule) {
    const auto types = policy::join(rule.limit->number_types);
    return fmt::format(R"("rule":"{}","per":"{}"{})", rule.id, rule.limit->per.text(),
                       types.empty() ? "" : fmt::format(R"(,"number_types":"{}")", types));
  }

  // As gateway/records.cpp writes it; tests/gateway/records_test.cpp holds that one against the replay.
  std::string fields(const std::string& id, const policy::OperatorRecord& who, const policy::Order& order,
                     const policy::Standing& standing, const policy::Decision& decision,
                     const policy::Hold& hold) const {
    using policy::Fact;
    const auto facts = policy::facts_of(order, standing);
    std::string stated;
    for (const auto& about : policy::all_facts()) {
      const auto fact = about.fact;
      const bool elsewhere = fact == Fact::number_type || fact == Fact::plan_covers_type ||
                             fact == Fact::operator_id || fact == Fact::operation || fact == Fact::carrier ||
                             fact == Fact::area || fact == Fact::channels || fact == Fact::weekday ||
                             fact == Fact::quantity;
      if (elsewhere) continue;
      const auto text = policy::text_of(fact, facts);
      if (fact == Fact::date || text != policy::text_of(fact, policy::Facts()))
        stated += fmt::format(R"({}"{}":"{}")", stated.empty() ? "" : ",", name(fact), text);
    }
    auto out = fmt::format(
        R"("decision":"{}","trace":"00-0-0-01","operator":"{}","carrier":"{}","operation":"{}",)"
        R"("order":{{"number_type":"{}","quantity":{}{}{}}},"policy":"{}","registry":1,"facts":{{{}{}}})",
        id, who.id.text(), order.carrier, name(order.operation), name(*order.number_type), order.quantity,
        order.area.empty() ? "" : fmt::format(R"(,"area":"{}")", order.area),
        order.partial ? R"(,"partial":true)" : "", rules.digest.empty() ? "p" : rules.digest, stated,
        standing.stale ? R"(,"stale":true)" : "");
    std::string list;
    for (const auto* rule : decision.matched)
      list += fmt::format(R"({}{{"rule":"{}","mode":"{}"}})", list.empty() ? "" : ",", rule->id,
                          name(rule->mode));
    if (!list.empty()) out += R"(,"matched":[)" + list + "]";
    list.clear();
    for (const auto* rule : decision.waived)
      list += fmt::format(R"({}"{}")", list.empty() ? "" : ",", rule->id);
    if (!list.empty()) out += R"(,"waived":[)" + list + "]";
    list.clear();
    for (const auto* rule : decision.reviews)
      list += fmt::format(R"({}"{}")", list.empty() ? "" : ",", *rule->review);
    if (!list.empty()) out += R"(,"reviews":[)" + list + "]";
    list.clear();
    for (const auto& charge : decision.charges)
      if (charge.before)
        list += fmt::format(
            R"({}{{{},"limit":{},"before":{}{}}})", list.empty() ? "" : ",", count(*charge.rule), charge.cap,
            *charge.before,
            decision.allowed ? fmt::format(R"(,"taken":{})", *charge.before + hold.quantity) : "");
    if (!list.empty()) out += R"(,"charges":[)" + list + "]";
    if (decision.allowed) return out + R"(,"allowed":true)";
    list.clear();
    for (const auto& finding : decision.findings)
      list += fmt::format(R"({}{{"code":"{}"{}}})", list.empty() ? "" : ",",
                          finding.code.empty() ? std::string(code(finding.reason)) : finding.code,
                          finding.rule ? fmt::format(R"(,"rule":"{}")", finding.rule->id) : "");
    out += fmt::format(R"(,"allowed":false,"code":"{}","status":{},"findings":[{}])", code(decision.reason()),
                       decision.status(), list);
    list.clear();
    for (const auto& limit : decision.limits)
      list += fmt::format(R"({}{{{},"limit":{},"used":{},"held":{}}})", list.empty() ? "" : ",",
                          count(*rules.find(limit.rule)), limit.limit, limit.used, limit.held);
    return list.empty() ? out : out + R"(,"limits":[)" + list + "]";
  }

  int orders_ = 0;
};

}  // namespace sekisho::cache
