// Equal treatment: nobody is set apart for who it is, unless the rule says why (lint.h).
//
// For two choices of country, agent, owner group and operator that a rule without a `why` tells apart, the
// policy is compared with itself: once as the one, once as the other meets it. Rules that say why are left
// out of both.
#include <algorithm>

#include "policy/compare.h"
#include "policy/lint.h"
#include "policy/pieces.h"
#include "policy/said.h"

namespace sekisho::policy {
namespace {

constexpr Fact personal[] = {Fact::country, Fact::domestic_agent, Fact::owner_group, Fact::operator_id};

bool asks_who(const Rule& rule) {
  return std::any_of(std::begin(personal), std::end(personal),
                     [&](Fact fact) { return rule.when.asks(fact); });
}

// A choice of one class on each of some personal axes.
using Who = std::vector<std::size_t>;

class Equality {
 public:
  explicit Equality(const Policy& policy) : policy_(policy), stands_(stands_of(policy)), space_(clauses()) {
    for (const auto& stand : stands_) {
      auto& boxes = boxes_.emplace_back();
      for (const auto& clause : stand.clauses) boxes.push_back(space_.box(clause));
    }
  }

  // Two that the rule tells apart, and an order on which they get different answers; empty: there are none.
  //
  // They differ in what this rule asks of them alone: what another rule asks is that rule's matter. To be
  // answered alike is an equivalence, so one of those inside is compared with all outside, and one outside
  // with all inside.
  std::string find(const Rule& rule) {
    axes_.clear();
    for (const auto fact : personal)
      if (rule.when.asks(fact)) axes_.push_back(space_.axis_of(fact));
    std::vector<Box> own;
    for (const auto& clause : acting(policy_, rule, true)) own.push_back(space_.box(clause));
    std::vector<Who> inside, outside;
    for (auto& who : choices()) {
      const bool in = std::any_of(own.begin(), own.end(), [&](const Box& box) { return has(box, who); });
      (in ? inside : outside).push_back(std::move(who));
    }
    if (inside.empty() || outside.empty()) return "";
    for (const auto& other : outside)
      if (auto text = differ(inside.front(), other); !text.empty()) return text;
    for (const auto& one : inside)
      if (auto text = differ(one, outside.front()); !text.empty()) return text;
    return "";
  }

 private:
  std::vector<Clause> clauses() const {
    std::vector<Clause> out;
    for (const auto& stand : stands_) out.insert(out.end(), stand.clauses.begin(), stand.clauses.end());
    for (const auto& rule : policy_.rules)
      for (auto& clause : acting(policy_, rule, true)) out.push_back(std::move(clause));
    return out;
  }

  std::vector<Who> choices() const {
    std::vector<Who> out{{}};
    for (const auto axis : axes_) {
      std::vector<Who> longer;
      for (const auto& who : out)
        for (std::size_t one = 0; one < space_.classes(axis); ++one) {
          longer.push_back(who);
          longer.back().push_back(one);
        }
      out = std::move(longer);
    }
    return out;
  }

  bool has(const Box& box, const Who& who) const {
    for (std::size_t i = 0; i < axes_.size(); ++i)
      if (!(space_.on(box, axes_[i])[who[i] / 64] >> who[i] % 64 & 1)) return false;
    return true;
  }

  // The box as this one meets it: who it is makes no difference any more.
  Box met_by_anybody(Box box) const {
    const auto all = space_.all();
    for (const auto axis : axes_) {
      const auto full = space_.on(all, axis);
      std::copy(full.begin(), full.end(), space_.on(box, axis).begin());
    }
    return box;
  }

  Facts facts_of(const Box& where, const Who& who) const {
    auto facts = space_.first(where);
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const auto point = space_.points(axes_[i], who[i]).front();
      for (const auto fact : space_.facts(axes_[i])) {
        facts.set(fact, point[fact]);
        facts.set(fact, point.name(fact));
      }
    }
    return facts;
  }

  std::string differ(const Who& one, const Who& other) const {
    std::vector<Standpoint> effects;
    for (std::size_t i = 0; i < stands_.size(); ++i) {
      auto& effect = effects.emplace_back(Standpoint{.effect = stands_[i].effect});
      for (const auto& box : boxes_[i]) {
        if (has(box, one)) effect.boxes[0].push_back(met_by_anybody(box));
        if (has(box, other)) effect.boxes[1].push_back(met_by_anybody(box));
      }
    }
    std::string text;
    const auto tell = [&](const Part& part) {
      const auto a = facts_of(part.sample, one), b = facts_of(part.sample, other);
      const auto asked = [&](Fact fact) {
        return std::find(axes_.begin(), axes_.end(), space_.axis_of(fact)) != axes_.end();
      };
      text = operator_in_words(a, asked) + ": " + part.old_answer.text() + "; " +
             operator_in_words(b, asked) + ", alike in everything else: " + part.new_answer.text();
      return false;
    };
    compare(space_, std::move(effects), space_.all(), tell);
    return text;
  }

  const Policy& policy_;
  std::vector<Stand> stands_;
  Space space_;
  std::vector<std::size_t> axes_;  // personal ones that the rule in hand asks
  std::vector<std::vector<Box>> boxes_;
};

}  // namespace

std::vector<Broken> unequal_treatment(const Policy& policy) {
  Policy unexplained = policy;
  std::erase_if(unexplained.rules, [](const Rule& rule) {
    return rule.mode != Mode::enforce || (asks_who(rule) && !rule.why.empty());
  });
  unexplained.waivers.clear();  // each says its reason
  std::vector<Broken> out;
  std::optional<Equality> equality;
  for (const auto& rule : unexplained.rules) {
    if (!asks_who(rule)) continue;
    if (!equality) equality.emplace(unexplained);
    const auto text = equality->find(rule);
    if (text.empty()) continue;
    out.push_back({.id = rule.id, .line = rule.line, .column = rule.column});
    out.back().text = "the rule '" + rule.id +
                      "' sets like operators apart and does not say why (equal treatment, Telecommunications "
                      "Business Act, article 6): add a 'why'. " +
                      text;
    out.back().text[out.back().text.find(". an ") + 2] = 'A';
  }
  return out;
}

}  // namespace sekisho::policy
