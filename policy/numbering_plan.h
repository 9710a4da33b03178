// The numbering plan (電気通信番号計画): what a number looks like in one form, and of which type it is on a
// day.
//
// The plan is data (config/numbering-plan.yaml), since the Ministry changes it by notice: a pattern has a
// first and a last day. A pattern is a product of digit classes, one for each digit, so that whether two
// patterns share a number is computed and not tried.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/calendar.h"
#include "policy/types.h"

namespace sekisho::policy {

// National digits with their leading 0: the shortest have 10, the longest (0200) 14.
inline constexpr std::size_t shortest_number = 10, longest_number = 14;

// "0120-XXXXXX", "020[1-35-9]-XXXX-XXX": a digit stands for itself, X for any, brackets for those in them;
// hyphens are for the reader.
struct NumberTemplate {
  std::size_t length = 0;
  std::array<std::uint16_t, longest_number> classes{};  // bit d: the digit d may stand here
  std::string text;                                     // as written, for messages
  bool fits(std::string_view digits) const;
};

// The error is a sentence about the text.
std::variant<NumberTemplate, std::string> parse_template(std::string_view text);

struct NumberPattern {
  NumberType type = NumberType::fixed;
  NumberTemplate digits;
  std::optional<JstDate> from, until;  // both days included; nothing: open
  std::string basis;                   // where it is laid down
  bool on(JstDate day) const { return (!from || *from <= day) && (!until || day <= *until); }
};

struct NumberingPlan {
  std::vector<NumberPattern> patterns;
  NumberTypes last;  // count only where no pattern of another type fits
};

// A number that two patterns fit on one day; nothing: there is none.
struct Clash {
  std::string number;
  std::optional<JstDate> day;  // the first such day; nothing: since ever
};
std::optional<Clash> clash(const NumberPattern& a, const NumberPattern& b);

// The pattern that counts for a number in normal form. Allocates nothing: it is asked for every number of an
// order.
const NumberPattern* pattern_of(const NumberingPlan& plan, std::string_view digits, JstDate day);
std::optional<NumberType> type_of(const NumberingPlan& plan, std::string_view digits, JstDate day);

// Why `type_of` found nothing: "begins like toll_free_0800, which has 11 digits, not 10".
std::string why_no_type(const NumberingPlan& plan, std::string_view digits, JstDate day);

// National digits, or the reason why the text is none; exactly one of them is empty.
struct NormalForm {
  std::string digits;
  std::string trouble;  // a sentence without its subject: "has 9 digits; ..."
  explicit operator bool() const { return trouble.empty(); }
};

// Some systems write the country code without a sign: 81 3 ..., 0081 3 .... Read only when that is known of
// them.
struct NumberSpelling {
  bool bare_country_code = false;
};

// "03-1234-5678", "(03) 1234 5678", "+81 3 1234 5678": ASCII only; wider forms are folded before.
NormalForm normal_form(std::string_view text, NumberSpelling spelling = {});

}  // namespace sekisho::policy
