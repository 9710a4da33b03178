// Any bytes as a numbering plan. Always, beside what tests/fuzz/files.h says: a number that a pattern was
// made of is of one type on each day, and that is the pattern's own unless it gives way.
#include "config/texts.h"
#include "tests/fuzz/files.h"

namespace sekisho::fuzz {
namespace {

std::string a_number_of(const policy::NumberTemplate& digits, Dice& dice) {
  std::string out;
  for (std::size_t i = 0; i < digits.length; ++i) {
    int digit = static_cast<int>(dice.below(10));
    while ((digits.classes[i] >> digit & 1) == 0) digit = (digit + 1) % 10;
    out += static_cast<char>('0' + digit);
  }
  return out;
}

void run(std::string_view input) {
  const auto plan = loaded<policy::NumberingPlan>(
      [&] { return config::read_numbering_plan_text("numbering-plan.yaml", std::string(input)); });
  if (!plan) return;
  Dice dice(input);
  const auto today = policy::JstDate::of(2026, 11, 28);
  for (const auto& pattern : plan.value->patterns) {
    const auto day = pattern.from.value_or(pattern.until.value_or(today));
    const auto number = a_number_of(pattern.digits, dice);
    must(pattern.digits.fits(number), "a pattern fits what it was made of");
    const auto type = policy::type_of(*plan.value, number, day);
    must(type && (*type == pattern.type || plan.value->last.has(pattern.type)),
         "a number is of its pattern's type");
  }
}

const Target target{"numbering_plans", run};

}  // namespace
}  // namespace sekisho::fuzz
