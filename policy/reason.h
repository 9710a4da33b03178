// Why the gate answered as it did. One table (reason.def); this header makes it typed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "policy/words.h"

namespace sekisho::policy {

enum class Reason : std::uint8_t {
#define REASON(id, ...) id,
#include "policy/reason.def"
#undef REASON
};

enum class Family : std::uint8_t { request, decision, not_now, unsure, carrier };
inline constexpr std::string_view family_words[] = {"request", "decision", "not_now", "unsure", "carrier"};
constexpr auto& words_of(Family) { return family_words; }

enum class Language : std::uint8_t { en, ja };

struct ReasonRow {
  Reason reason;
  std::string_view code;  // stable, outward
  int status;             // HTTP
  Family family;
  std::string_view title[2];   // by Language
  std::string_view remedy[2];  // by Language: what the caller can do
};

std::span<const ReasonRow> all_reasons();
const ReasonRow& row(Reason reason);
inline std::string_view code(Reason reason) { return row(reason).code; }

// The reason with this code, or nothing.
std::optional<Reason> parse_reason(std::string_view code);

// The ladder: the earlier row is the answer's code.
constexpr Reason first_of(Reason a, Reason b) { return a < b ? a : b; }

}  // namespace sekisho::policy
