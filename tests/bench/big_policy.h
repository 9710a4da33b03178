// A policy of many rules, as a large carrier's might grow: statutory denials, ramps, limits for each carrier,
// area, type and owner group, watched orders, waivers, and guarantees over all of it. Every fact is asked by
// somebody.
#pragma once

#include <string>

#include "tests/policy/builders.h"

namespace sekisho::policy {

inline Policy big_policy(int rules, int guarantees) {
  using E = EtocState;
  using K = Period::Kind;
  using Names = std::vector<std::string>;
  auto policy = contract_policy();
  const auto text = [](const char* what, int i) { return what + std::to_string(i); };
  for (int i = 0; static_cast<int>(policy.rules.size()) < rules; ++i) {
    const auto number_type = static_cast<NumberType>(i % static_cast<int>(count_of<NumberType>()));
    const auto month = day("2026-01-01").plus_months(i % 24);
    const Names carrier{text("carrier-", i % 12)}, area{text("area-", i % 40)}, group{text("group-", i % 30)};
    Rule rule;
    switch (i % 10) {
      case 0:
        rule = limits("", 2000 + i, {K::day}, {.number_type = NumberTypes{number_type}, .carrier = carrier});
        break;
      case 1:
        rule = limits("", 300 + i, {K::days, 30},
                      {.track_record_months = Range<int>{i % 6, 12 + i % 24}, .area = area});
        break;
      case 2:
        rule = denies("", Reason::policy_denied,
                      {.quantity = Range<Quantity>{400 + 10 * i, {}}, .area = area, .owner_group = group});
        break;
      case 3:
        rule = limits("", 50 + i, {K::order},
                      {.carrier = carrier, .weekday = WordSet{Weekday::saturday, Weekday::sunday}});
        break;
      case 4:
        rule = limits("", 5000 + i, {K::fiscal_year},
                      {.date = Range<JstDate>{month, month.plus(89)}, .owner_group = group});
        break;
      case 5:
        rule = denies("", Reason::policy_denied,
                      {.chain_depth = Range<int>{1 + i % 3, {}},
                       .chain_etoc = WordSet{E::none, E::expired, E::revoked}});
        rule.when = both(rule.when, Ask{.carrier = carrier});
        break;
      case 6:
        rule = limits("", 100 + i, {K::order},
                      {.channels = Range<Quantity>{i, {}}, .country = Names{"us", "sg"}});
        rule.limit->unit = Unit::channels;
        break;
      case 7:
        rule =
            Rule{.mode = Mode::observe, .when = Ask{.quantity = Range<Quantity>{100 + i, {}}, .area = area}};
        rule.review = "large";
        break;
      case 8:
        rule = limits("", 0, {K::lifetime},
                      {.etoc = WordSet{E::none, E::applied},
                       .number_type = NumberTypes{number_type},
                       .numbers_elsewhere = Range<Quantity>{10 * i, {}}});
        rule.limit->steps = {{{.until = month}, 400 - i}, {{.from = month.plus(1)}, 1}};
        break;
      default:
        rule = permits("", {.forwards_calls = false,
                            .operation = WordSet{Operation::allocate, Operation::reserve},
                            .operator_id = Names{text("us:operator-", i % 25)},
                            .domestic_agent = true});
        break;
    }
    rule.id = text("rule-", i);
    rule.why = "as agreed with the numbers desk";
    policy.rules.push_back(std::move(rule));
  }
  for (int i = 0; i < 10; ++i)
    policy.waivers.push_back({.id = text("waiver-", i),
                              .operators = {text("us:operator-", i)},
                              .rules = {"uncertified-ramp", text("rule-", i * 10)},
                              .dates = {day("2026-06-01").plus_months(i), day("2026-09-30").plus_months(i)}});
  const WordSet<RefusalAction> refusing{RefusalAction::refuse_new, RefusalAction::suspend_stock};
  for (int i = 0; i < guarantees; ++i) {
    Guarantee one{.id = text("guarantee-", i)};
    const Names carrier{text("carrier-", i % 12)}, area{text("area-", i)};
    switch (i % 5) {
      case 0:
        one.when = Ask{.etoc = WordSet{E::revoked}, .carrier = carrier};
        break;
      case 1:
        one.when = Ask{.refusal = refusing, .area = area};
        break;
      case 2:
        one.when = Ask{.etoc = WordSet{E::none, E::expired}, .date = Range<JstDate>{day("2026-04-01"), {}}};
        one.unwaived = true;
        one.kind = Guarantee::Kind::at_most;
        one.numbers = 1;
        one.per = {K::lifetime};
        break;
      case 3:
        one.when = Ask{.plan_covers_type = false};
        break;
      default:
        one.when =
            Ask{.etoc = WordSet{E::certified}, .carrier = carrier, .owner_group = Names{text("group-", i)}};
        one.kind = Guarantee::Kind::at_most;
        one.numbers = 1000;
        one.per = {K::day};
        break;
    }
    policy.guarantees.push_back(std::move(one));
  }
  return policy;
}

}  // namespace sekisho::policy
