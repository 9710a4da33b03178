// A line as a telephone number, the next as a pattern of the numbering plan. Always: a normal form is digits
// of a national number, and its own normal form; its type is known or it is said why not; a pattern fits
// digits alone.
#include "policy/reading.h"
#include "tests/fuzz/shipped.h"

namespace sekisho::fuzz {
namespace {

void check(std::string_view text, policy::NumberSpelling spelling) {
  const auto form = policy::normal_form(text, spelling);
  must(form.digits.empty() != form.trouble.empty(), "digits, or the trouble with them");
  const auto wide = policy::national_number(text, spelling);
  if (!form) return;
  must(wide == form.digits, "what is read narrowly is read the same widely");
  const auto& digits = form.digits;
  must(
      digits.size() >= policy::shortest_number && digits.size() <= policy::longest_number && digits[0] == '0',
      "a national number");
  must(digits.find_first_not_of("0123456789") == digits.npos, "digits alone");
  must(policy::normal_form(digits).digits == digits, "a normal form stays as it is");
  const auto today = policy::JstDate::of(2026, 11, 28);
  const auto* pattern = policy::pattern_of(shipped_plan(), digits, today);
  must(policy::type_of(shipped_plan(), digits, today).has_value() == (pattern != nullptr),
       "a type by a pattern");
  if (pattern)
    must(pattern->digits.fits(digits) && pattern->on(today), "the pattern that counts fits");
  else
    must(!policy::why_no_type(shipped_plan(), digits, today).empty(), "why there is no type");
}

void run(std::string_view bytes) {
  Input input(bytes);
  const auto number = input.line();
  for (const bool bare : {false, true}) check(number, {.bare_country_code = bare});
  auto parsed = policy::parse_template(input.rest());
  if (const auto* trouble = std::get_if<std::string>(&parsed))
    return must(!trouble->empty(), "what is wrong is said");
  const auto& digits = std::get<policy::NumberTemplate>(parsed);
  must(digits.length >= policy::shortest_number && digits.length <= policy::longest_number,
       "a pattern's length");
  must(!digits.fits(number) || number.find_first_not_of("0123456789") == number.npos,
       "a pattern fits digits alone");
}

const Target target{"numbers", run};

}  // namespace
}  // namespace sekisho::fuzz
