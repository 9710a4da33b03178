#include "policy/prove.h"

#include <algorithm>
#include <stdexcept>

#include "policy/counterexample.h"
#include "policy/decide.h"
#include "policy/lint.h"
#include "policy/pieces.h"

namespace sekisho::policy {
namespace {

using Kind = Period::Kind;

void add(std::vector<Box>& to, const std::vector<Box>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// Looks for the smallest case that breaks one guarantee.
class Question {
 public:
  enum class End { holds, broken, too_many };

  Question(const Pieces& pieces, const Guarantee& guarantee, std::size_t most)
      : pieces_(pieces), space_(pieces.space()), guarantee_(guarantee), most_(most) {}

  End never_permitted(const std::vector<Box>& spoken_of) { return permitted(spoken_of, {}); }

  End never_denied(const std::vector<Box>& spoken_of) {
    std::vector<Box> permits{pieces_.gives_back};
    for (const auto& permit : pieces_.permits) permits.push_back(permit.box);
    add(permits, excused());
    for (const auto& box : spoken_of) {
      for (const auto& deny : pieces_.denies) look(meet(box, deny.box), excused());
      look(box, permits);
    }
    return end();
  }

  End at_most(const std::vector<Box>& spoken_of, NumberTypes counted) {
    auto regions = spoken_of;
    const bool of_order = guarantee_.per.kind == Kind::order;
    for (auto& region : regions) {
      region = meet(region, pieces_.hands_out);
      if (of_order) region = meet(region, space_.box({more_than(guarantee_.unit, guarantee_.numbers)}));
    }
    std::vector<Box> bounded;
    for (const auto& piece : pieces_.limits) {
      const auto& limit = *piece.rule->limit;
      const bool types =
          of_order || limit.number_types.empty() || !counted.meets(limit.number_types.inverse());
      if (limit.unit == guarantee_.unit && piece.step->value <= guarantee_.numbers && types &&
          within(guarantee_.per, limit.per))
        bounded.push_back(piece.box);
    }
    return permitted(regions, bounded);
  }

  // When broken: the case.
  Facts facts() const { return space_.first(*found_); }

 private:
  // A permitted case outside `taken`. Where a limit may trim, one number is enough for every other limit over
  // a time.
  End permitted(const std::vector<Box>& regions, const std::vector<Box>& taken) {
    std::vector<Box> refused = excused();
    add(refused, taken);
    for (const auto& deny : pieces_.denies) refused.push_back(deny.box);
    auto whole = refused, trimmed = refused;
    for (const auto& limit : pieces_.limits) {
      const bool of_order = limit.rule->limit->per.kind == Kind::order;
      whole.push_back(trims(limit) ? limit.box : limit.over);
      if (of_order) trimmed.push_back(limit.over);
      if (!of_order && limit.step->value < 1) trimmed.push_back(limit.box);
    }
    for (const auto& region : regions) {
      look(meet(region, pieces_.gives_back), refused);
      for (const auto& permit : pieces_.permits) {
        const auto open = meet(region, permit.box);
        look(open, whole);
        for (const auto& limit : pieces_.limits)
          if (trims(limit)) look(meet(open, limit.box), trimmed);
      }
    }
    return end();
  }

  std::vector<Box> excused() const { return guarantee_.unwaived ? pieces_.waivers : std::vector<Box>(); }

  // Keeps the smallest case that is left of the region.
  void look(const Box& region, const std::vector<Box>& boxes) {
    if (empty(space_, region)) return;
    Cover cover(space_, boxes, most_);
    if (auto left = cover.smallest(region); left && (!found_ || before(*left, *found_)))
      found_ = std::move(left);
    gave_up_ |= cover.gave_up();
  }
  // By axes, then classes: a case is one bit on each axis.
  bool before(const Box& a, const Box& b) const {
    for (std::size_t axis = 0; axis < space_.axes(); ++axis) {
      const auto left = space_.on(a, axis), right = space_.on(b, axis);
      for (std::size_t i = 0; i < left.size(); ++i)
        if (left[i] != right[i]) return right[i] == 0 || (left[i] != 0 && left[i] < right[i]);
    }
    return false;
  }
  End end() const { return gave_up_ ? End::too_many : found_ ? End::broken : End::holds; }

  const Pieces& pieces_;
  const Space& space_;
  const Guarantee& guarantee_;
  std::size_t most_;
  std::optional<Box> found_;
  bool gave_up_ = false;
};

using End = Question::End;

std::vector<Box> boxes_of(const Space& space, const std::vector<Clause>& clauses) {
  std::vector<Box> out;
  for (const auto& clause : clauses) out.push_back(space.box(clause));
  return out;
}

// The number types of which the guarantee permits any; `too_many`: cannot be told.
std::optional<NumberTypes> types_permitted(const Pieces& pieces, const Guarantee& guarantee,
                                           const std::vector<Box>& spoken_of, std::size_t most) {
  NumberTypes out;
  bool known = true;
  NumberTypes::all().each([&](NumberType type) {
    const Condition of_type{.fact = Fact::number_type, .words = NumberTypes{type}.bits()};
    auto regions = spoken_of;
    for (auto& region : regions) region = meet(meet(region, pieces.space().box({of_type})), pieces.hands_out);
    const auto end = Question(pieces, guarantee, most).never_permitted(regions);
    if (end == End::broken) out.add(type);
    known &= end != End::too_many;
  });
  return known ? std::optional(out) : std::nullopt;
}

std::optional<Broken> prove_one(const Policy& policy, const Pieces& pieces, const Compiled& compiled,
                                const Guarantee& guarantee, std::size_t most) {
  const auto spoken = boxes_of(pieces.space(), spoken_of(guarantee));
  auto counted = NumberTypes::all();
  std::optional<Question> question;
  auto end = End::holds;
  const auto ask = [&] {
    question.emplace(pieces, guarantee, most);
    end = guarantee.kind == Guarantee::Kind::never_permit ? question->never_permitted(spoken)
          : guarantee.kind == Guarantee::Kind::never_deny ? question->never_denied(spoken)
                                                          : question->at_most(spoken, counted);
  };
  ask();
  const bool typed = std::any_of(pieces.limits.begin(), pieces.limits.end(),
                                 [](const Piece& piece) { return !piece.rule->limit->number_types.empty(); });
  if (end == End::broken && guarantee.kind == Guarantee::Kind::at_most && typed) {
    // A limit need not count types that nobody gets.
    if (const auto types = types_permitted(pieces, guarantee, spoken, most)) {
      counted = *types;
      ask();
    } else {
      end = End::too_many;
    }
  }
  if (end == End::holds) return std::nullopt;
  Broken broken{.id = guarantee.id, .line = guarantee.line, .column = guarantee.column};
  if (end == End::too_many) {
    broken.text = "the guarantee '" + guarantee.id + "' cannot be proved: more than " + std::to_string(most) +
                  " overlaps of rules had to be looked at; use fewer conditions, or speak of fewer cases";
    return broken;
  }
  const auto facts = question->facts();
  const Counterexample example{policy, compiled, guarantee, facts, pieces.space(), counted};
  // The case was found by comparing boxes. It must also break the guarantee when it is decided like an order.
  if (!example.breaks())
    throw std::logic_error("the prover found a case that decides otherwise: " + example.text());
  broken.text = example.text();
  broken.test = example.test();
  return broken;
}

std::vector<Clause> cuts_of(const Policy& policy) {
  std::vector<Clause> cuts;
  for (const auto& guarantee : policy.guarantees) {
    for (auto& clause : spoken_of(guarantee)) cuts.push_back(std::move(clause));
    if (guarantee.kind == Guarantee::Kind::at_most && guarantee.per.kind == Kind::order)
      cuts.push_back({more_than(guarantee.unit, guarantee.numbers)});
  }
  // Types one by one: which of them a guarantee permits is asked.
  NumberTypes::all().each([&](NumberType type) {
    cuts.push_back({{.fact = Fact::number_type, .words = NumberTypes{type}.bits()}});
  });
  return cuts;
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
  std::vector<Broken> out;
  if (policy.guarantees.empty()) return out;
  const Pieces pieces(policy, cuts_of(policy));
  const Compiled compiled(policy);
  for (const auto& guarantee : policy.guarantees)
    if (auto broken = prove_one(policy, pieces, compiled, guarantee, most)) out.push_back(std::move(*broken));
  return out;
}

std::vector<Broken> shortcomings(const Policy& policy) {
  auto out = lint(policy);
  for (auto& broken : prove(policy)) out.push_back(std::move(broken));
  std::stable_sort(out.begin(), out.end(), [](const Broken& a, const Broken& b) { return a.line < b.line; });
  return out;
}

}  // namespace sekisho::policy
