#include "policy/prove.h"

#include <algorithm>
#include <unordered_set>

#include "policy/cells.h"
#include "policy/counterexample.h"

namespace sekisho::policy {
namespace {

using Kind = Period::Kind;

// The rules that can change a verdict. A window is read as `lifetime` while deciding: the names of a window's
// buckets are of no interest here, and 400 days have many. `origin` has the rules as they are.
struct Essence {
  Policy policy;
  std::vector<const Rule*> origin;

  explicit Essence(const Policy& whole) {
    for (const auto& rule : whole.rules) {
      if (rule.mode != Mode::enforce || (!rule.permit && !rule.deny && !rule.limit)) continue;
      origin.push_back(&rule);
      policy.rules.push_back(rule);
      auto& limit = policy.rules.back().limit;
      if (limit && limit->per.kind != Kind::order) limit->per = {.kind = Kind::lifetime};
    }
  }
  const Rule& as_written(const Rule* rule) const {
    return *origin[static_cast<std::size_t>(rule - policy.rules.data())];
  }
};

Decision decide_cell(const Policy& policy, const Cell& cell) {
  static const Route route;
  static const OperatorId caller = OperatorId::parse("us:anybody").value();
  return decide(policy,
                {.caller = caller, .route = &route, .order = &cell.order, .standing = &cell.standing});
}

bool permitted(const Decision& decision, const Cell& cell) {
  if (!decision.allowed) return false;
  const bool trims = std::any_of(decision.charges.begin(), decision.charges.end(),
                                 [](const Charge& charge) { return charge.rule->limit->trim; });
  const Quantity least = trims ? 1 : cell.order.quantity;
  return std::all_of(decision.charges.begin(), decision.charges.end(),
                     [&](const Charge& charge) { return charge.cap >= least; });
}

bool denied(const Decision& decision, const Cell& cell) {
  if (!hands_out(cell.order.operation)) return false;
  const bool some_permit =
      std::any_of(decision.matched.begin(), decision.matched.end(),
                  [](const Rule* rule) { return rule->mode == Mode::enforce && rule->permit; });
  return !some_permit || std::any_of(decision.findings.begin(), decision.findings.end(),
                                     [](const Finding& why) { return why.reason != Reason::quota_exceeded; });
}

// The sets of atoms seen so far at one depth, one behind the other in one array.
class Seen {
 public:
  explicit Seen(std::size_t words) : words_(words) {}

  // False: it was there before. A full memory keeps no more, which costs time and nothing else.
  bool add(const Bits& bits) {
    const bool full = (count_ + 1) * 2 > slots_.size() && !grow();
    auto& slot = find(bits);
    if (slot || full) return !slot;
    kept_.insert(kept_.end(), bits.begin(), bits.end());
    slot = static_cast<std::uint32_t>(++count_);
    return true;
  }

 private:
  static constexpr std::size_t most_words = 4'000'000;

  const std::uint64_t* kept(std::size_t i) const { return kept_.data() + i * words_; }
  std::uint32_t& find(const Bits& bits) {
    std::uint64_t hash = 0;
    for (const auto word : bits) hash = (hash ^ word) * 0x9E3779B97F4A7C15u, hash ^= hash >> 32;
    for (auto at = hash;; ++at) {
      auto& slot = slots_[at & (slots_.size() - 1)];
      if (slot == 0 || std::equal(bits.begin(), bits.end(), kept(slot - 1))) return slot;
    }
  }
  bool grow() {
    if (kept_.size() > most_words) return false;
    slots_.assign(std::max<std::size_t>(16, slots_.size() * 2), 0);
    for (std::size_t i = 0; i < count_; ++i)
      find(Bits(kept(i), kept(i) + words_)) = static_cast<std::uint32_t>(i + 1);
    return true;
  }

  std::size_t words_, count_ = 0;
  std::vector<std::uint64_t> kept_;
  std::vector<std::uint32_t> slots_;  // position in kept_ from 1; 0: free
};

// Looks for the first cell that breaks one guarantee.
class Search {
 public:
  enum class End { holds, broken, too_many };

  // `counted`: the number types that a limit must count (at_most).
  Search(const Essence& essence, const Guarantee& guarantee, NumberTypes counted, std::size_t most)
      : essence_(essence),
        guarantee_(guarantee),
        counted_(counted),
        most_(most),
        cells_(essence.policy.rules, &guarantee) {
    const auto& atoms = cells_.atoms();
    const Bits none(atoms.size() / 64 + 1);
    path_[0] = Bits(none.size(), ~std::uint64_t{0});
    permits_ = denies_ = gives_back_ = none;
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      if (atoms[i].gives_back) set_bit(gives_back_, i);
      if (!atoms[i].rule || atoms[i].step) continue;
      if (atoms[i].rule->permit) set_bit(permits_, i);
      if (atoms[i].rule->deny) set_bit(denies_, i);
    }
    settled_[fact_count] = path_[0];
    for (std::size_t depth = fact_count; depth-- > 0;) {
      settled_[depth] = settled_[depth + 1];
      for (const auto& one : cells_.classes(static_cast<Fact>(depth))) keep(settled_[depth], one.atoms);
    }
    for (std::size_t depth = 0; depth <= fact_count; ++depth) seen_.emplace_back(none.size());
  }

  End run() {
    const bool found = visit(0);
    return found ? End::broken : visited_ > most_ ? End::too_many : End::holds;
  }
  const Cell& cell() const { return cell_; }  // when broken
  const Cells& cells() const { return cells_; }

 private:
  static void keep(Bits& bits, const Bits& others) {
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] &= others[i];
  }
  static bool meet(const Bits& a, const Bits& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] & b[i]) return true;
    return false;
  }

  // Whether no case that follows can break the guarantee, whatever the facts not put yet are.
  bool safe(std::size_t depth) {
    const auto& open = path_[depth];
    certain_ = open;
    keep(certain_, settled_[depth]);
    if (guarantee_.kind == Guarantee::Kind::never_deny)
      return !meet(open, denies_) && meet(certain_, permits_);
    return meet(certain_, denies_) || (!meet(open, permits_) && !meet(open, gives_back_));
  }

  // True: the values put so far, and those that are put now, break the guarantee.
  bool visit(std::size_t depth) {
    if (++visited_ > most_ || safe(depth) || !seen_[depth].add(path_[depth])) return false;
    if (depth == fact_count) return breaks();
    for (const auto& one : cells_.classes(static_cast<Fact>(depth))) {
      cells_.put(static_cast<Fact>(depth), one.value, cell_);
      path_[depth + 1] = path_[depth];
      keep(path_[depth + 1], one.atoms);
      if (visit(depth + 1)) return true;
    }
    return false;
  }

  bool breaks() const {
    const auto decision = decide_cell(essence_.policy, cell_);
    switch (guarantee_.kind) {
      case Guarantee::Kind::never_permit:
        return permitted(decision, cell_);
      case Guarantee::Kind::never_deny:
        return denied(decision, cell_);
      case Guarantee::Kind::at_most:
        return permitted(decision, cell_) && !bounded(decision);
    }
    return true;
  }

  bool bounded(const Decision& decision) const {
    if (!hands_out(cell_.order.operation)) return true;
    const bool of_order = guarantee_.per.kind == Kind::order;
    if (of_order && cell_.order.quantity <= guarantee_.numbers) return true;
    return std::any_of(decision.charges.begin(), decision.charges.end(), [&](const Charge& charge) {
      const auto& limit = *essence_.as_written(charge.rule).limit;
      // An order has one type, and the limit counts it or would not be charged.
      const bool types =
          of_order || limit.number_types.empty() || !counted_.meets(limit.number_types.inverse());
      return charge.cap <= guarantee_.numbers && types && within(guarantee_.per, limit.per);
    });
  }

  const Essence& essence_;
  const Guarantee& guarantee_;
  NumberTypes counted_;
  std::size_t most_, visited_ = 0;
  Cells cells_;
  Cell cell_;
  Bits permits_, denies_, gives_back_;  // atoms by what they mean
  Bits path_[fact_count + 1];     // atoms still open at each depth: no fact put so far speaks against them
  Bits settled_[fact_count + 1];  // atoms that no value of the facts from this depth on speaks against
  Bits certain_;
  std::vector<Seen> seen_;
};

// The number types of which the guarantee permits any. Nothing: too many cases.
std::optional<NumberTypes> types_permitted(const Essence& essence, const Guarantee& guarantee,
                                           NumberTypes asked, std::size_t most) {
  NumberTypes out;
  bool known = true;
  asked.each([&](NumberType type) {
    auto of_type = guarantee;
    of_type.kind = Guarantee::Kind::never_permit;
    of_type.when.number_type = NumberTypes{type};
    const auto end = Search(essence, of_type, {}, most).run();
    if (end == Search::End::broken) out.add(type);
    known &= end != Search::End::too_many;
  });
  return known ? std::optional(out) : std::nullopt;
}

std::optional<Broken> prove_one(const Policy& policy, const Essence& essence, const Guarantee& guarantee,
                                std::size_t most) {
  using End = Search::End;
  auto counted = guarantee.when.number_type.value_or(NumberTypes::all());
  std::optional<Search> search;
  auto end = search.emplace(essence, guarantee, counted, most).run();
  const bool typed =
      std::any_of(essence.policy.rules.begin(), essence.policy.rules.end(),
                  [](const Rule& rule) { return rule.limit && !rule.limit->number_types.empty(); });
  if (end == End::broken && guarantee.kind == Guarantee::Kind::at_most && typed) {
    // A limit need not count types that nobody gets.
    if (const auto types = types_permitted(essence, guarantee, counted, most)) {
      counted = *types;
      end = search.emplace(essence, guarantee, counted, most).run();
    } else {
      end = End::too_many;
    }
  }
  if (end == End::holds) return std::nullopt;
  Broken broken{.id = guarantee.id, .line = guarantee.line, .column = guarantee.column};
  if (end == End::too_many) {
    broken.text = "the guarantee '" + guarantee.id + "' cannot be proved: the policy has more than " +
                  std::to_string(most) +
                  " cases that differ; use fewer figures and dates, or speak of fewer cases";
    return broken;
  }
  const auto decision = decide_cell(policy, search->cell());
  const Counterexample example{policy, guarantee, search->cells(), search->cell(), decision, counted};
  broken.text = example.text();
  broken.test = example.test();
  return broken;
}

}  // namespace

bool within(const Period& inner, const Period& outer) {
  // Months and fiscal years in days: a month has at most 31, a fiscal year at most 366.
  const auto days = [](const Period& per) {
    switch (per.kind) {
      case Kind::day:
        return 1;
      case Kind::days:
        return per.days;
      case Kind::month:
        return 31;
      case Kind::fiscal_year:
        return 366;
      default:
        return 0;
    }
  };
  if (inner.kind == Kind::order || outer.kind == Kind::lifetime)
    return true;  // every limit counts the order itself
  if (outer.kind == Kind::order || inner.kind == Kind::lifetime) return false;
  // What is held was once taken, but not within any number of days.
  if (inner.kind == Kind::held || outer.kind == Kind::held) return inner.kind == outer.kind;
  if (outer.kind == Kind::days) return days(inner) <= outer.days;
  // One day stands in one month and one fiscal year; two days may stand in two of them.
  if (days(inner) == 1) return true;
  if (inner.kind == Kind::days) return false;
  return days(inner) <= days(outer);
}

std::vector<Broken> prove(const Policy& policy, std::size_t most) {
  const Essence essence(policy);
  std::vector<Broken> out;
  for (const auto& guarantee : policy.guarantees)
    if (auto broken = prove_one(policy, essence, guarantee, most)) out.push_back(std::move(*broken));
  return out;
}

std::vector<Broken> unreachable_rules(const Policy& policy) {
  const Cells cells(policy.rules, nullptr);
  std::vector<Broken> out;
  for (std::size_t i = 0; i < cells.atoms().size(); ++i) {
    const auto& atom = cells.atoms()[i];
    if (atom.step) continue;  // the rule's own atom comes first
    for (std::size_t fact = 0; fact < fact_count; ++fact) {
      const auto& classes = cells.classes(static_cast<Fact>(fact));
      // Facts are free of each other: what every fact allows, some case has.
      if (std::any_of(classes.begin(), classes.end(),
                      [&](const Class& one) { return has_bit(one.atoms, i); }))
        continue;
      const std::string what(name(static_cast<Fact>(fact)));
      const auto& rule = *atom.rule;
      const bool dates = static_cast<Fact>(fact) == Fact::date && rule.when.date;
      out.push_back({.id = rule.id, .line = rule.line, .column = rule.column});
      out.back().text = "the rule '" + rule.id + "' can never match: " +
                        (dates ? "no day is both in its 'active' dates and in its 'date'"
                               : "no order there can be meets its '" + what + "'");
      break;
    }
  }
  return out;
}

}  // namespace sekisho::policy
