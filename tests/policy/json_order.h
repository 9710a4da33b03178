// Orders in JSON whose quantity stands at one locator, as tables: the body, and the number that is read or a
// part of the refusal.
#pragma once

#include <gtest/gtest.h>

#include "tests/policy/reads.h"

namespace sekisho::policy {

struct JsonOrder : testing::Test, OneRoute {
  using Table = std::vector<std::pair<std::string, std::string>>;

  std::string told(const std::string& body) const { return OneRoute::told({body, "application/json"}); }

  // The quantity that is read, or why not.
  std::string quantity(const std::string& locator, const std::string& body) {
    route.order = {.quantity = located(locator)};
    return told(body);
  }
  void expect(const std::string& locator, const Table& table) {
    route.order = {.quantity = located(locator)};
    expect(table);
  }
  // Of the route as it is.
  void expect(const Table& table) const {
    for (const auto& [body, part] : table) {
      const auto answer = told(body);
      const bool number = !part.empty() && part[0] >= '0' && part[0] <= '9';
      EXPECT_TRUE(number ? answer == part : answer.find(part) != answer.npos)
          << route.order.quantity.value_or(Locator()).source << " " << body << "\n"
          << answer << "\nexpected " << part;
    }
  }
};

}  // namespace sekisho::policy
