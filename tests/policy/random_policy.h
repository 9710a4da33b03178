// Small policies made at random, and every case they can meet, tried one value after the other: a plain
// reading to hold the prover and the comparison against. Nothing here knows of classes, axes or boxes.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <random>

#include "policy/decide.h"
#include "tests/policy/builders.h"

namespace sekisho::policy {

// Facts that are tried together, because they depend on each other.
enum class Group {
  etoc,
  plan,
  refusal,
  type,
  forwards,
  record,
  elsewhere,
  country,
  agent,
  owner,
  who,
  operation,
  carrier,
  area,
  channels,
  chain,
  day,
  quantity
};
inline constexpr int group_count = 18;

class Maker {
 public:
  explicit Maker(unsigned seed, std::size_t most_cases = 3000) : random_(seed) {
    std::size_t cases = 1;
    for (int tries = 0; tries < 7; ++tries) {
      const auto group = static_cast<Group>(upto(group_count - 1));
      const auto size = values(group).size();
      if (asked(group) || cases * size > most_cases) continue;
      groups_.push_back(group);
      cases *= size;
    }
    std::sort(groups_.begin(), groups_.end());
  }

  int upto(int most) { return std::uniform_int_distribution(0, most)(random_); }
  bool chance(int percent) { return upto(99) < percent; }
  bool asked(Group group) const { return std::find(groups_.begin(), groups_.end(), group) != groups_.end(); }

  // Every case of the facts that the policy may mention.
  template <class Visit>
  void each(Visit&& visit) const {
    Facts facts;
    facts.set(Fact::quantity, std::int64_t{1});
    facts.set(Fact::date, Facts::days_of(day("2026-03-30")));
    walk(0, facts, visit);
  }

  When when(int percent) {
    When out = some_when(percent);
    if (chance(25)) out = either(out, some_when(percent));
    if (chance(20)) out = both(out, negation(some_when(25)));
    return out;
  }

  Range<JstDate> dates() {
    Range<JstDate> out;
    const int a = upto(8), b = upto(8);
    if (chance(70)) out.from = day("2026-03-28").plus(a);
    if (chance(60)) out.until = day("2026-03-28").plus(chance(90) ? std::max(a, b) : b);
    return out;
  }

  Period period() { return {.kind = static_cast<Period::Kind>(upto(6)), .days = 1 + upto(40)}; }

  Rule rule(std::string id) {
    Rule rule{.id = std::move(id), .why = chance(50) ? "so" : "", .when = when(45)};
    rule.basis = Basis::contract;
    if (chance(10)) rule.mode = chance(50) ? Mode::warn : Mode::observe;
    if (asked(Group::day) && chance(30)) rule.active = dates();
    rule.permit = chance(45);
    if (!rule.permit && chance(35)) rule.deny = chance(50) ? Reason::policy_denied : Reason::plan_missing;
    if (!rule.deny && chance(50)) {
      rule.limit = limit_of(upto(5), period());
      rule.limit->trim = chance(20);
      if (asked(Group::type) && chance(40)) rule.limit->number_types = some<NumberType>();
      if (asked(Group::day) && chance(40)) {
        rule.limit->steps[0].dates.until = day("2026-03-31");
        rule.limit->steps.push_back({{.from = day("2026-04-01")}, Quantity{upto(5)}});
      }
      if (asked(Group::channels) && chance(50)) {
        rule.limit->unit = Unit::channels;
        rule.limit->per = {Period::Kind::order};
      }
    }
    return rule;
  }

  Policy policy() {
    Policy policy;
    for (int i = 0, count = 1 + upto(5); i < count; ++i)
      policy.rules.push_back(rule("r" + std::to_string(i)));
    if (asked(Group::who) && asked(Group::day) && chance(80)) {
      Waiver waiver{.id = "w", .operators = {"a"}, .rules = {"r0"}, .dates = dates()};
      if (chance(50)) waiver.operators.push_back("b");
      if (chance(50)) waiver.rules.push_back("r1");
      policy.waivers.push_back(waiver);
      if (chance(40))
        policy.waivers.push_back({.id = "v", .operators = {"b"}, .rules = {"r0"}, .dates = dates()});
    }
    Guarantee guarantee{.id = "g", .when = when(30)};
    guarantee.kind = static_cast<Guarantee::Kind>(upto(2));
    guarantee.numbers = upto(4);
    guarantee.per = period();
    guarantee.unwaived = chance(30);
    policy.guarantees.push_back(guarantee);
    return policy;
  }

 private:
  template <class E>
  WordSet<E> some() {
    WordSet<E> set;
    for (std::size_t i = 0; i < count_of<E>(); ++i)
      if (chance(45)) set.add(static_cast<E>(i));
    return set;
  }

  When some_when(int percent) {
    Clause out;
    for (const auto group : groups_)
      for (const auto fact : facts_of_group(group)) {
        if (!chance(percent)) continue;
        Condition one{.fact = fact, .negated = chance(20)};
        const auto& about = row(fact);
        switch (about.kind) {
          case FactKind::words:
          case FactKind::set:
            for (std::size_t i = 0; i < nameable(fact); ++i)
              if (chance(45)) one.words |= 1u << i;
            break;
          case FactKind::number:
            if (chance(70)) one.range.from = upto(4);
            if (chance(60)) one.range.until = one.range.from.value_or(0) + upto(3);
            break;
          case FactKind::date:
            one.range = on_days(dates()).range;
            break;
          case FactKind::name:
            one.names = {chance(50) ? "a" : "b"};
            break;
        }
        out.push_back(one);
      }
    return {.any = {out}};
  }

  // How many words of a vocabulary conditions name: few where every set of them must be tried.
  static std::size_t nameable(Fact fact) {
    if (fact == Fact::plan_types || fact == Fact::chain_etoc) return 2;
    if (fact == Fact::chain_plan || fact == Fact::chain_refusal) return 1;
    return row(fact).words.size();
  }

  static std::vector<Fact> facts_of_group(Group group) {
    switch (group) {
      case Group::etoc:
        return {Fact::etoc};
      case Group::plan:
        return {Fact::plan};
      case Group::refusal:
        return {Fact::refusal};
      case Group::type:
        return {Fact::number_type, Fact::plan_covers_type, Fact::plan_types};
      case Group::forwards:
        return {Fact::forwards_calls};
      case Group::record:
        return {Fact::track_record};
      case Group::elsewhere:
        return {Fact::numbers_elsewhere};
      case Group::country:
        return {Fact::country};
      case Group::agent:
        return {Fact::domestic_agent};
      case Group::owner:
        return {Fact::owner_group};
      case Group::who:
        return {Fact::operator_id};
      case Group::operation:
        return {Fact::operation};
      case Group::carrier:
        return {Fact::carrier};
      case Group::area:
        return {Fact::area};
      case Group::channels:
        return {Fact::channels};
      case Group::chain:
        return {Fact::chain_depth, Fact::chain_etoc, Fact::chain_plan, Fact::chain_refusal};
      case Group::day:
        return {Fact::date, Fact::weekday};
      case Group::quantity:
        return {Fact::quantity};
    }
    return {};
  }

  // Every value of a group's facts, as far as a policy made here can tell them apart.
  static const std::vector<Facts>& values(Group group) {
    static const auto all = [] {
      std::array<std::vector<Facts>, group_count> out;
      for (int i = 0; i < group_count; ++i)
        out[static_cast<std::size_t>(i)] = make_values(static_cast<Group>(i));
      return out;
    }();
    return all[static_cast<std::size_t>(group)];
  }

  static std::vector<Facts> make_values(Group group) {
    std::vector<Facts> out;
    if (group == Group::type) {
      for (std::int64_t type = 0; type < 13; ++type)
        for (const std::int64_t choice : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}) {
          for (const bool own : {false, true}) {
            // Conditions name the first two types (see some_when); the others are alike.
            const std::int64_t others = (choice & 3) | (choice >> 2) << 7;
            const auto bit = std::int64_t{1} << type;
            auto& point = out.emplace_back();
            point.set(Fact::number_type, type);
            point.set(Fact::plan_covers_type, std::int64_t{own});
            point.set(Fact::plan_types, own ? others | bit : others & ~bit);
          }
        }
      return out;
    }
    if (group == Group::chain) {
      // Conditions name two ETOC states, one plan state and one action (see some_when); the others are alike.
      for (std::int64_t depth = 0; depth < 9; ++depth)
        for (unsigned etoc = 0; etoc < 8; ++etoc)
          for (unsigned plan = 0; plan < 4; ++plan)
            for (std::int64_t refusals = 0; refusals < 4; ++refusals) {
              if (std::popcount(etoc) > depth || std::popcount(plan) > depth) continue;
              if (depth == 0 ? refusals > 0 : etoc == 0 || plan == 0) continue;
              auto& point = out.emplace_back();
              point.set(Fact::chain_depth, depth);
              point.set(Fact::chain_etoc, std::int64_t{etoc});
              point.set(Fact::chain_plan, std::int64_t{plan});
              point.set(Fact::chain_refusal, refusals);
            }
      return out;
    }
    if (group == Group::day) {
      for (int i = -9; i < 20; ++i) {
        const auto date = day("2026-03-28").plus(i);
        out.emplace_back().set(Fact::date, Facts::days_of(date));
        out.back().set(Fact::weekday, static_cast<std::int64_t>(weekday_of(date)));
      }
      return out;
    }
    const auto fact = facts_of_group(group).front();
    const auto& about = row(fact);
    switch (about.kind) {
      case FactKind::words:
        for (std::size_t i = 0; i < about.words.size(); ++i)
          out.emplace_back().set(fact, static_cast<std::int64_t>(i));
        break;
      case FactKind::set:
        for (std::int64_t bits = 0; bits < std::int64_t{1} << about.words.size(); ++bits)
          out.emplace_back().set(fact, bits);
        break;
      case FactKind::number:
        for (std::int64_t i = about.least; i < about.least + 9; ++i) out.emplace_back().set(fact, i);
        break;
      case FactKind::date:
        break;
      case FactKind::name:
        for (const std::string_view name : {"", "a", "b"}) out.emplace_back().set(fact, name);
        break;
    }
    return out;
  }

  template <class Visit>
  void walk(std::size_t at, Facts& facts, Visit& visit) const {
    if (at == groups_.size()) return visit(static_cast<const Facts&>(facts));
    for (const auto& value : values(groups_[at])) {
      for (const auto fact : facts_of_group(groups_[at])) {
        facts.set(fact, value[fact]);
        facts.set(fact, value.name(fact));
      }
      walk(at + 1, facts, visit);
    }
  }

  std::mt19937 random_;
  std::vector<Group> groups_;
};

// A plain reading of the rules, apart from `decide`: what they say of one order that hands numbers out.
struct Reading {
  bool permit = false, deny = false, over = false;  // over: one order exceeds a limit per order
  std::optional<Reason> reason;                     // of the denial that is told
  struct Window {
    const Rule* rule;
    Quantity cap;
  };
  std::vector<Window> windows;

  static bool waived(const Policy& policy, const Rule& rule, const Facts& facts) {
    for (const auto& waiver : policy.waivers) {
      const auto has = [](const auto& list, std::string_view one) {
        return std::find(list.begin(), list.end(), one) != list.end();
      };
      if (has(waiver.rules, rule.id) && has(waiver.operators, facts.name(Fact::operator_id)) &&
          waiver.dates.has(facts.today()))
        return true;
    }
    return false;
  }

  Reading(const Policy& policy, const Facts& facts) {
    for (const auto& rule : policy.rules) {
      if (rule.mode != Mode::enforce || !rule.active.has(facts.today()) || !rule.when.holds(facts)) continue;
      permit |= rule.permit;
      if (waived(policy, rule, facts)) continue;
      deny |= rule.deny.has_value();
      if (rule.deny && (!reason || *rule.deny < *reason)) reason = rule.deny;
      if (!rule.limit) continue;
      const auto* step = rule.limit->on(facts.today());
      const auto& types = rule.limit->number_types;
      if (!step || (!types.empty() && !types.has(facts.word<NumberType>(Fact::number_type)))) continue;
      const auto asks = rule.limit->unit == Unit::channels ? facts[Fact::channels] : facts.quantity();
      if (rule.limit->per.kind == Period::Kind::order)
        over |= asks > step->value;
      else
        windows.push_back({&rule, step->value});
    }
  }

  static bool gives_back(const Facts& facts) { return !hands_out(facts.word<Operation>(Fact::operation)); }

  // Some number of numbers can be taken: all, or fewer where a limit may trim to them.
  bool permitted(const Facts& facts) const {
    if (gives_back(facts)) return true;
    if (!permit || deny || over) return false;
    for (Quantity take = 1; take <= facts.quantity(); ++take) {
      bool possible = take == facts.quantity(), fits = true;
      for (const auto& [rule, cap] : windows) {
        possible |= rule->limit->trim && cap >= take;
        fits &= cap >= take;
      }
      if (possible && fits) return true;
    }
    return false;
  }
};

}  // namespace sekisho::policy
