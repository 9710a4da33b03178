// The prover against a plain reading of the rules: small policies made at random, every value of every fact
// that they mention, one after the other. A failure prints the seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "policy/prove.h"
#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

using K = Period::Kind;
using G = Guarantee::Kind;

// What a policy may mention, and the values that are tried.
enum Ask { etoc, plan, refusal, type, covers, forwards, operation, carrier, record, date, quantity, asks };

struct Case {
  Order order;
  Standing standing;
};

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {
    // Facts to ask about, as many as can be tried out in short time.
    std::size_t cases = 1;
    for (int tries = 0; tries < 6; ++tries) {
      const int fact = upto(asks - 1);
      if (asked_[fact] || cases * all(fact) > 4000) continue;
      asked_[fact] = true;
      cases *= all(fact);
    }
  }

  Policy policy() {
    Policy policy;
    for (int i = 0, count = 1 + upto(5); i < count; ++i)
      policy.rules.push_back(rule("r" + std::to_string(i)));
    Guarantee guarantee{.id = "g", .when = when(true), .kind = static_cast<G>(upto(2))};
    guarantee.numbers = upto(4);
    guarantee.per = period();
    if (!asked_[quantity] && guarantee.per.kind == K::order)
      guarantee.per = {K::day};  // an order asks its quantity
    policy.guarantees.push_back(guarantee);
    return policy;
  }

  // Every case, in the prover's order; dates from the day before the first that the policy mentions. Rules
  // that change no verdict are of interest only to `unreachable_rules`.
  template <class Visit>
  void each(const Policy& policy, bool idle_rules, Visit&& visit) const {
    std::vector<JstDate> days;
    const auto note = [&](const Range<JstDate>& range) {
      if (range.from) days.push_back(range.from->plus(-1));
      if (range.until) days.push_back(*range.until);
    };
    for (const auto& rule : policy.rules) {
      const bool idle = rule.mode != Mode::enforce || (!rule.permit && !rule.deny && !rule.limit);
      if (idle && !idle_rules) continue;
      note(rule.active);
      if (rule.when.date) note(*rule.when.date);
      if (rule.limit)
        for (const auto& step : rule.limit->numbers) note(step.dates);
    }
    if (policy.guarantees[0].when.date) note(*policy.guarantees[0].when.date);
    const auto first = days.empty() ? day("2026-01-01") : *std::min_element(days.begin(), days.end());
    Case one;
    one.standing.today = first;
    one.order = order_of(1);
    const bool any_operation = policy.guarantees[0].when.operation.has_value();
    walk(0, any_operation, first, one, visit);
  }

 private:
  int upto(int most) { return std::uniform_int_distribution(0, most)(random_); }
  bool chance(int percent) { return upto(99) < percent; }
  static std::size_t all(int fact) {
    return std::array{9, 6, 8, 13, 2, 2, 12, 3, 5, 9, 8}[static_cast<std::size_t>(fact)];
  }

  template <class E>
  WordSet<E> some() {
    WordSet<E> set;
    for (std::size_t i = 0; i < count_of<E>(); ++i)
      if (chance(45)) set.add(static_cast<E>(i));
    return set;
  }
  template <class T, class Of>
  Range<T> range(int most, Of of) {
    Range<T> out;
    const int a = upto(most), b = upto(most);
    if (chance(70)) out.from = of(a);
    if (chance(60)) out.until = of(chance(90) ? std::max(a, b) : b);  // sometimes nothing is in it
    return out;
  }
  Range<JstDate> dates() {
    return range<JstDate>(6, [](int days) { return day("2026-03-29").plus(days); });
  }

  When when(bool of_guarantee = false) {
    When out;
    const auto want = [&](Ask fact) { return asked_[fact] && chance(of_guarantee ? 30 : 40); };
    if (want(etoc)) out.etoc = some<EtocState>();
    if (want(plan)) out.plan = some<PlanState>();
    if (want(refusal)) out.refusal = some<RefusalAction>();
    if (want(type)) out.number_type = some<NumberType>();
    if (want(covers)) out.plan_covers_type = chance(50);
    if (want(forwards)) out.forwards_calls = chance(50);
    if (want(operation)) out.operation = some<Operation>();
    if (want(carrier)) out.carrier = {{chance(50) ? "a" : "b"}};
    if (want(record)) out.track_record_months = range<int>(3, [](int months) { return months; });
    if (want(date)) out.date = dates();
    if (want(quantity)) out.quantity = range<Quantity>(5, [](int numbers) { return Quantity{numbers + 1}; });
    return out;
  }
  Period period() { return {.kind = static_cast<K>(upto(6)), .days = 1 + upto(40)}; }

  Rule rule(std::string id) {
    Rule rule{.id = std::move(id), .when = when()};
    if (chance(10)) rule.mode = chance(50) ? Mode::warn : Mode::observe;
    if (asked_[date] && chance(30)) rule.active = dates();
    rule.permit = chance(45);
    if (!rule.permit && chance(35)) rule.deny = Reason::policy_denied;
    if (asked_[quantity] && chance(50)) {
      rule.limit = limit_of(upto(5), period());
      rule.limit->trim = chance(20);
      if (asked_[type] && chance(40)) rule.limit->number_types = some<NumberType>();
      if (asked_[date] && chance(40)) {
        rule.limit->numbers[0].dates.until = day("2026-03-31");
        rule.limit->numbers.push_back({{.from = day("2026-04-01")}, Quantity{upto(5)}});
      }
    }
    return rule;
  }

  template <class Visit>
  void walk(int fact, bool any_operation, JstDate first, Case& one, Visit&& visit) const {
    // The prover's order: the type before what the plan covers, the date before the quantity.
    static constexpr Ask order[] = {etoc,      plan,    refusal, type, covers,  forwards,
                                    operation, carrier, record,  date, quantity};
    if (fact == asks) return visit(static_cast<const Case&>(one));
    const auto what = order[fact];
    auto& [asking, standing] = one;
    for (int i = 0; i < (asked_[what] ? int(all(what)) : 1); ++i) {
      if (what == etoc) standing.etoc = static_cast<EtocState>(i);
      if (what == plan) standing.plan = static_cast<PlanState>(i);
      if (what == refusal) {
        standing.refusals = {};
        for (int action = 0; action < 3; ++action)
          if (i >> action & 1) standing.refusals.add(static_cast<RefusalAction>(action));
      }
      if (what == type) asking.number_type = static_cast<NumberType>(i);
      if (what == covers) standing.plan_covers_type = i;
      if (what == forwards) standing.forwards_calls = i;
      if (what == operation) asking.operation = static_cast<Operation>(i);
      if (what == operation && !any_operation && !hands_out(asking.operation)) continue;
      if (what == carrier) asking.carrier = std::array{"", "a", "b"}[static_cast<std::size_t>(i)];
      if (what == record) standing.track_record_months = i;
      if (what == date) standing.today = first.plus(i);
      if (what == quantity) asking.quantity = i + 1;
      walk(fact + 1, any_operation, first, one, visit);
    }
  }

  std::mt19937 random_;
  bool asked_[asks] = {};
};

// A plain reading of the rules, apart from `decide`.
struct Reading {
  bool permit = false, deny = false, over = false;  // over: one order exceeds a limit per order
  struct Window {
    const Limit* limit;
    Quantity cap;
  };
  std::vector<Window> windows;

  Reading(const Policy& policy, const Case& one) {
    for (const auto& rule : policy.rules) {
      if (rule.mode != Mode::enforce || !rule.active.has(one.standing.today)) continue;
      if (!matches(rule.when, one.order, one.standing)) continue;
      permit |= rule.permit;
      deny |= rule.deny.has_value();
      if (!rule.limit) continue;
      const auto cap = rule.limit->on(one.standing.today);
      const auto& types = rule.limit->number_types;
      if (!cap || (!types.empty() && !types.has(*one.order.number_type))) continue;
      if (rule.limit->per.kind == K::order)
        over |= one.order.quantity > *cap;
      else
        windows.push_back({&*rule.limit, *cap});
    }
  }

  // Some number of numbers can be taken: all, or fewer where a limit may trim to them.
  bool permitted(const Order& order) const {
    if (!hands_out(order.operation)) return true;
    if (!permit || deny || over) return false;
    for (Quantity take = 1; take <= order.quantity; ++take) {
      bool possible = take == order.quantity, fits = true;
      for (const auto& [limit, cap] : windows) {
        possible |= limit->trim && cap >= take;
        fits &= cap >= take;
      }
      if (possible && fits) return true;
    }
    return false;
  }
  bool denied(const Order& order) const { return hands_out(order.operation) && (deny || !permit); }
  bool bounded(const Guarantee& guarantee, const Order& order, NumberTypes given) const {
    if (!hands_out(order.operation)) return true;
    if (guarantee.per.kind == K::order && order.quantity <= guarantee.numbers) return true;
    return std::any_of(windows.begin(), windows.end(), [&](const Window& window) {
      bool types = true;
      given.each([&](NumberType one) {
        types &= window.limit->number_types.empty() || window.limit->number_types.has(one);
      });
      types |= guarantee.per.kind == K::order;
      return types && window.cap <= guarantee.numbers && within(guarantee.per, window.limit->per);
    });
  }
};

TEST(ProveRandom, agrees_with_trying_every_value) {
  int broken_ones = 0, unreachable_ones = 0, kinds[3] = {};
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    Maker maker(seed);
    const auto policy = maker.policy();
    const auto& guarantee = policy.guarantees[0];

    NumberTypes given;
    maker.each(policy, false, [&](const Case& one) {
      const bool spoken_of = matches(guarantee.when, one.order, one.standing);
      if (spoken_of && Reading(policy, one).permitted(one.order)) given.add(*one.order.number_type);
    });
    std::optional<Case> first;
    maker.each(policy, false, [&](const Case& one) {
      if (first || !matches(guarantee.when, one.order, one.standing)) return;
      const Reading reading(policy, one);
      const bool permitted = reading.permitted(one.order);
      const bool breaks = guarantee.kind == G::never_permit ? permitted
                          : guarantee.kind == G::never_deny
                              ? reading.denied(one.order)
                              : permitted && !reading.bounded(guarantee, one.order, given);
      if (breaks) first = one;
    });

    std::vector<std::string> unreached;
    for (const auto& rule : policy.rules) unreached.push_back(rule.id);
    maker.each(policy, true, [&](const Case& one) {
      for (const auto& rule : policy.rules)
        if (hands_out(one.order.operation) && rule.active.has(one.standing.today) &&
            matches(rule.when, one.order, one.standing))
          std::erase(unreached, rule.id);
    });
    std::vector<std::string> told;
    for (const auto& rule : unreachable_rules(policy)) told.push_back(rule.id);
    ASSERT_EQ(told, unreached) << "seed " << seed;
    unreachable_ones += static_cast<int>(told.size());

    const auto broken = prove(policy);
    ASSERT_EQ(broken.size(), first ? 1u : 0u)
        << "seed " << seed << (broken.empty() ? "" : ": " + broken[0].text);
    if (!first) continue;
    ++broken_ones;
    ++kinds[static_cast<int>(guarantee.kind)];
    // And it is the very first case.
    const auto says = "on " + first->standing.today.text() + ", ";
    const auto asks_for = "asks to " + std::string(name(first->order.operation)) + " " +
                          std::to_string(first->order.quantity) + " " +
                          std::string(name(*first->order.number_type));
    EXPECT_NE(broken[0].text.find(says), std::string::npos)
        << "seed " << seed << ": " << says << broken[0].text;
    EXPECT_NE(broken[0].text.find(asks_for), std::string::npos)
        << "seed " << seed << ": " << asks_for << broken[0].text;
  }
  std::printf(
      "seeds 1 to 2000: %d break their guarantee (never permit %d, never deny %d, at most %d); %d rules "
      "never match\n",
      broken_ones, kinds[0], kinds[1], kinds[2], unreachable_ones);
  EXPECT_GT(*std::min_element(kinds, kinds + 3), 50);
  EXPECT_LT(broken_ones, 1900);
  EXPECT_GT(unreachable_ones, 50);
}

}  // namespace
}  // namespace sekisho::policy
