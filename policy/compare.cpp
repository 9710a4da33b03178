#include "policy/compare.h"

#include <algorithm>
#include <tuple>

#include "policy/cover.h"
#include "policy/pieces.h"
#include "policy/prove.h"

namespace sekisho::policy {
namespace {

using Kind = Effect::Kind;
enum class Holds { nowhere, open, everywhere };

// Looks at one part after the other, until what both sides answer there is certain.
class Comparison {
 public:
  Comparison(const Space& space, const std::vector<Standpoint>& effects, const Difference& tell,
             std::size_t most)
      : space_(space),
        tell_(tell),
        most_(most),
        refused_(space, {}),
        idle_(space, {}),
        unpermitted_(space, {}) {
    std::vector<const Standpoint*> same;
    for (const auto& one : effects) (one.boxes[0] == one.boxes[1] ? same : changed_).push_back(&one);
    for (const auto* one : changed_) list(*one);
    for (const auto* one : same) sort_out(*one);
    // The ladder: of several denies the first row of reason.def is told.
    std::stable_sort(denies_.begin(), denies_.end(),
                     [](auto* a, auto* b) { return a->effect.reason < b->effect.reason; });
    for (auto* cover : {&refused_, &idle_, &unpermitted_}) cover->add(refused_boxes_);
    idle_.add(idle_boxes_);
    unpermitted_.add(same_permits_);
  }

  bool run(const Box& region) {
    if (!changed_.empty() && !empty(space_, region)) visit(region);
    return looked_at_ <= most_ && !refused_.gave_up() && !idle_.gave_up() && !unpermitted_.gave_up();
  }

 private:
  bool some_changed(const auto& which) const {
    return std::any_of(changed_.begin(), changed_.end(),
                       [&](const Standpoint* one) { return which(one->effect); });
  }

  void list(const Standpoint& one) {
    if (one.effect.kind == Kind::deny) denies_.push_back(&one);
    if (one.effect.kind == Kind::permit) permits_.push_back(&one);
    if (one.effect.kind > Kind::deny) terms_.push_back(&one);
  }

  // Of what is the same on both sides: what only hides, and what must be looked at like a change.
  void sort_out(const Standpoint& one) {
    const auto& effect = one.effect;
    const auto& boxes = one.boxes[0];
    switch (effect.kind) {
      case Kind::deny:
        if (some_changed([&](const Effect& other) {
              return other.kind == Kind::deny && other.reason < effect.reason;
            }))
          denies_.push_back(&one);
        else
          refused_boxes_.insert(refused_boxes_.end(), boxes.begin(), boxes.end());
        break;
      case Kind::permit:
        if (some_changed([](const Effect& other) { return other.kind == Kind::permit; }))
          permits_.push_back(&one);
        else
          same_permits_.insert(same_permits_.end(), boxes.begin(), boxes.end());
        break;
      case Kind::bound: {
        const auto hides = [&](const Effect& other) {
          return other.kind == Kind::bound && leaves_nothing(effect.bound, other.bound);
        };
        const auto spares = [&](const Effect& other) { return other.kind == Kind::bound && !hides(other); };
        if (!some_changed(hides)) break;
        if (some_changed(spares))
          terms_.push_back(&one);
        else
          idle_boxes_.insert(idle_boxes_.end(), boxes.begin(), boxes.end());
        break;
      }
      default:
        break;
    }
  }

  // `open`: a box to split the region by, where it is not certain.
  Holds holds(const std::vector<Box>& boxes, const Box& region, const Box** open) const {
    auto out = Holds::nowhere;
    for (const auto& box : boxes) {
      bool meets = true, inside = true;
      for (std::size_t axis = 0; meets && axis < space_.axes(); ++axis) {
        const auto here = space_.on(region, axis), there = space_.on(box, axis);
        bool some = false;
        for (std::size_t i = 0; i < here.size(); ++i) {
          some |= (here[i] & there[i]) != 0;
          inside &= (here[i] & ~there[i]) == 0;
        }
        meets = some;
      }
      if (!meets) continue;
      if (inside) return Holds::everywhere;
      out = Holds::open;
      if (!*open) *open = &box;
    }
    return out;
  }

  // Refused for certain or permitted for certain, as far as changed effects go.
  std::optional<Answer> answer(int side, const Box& region, const Box** open) const {
    for (const auto* deny : denies_) {
      const auto how = holds(deny->boxes[side], region, open);
      if (how == Holds::open) return std::nullopt;
      if (how == Holds::everywhere) return Answer{.refused = deny->effect.reason};
    }
    if (permits_.empty()) return Answer{};
    bool maybe = false;
    for (const auto* permit : permits_) {
      const auto how = holds(permit->boxes[side], region, open);
      if (how == Holds::everywhere) return Answer{};
      maybe |= how == Holds::open;
    }
    return maybe ? std::nullopt : std::optional(Answer{.refused = Reason::policy_denied});
  }

  // Adds what a permitted order meets on one side, of what makes a difference.
  bool add_terms(int side, const Box& region, Answer& answer, const Box** open) const {
    for (const auto* term : terms_) {
      const auto how = holds(term->boxes[side], region, open);
      if (how == Holds::open) return false;
      if (how == Holds::everywhere) answer.terms.push_back(term->effect);
    }
    drop_idle(answer.terms);
    std::sort(answer.terms.begin(), answer.terms.end(), [](const Effect& a, const Effect& b) {
      return std::tie(a.kind, a.bound, a.throttle.requests, a.throttle.per_ms, a.throttle.burst, a.name) <
             std::tie(b.kind, b.bound, b.throttle.requests, b.throttle.per_ms, b.throttle.burst, b.name);
    });
    return true;
  }

  // A limit that another makes idle is no part of the answer.
  static void drop_idle(std::vector<Effect>& terms) {
    for (std::size_t i = 0; i < terms.size();) {
      const auto idle = [&](const Effect& other) {
        const auto at = static_cast<std::size_t>(&other - terms.data());
        return at != i && other.kind == Kind::bound && leaves_nothing(other.bound, terms[i].bound) &&
               (!leaves_nothing(terms[i].bound, other.bound) || at < i);
      };
      if (terms[i].kind == Kind::bound && std::any_of(terms.begin(), terms.end(), idle))
        terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(i));
      else
        ++i;
    }
  }

  // False: enough.
  bool visit(const Box& region) {
    if (++looked_at_ > most_) return false;
    const Box *open = nullptr, *by = nullptr;
    bool differs = false;
    for (const auto* changed : changed_) {
      const auto old_way = holds(changed->boxes[0], region, &open),
                 new_way = holds(changed->boxes[1], region, &open);
      differs |= old_way != new_way || old_way == Holds::open;
    }
    if (!differs) return true;
    Part part{.where = region};
    auto old_answer = answer(0, region, &by), new_answer = answer(1, region, &by);
    if (old_answer && new_answer) {
      const bool certain = (old_answer->refused || add_terms(0, region, *old_answer, &by)) &&
                           (new_answer->refused || add_terms(1, region, *new_answer, &by));
      if (certain) {
        if (*old_answer == *new_answer) return true;
        part.old_answer = std::move(*old_answer);
        part.new_answer = std::move(*new_answer);
        return tell_what_remains(part);
      }
    }
    return split(region, open ? *open : *by);
  }

  // The part, if a case is left in it that nothing hides. Where the permits are the same on both sides,
  // "permitted" was only supposed so far: where there is none, that answer is a refusal too.
  bool tell_what_remains(Part& part) {
    const bool old_permits = !part.old_answer.refused, new_permits = !part.new_answer.refused;
    const bool supposed = permits_.empty() && (old_permits || new_permits);
    auto& cover = old_permits && new_permits && only_bounds_differ(part) ? idle_ : refused_;
    bool enough = false;
    if (!supposed) {
      if (leaves(cover, part.where, part)) enough = !tell_(part);
    } else {
      for (const auto& permit : same_permits_) {
        if (!leaves(cover, meet(part.where, permit), part)) continue;
        enough = !tell_(part);
        break;
      }
    }
    if (enough || !supposed || (old_permits && new_permits)) return !enough;
    (old_permits ? part.old_answer : part.new_answer) = {.refused = Reason::policy_denied};
    if (part.old_answer == part.new_answer || !leaves(unpermitted_, part.where, part)) return true;
    return tell_(part);
  }

  static bool leaves(Cover& cover, const Box& region, Part& part) {
    if (cover.ask(region, part.sample) != Cover::Answer::left) return false;
    part.hidden = part.sample != part.where;
    return true;
  }

  static bool only_bounds_differ(const Part& part) {
    const auto rest = [](const Answer& answer) {
      auto terms = answer.terms;
      std::erase_if(terms, [](const Effect& term) { return term.kind == Kind::bound; });
      return terms;
    };
    return rest(part.old_answer) == rest(part.new_answer);
  }

  // By the first axis on which the box does not hold all of the region.
  bool split(const Box& region, const Box& by) {
    for (std::size_t axis = 0; axis < space_.axes(); ++axis) {
      auto in = region, out = region;
      const auto inside = space_.on(in, axis), outside = space_.on(out, axis);
      const auto there = space_.on(by, axis);
      for (std::size_t i = 0; i < there.size(); ++i) {
        inside[i] &= there[i];
        outside[i] &= ~there[i];
      }
      if (!no_class(outside)) return visit(in) && visit(out);
    }
    return true;
  }

  const Space& space_;
  const Difference& tell_;
  std::size_t most_, looked_at_ = 0;
  std::vector<const Standpoint*> changed_;
  // What cuts.
  std::vector<const Standpoint*> denies_, permits_, terms_;
  // What only hides: nothing changes where these refuse, where no permit is, where these limits leave
  // nothing.
  std::vector<Box> refused_boxes_, idle_boxes_, same_permits_;
  Cover refused_, idle_, unpermitted_;
};

std::string rate(const Throttle& throttle) {
  const auto unit = throttle.per_ms == 1000 ? "second" : throttle.per_ms == 60'000 ? "minute" : "hour";
  return std::to_string(throttle.requests) + " requests per " + unit +
         (throttle.burst > throttle.requests ? " (burst " + std::to_string(throttle.burst) + ")" : "");
}

std::string text_of(const Effect& effect) {
  switch (effect.kind) {
    case Kind::bound:
      return effect.bound.text();
    case Kind::throttle:
      return rate(effect.throttle);
    case Kind::review:
      return "reviewed (" + effect.name + ")";
    case Kind::notice:
      return "with a notice (" + effect.name + ")";
    default:
      return "";
  }
}

}  // namespace

std::strong_ordering Bound::operator<=>(const Bound& other) const {
  const auto key = [](const Bound& one) {
    return std::tuple(one.unit, one.per, one.types.bits(), one.figure, one.trim, one.code, one.of);
  };
  return key(*this) <=> key(other);
}

std::string Bound::text() const {
  return "up to " + std::to_string(figure) + (unit == Unit::channels ? " channels" : "") + " per " +
         per.text() + (of == Scope::owner_group ? " for the owner group" : "") +
         (types.empty() || types == NumberTypes::all() ? "" : " of " + join(types, ", ")) +
         (trim ? ", cut to what is left" : "") + (code.empty() ? "" : " (" + code + ")");
}

std::string Answer::text() const {
  if (refused) return "refused (" + std::string(code(*refused)) + ")";
  std::string out;
  for (const auto& term : terms) out += (out.empty() ? "" : ", ") + text_of(term);
  return out.empty() ? "permitted" : "permitted " + out;
}

bool leaves_nothing(const Bound& tight, const Bound& other) {
  const auto types = [](const Bound& one) { return one.types.empty() ? NumberTypes::all() : one.types; };
  // What a group has left its members have left at most, and not the other way round.
  if (tight.of == Scope::operator_alone && other.of == Scope::owner_group) return false;
  if (tight.unit != other.unit || tight.figure > other.figure || !within(other.per, tight.per)) return false;
  // An order has one type, and both count it.
  if (other.per.kind == Period::Kind::order) return !tight.trim;
  if (types(other).meets(types(tight).inverse())) return false;
  return !other.trim || tight.trim || tight.figure < other.figure;
}

Bound bound_of(const Limit& limit, const Step& step) {
  return {limit.unit, limit.per, limit.number_types, step.value, limit.trim, limit.code, limit.of};
}

bool compare(const Space& space, std::vector<Standpoint> effects, const Box& region, const Difference& tell,
             std::size_t most) {
  for (auto& one : effects)
    for (auto& side : one.boxes) std::sort(side.begin(), side.end());
  return Comparison(space, effects, tell, most).run(region);
}

std::vector<Stand> stands_of(const Policy& policy) {
  std::vector<Stand> out;
  const auto add = [&](Effect effect, const std::vector<Clause>& clauses) {
    auto known = std::find_if(out.begin(), out.end(), [&](const Stand& one) { return one.effect == effect; });
    if (known == out.end()) known = out.insert(out.end(), {std::move(effect), {}});
    known->clauses.insert(known->clauses.end(), clauses.begin(), clauses.end());
  };
  for (const auto& rule : policy.rules) {
    const auto acts = acting(policy, rule, true);
    if (rule.mode == Mode::warn) add({.kind = Kind::notice, .name = rule.id}, acts);
    if (rule.mode != Mode::enforce) continue;
    if (rule.permit) add({.kind = Kind::permit}, acting(policy, rule, false));
    if (rule.deny) add({.kind = Kind::deny, .reason = *rule.deny}, acts);
    if (rule.throttle) add({.kind = Kind::throttle, .throttle = *rule.throttle}, acts);
    if (rule.review) add({.kind = Kind::review, .name = *rule.review}, acts);
    if (!rule.limit) continue;
    const auto& limit = *rule.limit;
    for (const auto& step : limit.steps) {
      auto clauses = acts;
      const auto days = in_force(limit, step);
      for (auto& clause : clauses) clause.insert(clause.end(), days.begin(), days.end());
      add({.kind = Kind::bound, .bound = bound_of(limit, step)}, clauses);
    }
  }
  return out;
}

}  // namespace sekisho::policy
