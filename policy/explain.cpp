#include "policy/explain.h"

#include <algorithm>

#include "policy/pieces.h"

namespace sekisho::policy {
namespace {

constexpr auto en = static_cast<std::size_t>(Language::en), ja = static_cast<std::size_t>(Language::ja);

std::string listed(const std::vector<std::string>& words, const std::string& between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::string value_text(Fact fact, std::int64_t value) {
  return row(fact).kind == FactKind::date ? Facts::day_of(value).text() : std::to_string(value);
}

// "from 12 to 23": what a range asks.
Told range_words(const Condition& one) {
  const auto &from = one.range.from, &until = one.range.until;
  if (from && until && *from == *until) return {value_text(one.fact, *from), value_text(one.fact, *from)};
  Told out;
  if (from) {
    out.text[en] = "from " + value_text(one.fact, *from);
    out.text[ja] = value_text(one.fact, *from) + " 以上";
  }
  if (until) {
    out.text[en] += (from ? " to " : "up to ") + value_text(one.fact, *until);
    out.text[ja] += (from ? "、" : "") + value_text(one.fact, *until) + " 以下";
  }
  if (!from && !until) out = {"anything", "任意"};
  return out;
}

Told asked_words(const Condition& one) {
  Told out;
  const auto& about = row(one.fact);
  std::vector<std::string> words = one.names;
  for (std::size_t i = 0; i < about.words.size(); ++i)
    if (one.words >> i & 1) words.emplace_back(about.words[i]);
  if (about.kind == FactKind::number || about.kind == FactKind::date)
    out = range_words(one);
  else
    out = {listed(words, " or "), listed(words, "・")};
  if (one.negated) out = {"not " + out.text[en], out.text[ja] + " 以外"};
  return out;
}

std::string value_words(Fact fact, const Facts& facts) {
  const auto text = text_of(fact, facts);
  return text.empty() ? "-" : text;
}

// "ETOC certification is certified; asked for: none or applied"
Told failed(const Condition& one, const Facts& facts) {
  const auto& about = row(one.fact);
  const auto asked = asked_words(one);
  return {
      std::string(about.title[en]) + " is " + value_words(one.fact, facts) + "; asked for: " + asked.text[en],
      std::string(about.title[ja]) + "は " + value_words(one.fact, facts) + "（条件：" + asked.text[ja] +
          "）"};
}

Told held(const Condition& one, const Facts& facts) {
  const auto& about = row(one.fact);
  return {std::string(about.title[en]) + " is " + value_words(one.fact, facts),
          std::string(about.title[ja]) + "は " + value_words(one.fact, facts)};
}

Told joined(const std::vector<Told>& parts) {
  Told out;
  for (const auto& part : parts) {
    out.text[en] += (out.text[en].empty() ? "" : "; ") + part.text[en];
    out.text[ja] += (out.text[ja].empty() ? "" : "、") + part.text[ja];
  }
  return out;
}

// The alternative with the fewest questions answered otherwise, told by those; or the one that holds, by all
// of its.
Told why(const When& when, const Facts& facts, bool matches) {
  std::vector<Told> best;
  bool any = false;
  for (const auto& clause : when.any) {
    std::vector<Told> parts;
    bool holds = true;
    for (const auto& one : clause) holds &= one.holds(facts);
    if (matches && !holds) continue;
    for (const auto& one : clause)
      if (matches)
        parts.push_back(held(one, facts));
      else if (!one.holds(facts))
        parts.push_back(failed(one, facts));
    if (!any || parts.size() < best.size()) best = std::move(parts);
    any = true;
  }
  if (best.empty()) return {"it asks nothing", "条件なし"};
  return joined(best);
}

Told period_words(const Period& per) {
  const auto text = per.text();
  switch (per.kind) {
    case Period::Kind::order:
      return {"per order", "1 回の注文につき"};
    case Period::Kind::day:
      return {"per day", "1 日につき"};
    case Period::Kind::month:
      return {"per month", "1 か月につき"};
    case Period::Kind::fiscal_year:
      return {"per fiscal year", "1 年度につき"};
    case Period::Kind::days:
      return {"per " + text, std::to_string(per.days) + " 日間につき"};
    case Period::Kind::held:
      return {"held at a time", "同時保有数で"};
    case Period::Kind::lifetime:
      return {"in all", "累計で"};
  }
  return {};
}

Told effect(const Rule& rule, JstDate today) {
  std::vector<Told> parts;
  if (rule.permit) parts.push_back({"permits", "許可する"});
  if (rule.deny) {
    const std::string reason(code(*rule.deny));
    parts.push_back({"denies (" + reason + ")", "拒否する（" + reason + "）"});
  }
  if (rule.limit) {
    const auto& limit = *rule.limit;
    const auto per = period_words(limit.per);
    const auto* step = limit.on(today);
    const auto types = limit.number_types.empty() ? "" : " (" + join(limit.number_types, ", ") + ")";
    const bool channels = limit.unit == Unit::channels;
    if (!step) {
      parts.push_back({"a limit without a figure on this day", "この日に適用される上限の数値なし"});
    } else {
      const auto figure = std::to_string(step->value);
      const bool group = limit.of == Scope::owner_group;
      parts.push_back({"at most " + figure + (channels ? " channels " : " numbers ") + per.text[en] +
                           (group ? " for the whole owner group" : "") + types,
                       (group ? "所有グループ全体で" : "") + per.text[ja] + "最大 " + figure +
                           (channels ? " チャネル" : " 番号") + types});
    }
  }
  if (rule.throttle) {
    const auto seconds = rule.throttle->per_ms / 1000;
    const auto requests = std::to_string(rule.throttle->requests), time = std::to_string(seconds);
    parts.push_back({"at most " + requests + " requests in " + time + " s",
                     time + " 秒間に最大 " + requests + " リクエスト"});
  }
  if (rule.review) parts.push_back({"review (" + *rule.review + ")", "確認対象（" + *rule.review + "）"});
  return joined(parts);
}

RuleStory::Kind kind_of(const Compiled& policy, std::size_t index, const Verdict& verdict,
                        const Facts& facts) {
  using Kind = RuleStory::Kind;
  const auto& rule = policy.rule(index);
  if (!rule.active.has(facts.today())) return Kind::not_active;
  if (!verdict.matched.has(index)) return Kind::does_not_match;
  if (verdict.waived.has(index)) return Kind::waived;
  if (rule.mode == Mode::warn) return Kind::warned;
  return rule.mode == Mode::observe ? Kind::observed : Kind::applies;
}

Told verdict_words(const Decision& decision, Quantity quantity) {
  const auto over = std::find_if(decision.charges.begin(), decision.charges.end(), [&](const Charge& charge) {
    return quantity > charge.cap && !charge.rule->limit->trim;
  });
  if (decision.allowed && over != decision.charges.end()) {
    const auto per = period_words(over->rule->limit->per);
    const auto figure = std::to_string(over->cap), asked = std::to_string(quantity);
    return {
        "Refused by the limit '" + over->rule->id + "': " + asked + " are asked for, at most " + figure +
            " " + per.text[en],
        "拒否（上限 " + over->rule->id + "：" + per.text[ja] + "最大 " + figure + "、注文は " + asked + "）"};
  }
  if (decision.allowed) {
    Told out{"Permitted", "許可"};
    for (const auto& charge : decision.charges) {
      const auto per = period_words(charge.rule->limit->per);
      const auto figure = std::to_string(charge.cap);
      out.text[en] += (&charge == &decision.charges.front() ? ", as long as " : " and ") +
                      ("'" + charge.rule->id) + "' (" + figure + " " + per.text[en] + ") has enough left";
      out.text[ja] += (&charge == &decision.charges.front() ? "（" : "、") + charge.rule->id + "：" +
                      per.text[ja] + "最大 " + figure;
    }
    if (!decision.charges.empty()) out.text[ja] += " の上限に残りがある場合）";
    return out;
  }
  const auto& reason = row(decision.reason());
  const auto* rule = decision.findings.front().rule;
  const std::string by_en = rule ? " by the rule '" + rule->id + "'" : ": no rule permits it";
  const std::string by_ja = rule ? "規則 " + rule->id + " による" : "許可する規則がありません";
  return {"Refused" + by_en + " (" + std::string(reason.code) + "). " + std::string(reason.title[en]),
          "拒否（" + std::string(reason.code) + "、" + by_ja + "）。" + std::string(reason.title[ja])};
}

}  // namespace

Told in_words(RuleStory::Kind kind) {
  switch (kind) {
    case RuleStory::Kind::applies:
      return {"applies", "適用"};
    case RuleStory::Kind::warned:
      return {"would apply (warn)", "警告のみ"};
    case RuleStory::Kind::observed:
      return {"would apply (observe)", "観察のみ"};
    case RuleStory::Kind::waived:
      return {"lifted by a waiver", "免除中"};
    case RuleStory::Kind::not_active:
      return {"not active on this day", "期間外"};
    case RuleStory::Kind::does_not_match:
      return {"does not match", "該当せず"};
  }
  return {};
}

Explanation explain(const Compiled& policy, const Facts& facts) {
  Explanation out{.decision = apply_rules(policy, facts)};
  out.verdict = verdict_words(out.decision, facts.quantity());
  Verdict verdict;
  policy.evaluate(facts, verdict);
  for (std::size_t i = 0; i < policy.policy().rules.size(); ++i) {
    const auto& rule = policy.rule(i);
    RuleStory story{.rule = &rule, .kind = kind_of(policy, i, verdict, facts)};
    story.effect = effect(rule, facts.today());
    if (story.kind == RuleStory::Kind::not_active) {
      const auto asked = asked_words(on_days(rule.active));
      story.why = {"active " + asked.text[en], "有効期間：" + asked.text[ja]};
    } else {
      story.why = why(rule.when, facts, verdict.matched.has(i));
    }
    if (const auto* waiver = policy.waiver(i, facts); waiver && story.kind == RuleStory::Kind::waived) {
      story.why.text[en] += "; waiver '" + waiver->id + "' until " + waiver->dates.until->text() +
                            ", approved by " + waiver->approved_by + " (" + waiver->ticket +
                            "): " + waiver->reason;
      story.why.text[ja] += "、免除 " + waiver->id + "（" + waiver->dates.until->text() + " まで、承認者 " +
                            waiver->approved_by + "、" + waiver->ticket + "）：" + waiver->reason;
    }
    out.rules.push_back(std::move(story));
  }
  return out;
}

}  // namespace sekisho::policy
