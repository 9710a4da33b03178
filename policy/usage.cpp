#include "policy/usage.h"

#include <algorithm>

namespace sekisho::policy {
namespace {

// When something first falls out of the period.
std::optional<Instant> resets_at(const Period& per, const Usage& usage, JstDate today) {
  switch (per.kind) {
    case Period::Kind::day:
      return today.plus(1).begins();
    case Period::Kind::month:
      return today.month_begin().plus_months(1).begins();
    case Period::Kind::fiscal_year:
      return today.fiscal_year_begin().plus_months(12).begins();
    case Period::Kind::days:
      for (int back = per.days - 1; back >= 0; --back)
        if (usage.bucket(Bucket::of_day(today.plus(-back))) > 0) return today.plus(per.days - back).begins();
      return today.plus(1).begins();
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<JstDate> first_day(const Period& per, JstDate today) {
  switch (per.kind) {
    case Period::Kind::day:
      return today;
    case Period::Kind::month:
      return today.month_begin();
    case Period::Kind::fiscal_year:
      return today.fiscal_year_begin();
    case Period::Kind::days:
      return today.plus(1 - per.days);
    default:
      return std::nullopt;
  }
}

std::array<Bucket, 8> buckets_raised(const Hold& hold) {
  const auto day = Bucket::of_day(hold.day), month = Bucket::of_month(hold.day);
  constexpr auto ever = Bucket::of_lifetime(), held = Bucket::of_held();
  const auto type = hold.number_type;
  return {day, day.of(type), month, month.of(type), ever, ever.of(type), held, held.of(type)};
}

Quantity Usage::bucket(const Bucket& which) const {
  const auto entry = buckets.find(which);
  return entry == buckets.end() ? 0 : entry->second;
}

Quantity Usage::held() const {
  Quantity sum = 0;
  for (const auto& hold : holds) sum += hold.state != HoldState::suspense ? hold.quantity : 0;
  return sum;
}

Quantity Usage::suspense() const {
  Quantity sum = 0;
  for (const auto& hold : holds) sum += hold.state == HoldState::suspense ? hold.quantity : 0;
  return sum;
}

bool counts_everything(const NumberTypes& types) { return types.empty() || types == NumberTypes::all(); }

Window window_of(const Period& per, JstDate today) {
  switch (per.kind) {
    case Period::Kind::order:
      break;
    case Period::Kind::day:
      return {Bucket::Span::day, 1};
    case Period::Kind::month:
      return {Bucket::Span::month, 1};
    case Period::Kind::fiscal_year: {
      const auto months = today.month_begin().ymd().month() - today.fiscal_year_begin().ymd().month();
      return {Bucket::Span::month, 1 + static_cast<int>(months.count())};
    }
    case Period::Kind::days:
      return {Bucket::Span::day, per.days};
    case Period::Kind::held:
      return {Bucket::Span::held, 1};
    case Period::Kind::lifetime:
      return {Bucket::Span::lifetime, 1};
  }
  return {};
}

// Today's, for all types.
static Bucket newest_of(Bucket::Span span, JstDate today) {
  switch (span) {
    case Bucket::Span::day:
      return Bucket::of_day(today);
    case Bucket::Span::month:
      return Bucket::of_month(today);
    case Bucket::Span::lifetime:
      return Bucket::of_lifetime();
    case Bucket::Span::held:
      break;
  }
  return Bucket::of_held();
}

std::vector<Bucket> buckets_of(const Period& per, const NumberTypes& types, JstDate today) {
  const auto [span, count] = window_of(per, today);
  std::vector<Bucket> out;
  const auto add = [&, count = count](const Bucket& newest) {
    for (int back = 0; back < count; ++back) out.push_back(newest.back(back));
  };
  const auto newest = newest_of(span, today);
  if (counts_everything(types))
    add(newest);
  else
    types.each([&](NumberType type) { add(newest.of(type)); });
  return out;
}

LimitState limit_state(const Rule& rule, Quantity limit, const Usage& usage, JstDate today) {
  const auto& of = *rule.limit;
  LimitState state{.rule = rule.id,
                   .code = of.code.empty() ? std::string(code(Reason::quota_exceeded)) : of.code,
                   .per = of.per,
                   .limit = limit};
  Quantity taken = 0;
  for (const auto& bucket : buckets_of(of.per, of.number_types, today)) taken += usage.bucket(bucket);
  const auto first = first_day(of.per, today);
  for (const auto& hold : usage.holds) {
    const bool in_window = !first || (hold.day >= *first && hold.day <= today);
    if (in_window && (counts_everything(of.number_types) || of.number_types.has(hold.number_type)))
      state.held += hold.quantity;
  }
  state.used = std::max<Quantity>(0, taken - state.held);
  state.left = std::max<Quantity>(0, limit - taken);
  state.resets_at = resets_at(of.per, usage, today);
  return state;
}

}  // namespace sekisho::policy
