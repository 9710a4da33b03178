// Answers of one status in several formats: each has an entry of its own, and none is read that could not be.
#include <gtest/gtest.h>

#include "config/installation.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

// Empty, or the errors.
std::string errors_of(const std::string& result) {
  Folder folder;
  const auto loaded = load_carrier(folder.write(
      "carrier.yaml",
      "schema: sekisho/carrier/v1\ncarrier: a\nupstream: { endpoints: [\"http://h\"] }\nroutes:\n"
      "  - match: POST /a\n    operation: allocate\n    order: { quantity: const:1, number_type: const:fixed "
      "}\n"
      "    result: [ " +
          result + " ]\n"));
  return loaded ? "" : print(loaded.errors);
}

TEST(AnswerFormats, have_an_entry_each) {
  const std::string json = "{ on: 200, granted: json:/n }", xml = "{ on: 200, granted: xml:/N }",
                    none = "{ on: 200, granted: 1 }", all = "{ on: 2xx, granted: json:/n }", good = "",
                    never = "this never applies: an earlier entry reads these answers";
  const std::pair<std::string, std::string> table[] = {
      {json + ", " + xml, good},
      {xml + ", " + json, good},
      {all + ", " + xml, good},
      {json + ", " + all, good},
      {json + ", " + xml + ", { on: 4xx, granted: 0 }", good},
      {json + ", " + json, never},
      {all + ", " + json, never},
      {none + ", " + xml, never},
      // What is neither JSON nor XML would be taken for a success that nobody read.
      {json + ", " + none, never},
      {json + ", " + xml + ", " + none, never},
      {"{ on: 200, granted: json:/n, order_id: xml:/N }", "look into one body, which has one format"},
  };
  for (const auto& [result, expected] : table) {
    const auto errors = errors_of(result);
    EXPECT_TRUE(expected.empty() ? errors.empty() : errors.find(expected) != errors.npos) << result << "\n"
                                                                                          << errors;
  }
}

}  // namespace
}  // namespace sekisho::config
