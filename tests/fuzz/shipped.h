// The shipped adapters for the targets that read orders and answers by them, and the first line of such an
// input: "twilio-like POST /2010-04-01/Accounts/AC1/IncomingPhoneNumbers.json?x=1", whose route is found as
// for a caller.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/installation.h"
#include "config/numbering_plan_file.h"
#include "policy/adapter.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {

inline const std::vector<policy::Carrier>* carriers_of(std::string_view name) {
  static const auto all = [] {
    std::map<std::string, std::vector<policy::Carrier>, std::less<>> read;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(SEKISHO_SOURCE_DIR) / "config/carriers")) {
      auto carrier = config::load_carrier(entry.path());
      must(carrier.value.has_value(), "a shipped adapter can be loaded");
      read[entry.path().stem()] = {std::move(*carrier.value)};
    }
    return read;
  }();
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

inline const policy::NumberingPlan& shipped_plan() {
  static const auto plan = *config::load_numbering_plan().value;
  return plan;
}

struct Called {
  policy::RouteMatch match;
  std::string_view query;
};
inline std::optional<Called> called(Input& input) {
  Input line(input.line());
  const auto* carriers = carriers_of(line.until(' '));
  const auto method = line.until(' '), path = line.until('?'), query = line.rest();
  if (!carriers) return std::nullopt;
  auto match = policy::match_route(*carriers, method, path);
  if (!match) return std::nullopt;
  return Called{std::move(*match), query};
}

inline void must_be_national(const std::vector<std::string>& numbers) {
  for (const auto& number : numbers)
    must(policy::normal_form(number).digits == number, "numbers are national digits");
}

}  // namespace sekisho::fuzz
