#include "policy/cells.h"

#include <algorithm>
#include <limits>
#include <map>

namespace sekisho::policy {
namespace {

// The one condition on this fact, so that `matches` itself says what it means.
When only(const When& when, Fact fact) {
  When one;
  switch (fact) {
    case Fact::etoc:
      one.etoc = when.etoc;
      break;
    case Fact::plan:
      one.plan = when.plan;
      break;
    case Fact::refusal:
      one.refusal = when.refusal;
      break;
    case Fact::number_type:
      one.number_type = when.number_type;
      break;
    case Fact::plan_covers_type:
      one.plan_covers_type = when.plan_covers_type;
      break;
    case Fact::forwards_calls:
      one.forwards_calls = when.forwards_calls;
      break;
    case Fact::operation:
      one.operation = when.operation;
      break;
    case Fact::carrier:
      one.carrier = when.carrier;
      break;
    case Fact::track_record:
      one.track_record_months = when.track_record_months;
      break;
    case Fact::date:
      one.date = when.date;
      break;
    case Fact::quantity:
      one.quantity = when.quantity;
      break;
  }
  return one;
}

// As Limit::on: the first step that has the day.
const Step* step_on(const Limit& limit, JstDate day) {
  for (const auto& step : limit.numbers)
    if (step.dates.has(day)) return &step;
  return nullptr;
}

template <class E>
std::vector<std::int64_t> up_to_count() {
  std::vector<std::int64_t> out(count_of<E>());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::int64_t>(i);
  return out;
}

template <class T, class Begin>
void cut_at(std::vector<std::int64_t>& begins, const std::optional<Range<T>>& range, Begin begin) {
  if (!range) return;
  if (range->from) begins.push_back(begin(*range->from));
  if (range->until && *range->until != std::numeric_limits<T>::max())
    begins.push_back(begin(*range->until) + 1);
}

std::int64_t day_count(JstDate date) { return date.day.time_since_epoch().count(); }

void tidy(std::vector<std::int64_t>& begins, std::int64_t least, std::int64_t most) {
  std::sort(begins.begin(), begins.end());
  begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
  std::erase_if(begins, [&](std::int64_t begin) { return begin < least || begin > most; });
}

}  // namespace

bool Atom::holds(Fact fact, const Cell& cell) const {
  if (gives_back) return fact != Fact::operation || !hands_out(cell.order.operation);
  if (fact == Fact::operation && rule && !hands_out(cell.order.operation)) return false;
  if (when && !matches(only(*when, fact), cell.order, cell.standing)) return false;
  if (fact == Fact::date && rule && !rule->active.has(cell.standing.today)) return false;
  if (fact == Fact::date && step && step_on(*rule->limit, cell.standing.today) != step) return false;
  if (fact == Fact::number_type && step && !rule->limit->number_types.empty() &&
      !rule->limit->number_types.has(*cell.order.number_type))
    return false;
  return fact != Fact::quantity || !above || cell.order.quantity > *above;
}

Cells::Cells(const std::vector<Rule>& rules, const Guarantee* of) : of_(of) {
  ask(rules);
  // What a policy file can write as a date; the open beginning is named by its last day.
  const auto first = day_count(JstDate::of(0, 1, 1)), last = day_count(JstDate::of(9999, 12, 31));
  tidy(days_, first, last);
  if (days_.empty())
    days_.push_back(day_count(JstDate::of(2026, 1, 1)));
  else if (days_.front() > first)
    days_.insert(days_.begin(), days_.front() - 1);
  std::sort(carriers_.begin(), carriers_.end());  // "" stays the first
  carriers_.erase(std::unique(carriers_.begin(), carriers_.end()), carriers_.end());
  tidy(months_, 0, std::numeric_limits<int>::max());
  tidy(quantities_, 1, std::numeric_limits<Quantity>::max());
  for (std::size_t fact = 0; fact < fact_count; ++fact) merge(static_cast<Fact>(fact));
}

void Cells::ask(const std::vector<Rule>& rules) {
  if (of_) {
    cut(of_->when);
    atoms_.push_back({.when = &of_->when});  // the first: `merge` drops what the guarantee does not speak of
    atoms_.push_back({.gives_back = true});
    if (of_->kind == Guarantee::Kind::at_most && of_->per.kind == Period::Kind::order) {
      quantities_.push_back(of_->numbers + 1);
      atoms_.push_back({.above = &of_->numbers});
    }
  }
  for (const auto& rule : rules) {
    cut(rule.when);
    cut(rule.active);
    atoms_.push_back({.when = &rule.when, .rule = &rule});
    if (!rule.limit) continue;
    for (const auto& step : rule.limit->numbers) {
      cut(step.dates);
      quantities_.push_back(step.value + 1);
      atoms_.push_back({.when = &rule.when, .rule = &rule, .step = &step});
      atoms_.push_back({.when = &rule.when, .rule = &rule, .step = &step, .above = &step.value});
    }
  }
}

void Cells::cut(const When& when) {
  if (when.date) cut(*when.date);
  cut_at(months_, when.track_record_months, [](int months) { return std::int64_t{months}; });
  cut_at(quantities_, when.quantity, [](Quantity quantity) { return quantity; });
  if (when.carrier) carriers_.insert(carriers_.end(), when.carrier->begin(), when.carrier->end());
}

void Cells::cut(const Range<JstDate>& dates) {
  if (dates.from) days_.push_back(day_count(*dates.from));
  if (dates.until) days_.push_back(day_count(*dates.until) + 1);
}

std::vector<std::int64_t> Cells::values(Fact fact) const {
  switch (fact) {
    case Fact::etoc:
      return up_to_count<EtocState>();
    case Fact::plan:
      return up_to_count<PlanState>();
    case Fact::refusal: {
      std::vector<std::int64_t> sets;
      for (std::int64_t bits = 0; bits < (1 << count_of<RefusalAction>()); ++bits) sets.push_back(bits);
      return sets;
    }
    case Fact::number_type:
      return up_to_count<NumberType>();
    case Fact::plan_covers_type:
    case Fact::forwards_calls:
      return {0, 1};
    case Fact::operation: {
      // Giving back and looking are never refused: a guarantee speaks of them only when it names them.
      auto operations = up_to_count<Operation>();
      if (!of_ || !of_->when.operation)
        std::erase_if(operations,
                      [](std::int64_t value) { return !hands_out(static_cast<Operation>(value)); });
      return operations;
    }
    case Fact::carrier: {
      std::vector<std::int64_t> out;
      for (std::size_t i = 0; i < carriers_.size(); ++i) out.push_back(static_cast<std::int64_t>(i));
      return out;
    }
    case Fact::track_record:
      return months_;
    case Fact::date:
      return days_;
    case Fact::quantity:
      return quantities_;
  }
  return {};
}

void Cells::put(Fact fact, std::int64_t value, Cell& cell) const {
  auto& [order, standing] = cell;
  switch (fact) {
    case Fact::etoc:
      standing.etoc = static_cast<EtocState>(value);
      break;
    case Fact::plan:
      standing.plan = static_cast<PlanState>(value);
      break;
    case Fact::refusal:
      standing.refusals = {};
      for (std::size_t i = 0; i < count_of<RefusalAction>(); ++i)
        if (value >> i & 1) standing.refusals.add(static_cast<RefusalAction>(i));
      break;
    case Fact::number_type:
      order.number_type = static_cast<NumberType>(value);
      break;
    case Fact::plan_covers_type:
      standing.plan_covers_type = value != 0;
      break;
    case Fact::forwards_calls:
      standing.forwards_calls = value != 0;
      break;
    case Fact::operation:
      order.operation = static_cast<Operation>(value);
      break;
    case Fact::carrier:
      order.carrier = carriers_[static_cast<std::size_t>(value)];
      break;
    case Fact::track_record:
      standing.track_record_months = static_cast<int>(value);
      break;
    case Fact::date:
      standing.today = {std::chrono::sys_days(std::chrono::days(value))};
      break;
    case Fact::quantity:
      order.quantity = value;
      break;
  }
}

void Cells::merge(Fact fact) {
  auto& classes = classes_[static_cast<std::size_t>(fact)];
  std::map<Bits, std::size_t> known;
  Cell cell;
  for (const auto value : values(fact)) {
    put(fact, value, cell);
    Bits bits(atoms_.size() / 64 + 1);
    for (std::size_t i = 0; i < atoms_.size(); ++i)
      if (atoms_[i].holds(fact, cell)) set_bit(bits, i);
    if (of_ && !has_bit(bits, 0)) continue;  // the guarantee says nothing about it
    if (known.emplace(bits, classes.size()).second) classes.push_back({value, std::move(bits)});
  }
}

}  // namespace sekisho::policy
