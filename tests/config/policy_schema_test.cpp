// The JSON Schemas against the loader, over every policy and test file of the tree, good ones and broken
// ones: what the loader takes the schema takes, and what the schema refuses the loader refuses.
#include "config/policy_schema.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <charconv>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "config/installation.h"
#include "config/policy_tests.h"
#include "config/yaml.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

namespace json = boost::json;
using valijson::adapters::BoostJsonAdapter;

// As an editor's YAML reader sees the file.
json::value as_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::list: {
      json::array out;
      for (const auto& item : node.items) out.push_back(as_json(item));
      return out;
    }
    case Node::Kind::map: {
      json::object out;
      for (std::size_t i = 0; i < node.keys.size() && i < node.items.size(); ++i)
        out[node.keys[i].text] = as_json(node.items[i]);
      return out;
    }
    case Node::Kind::scalar:
      break;
  }
  if (!node.quoted) {
    if (node.text == "true" || node.text == "false") return node.text == "true";
    std::int64_t number = 0;
    const auto* end = node.text.data() + node.text.size();
    const auto [stopped, failed] = std::from_chars(node.text.data(), end, number);
    if (failed == std::errc() && stopped == end) return number;
  }
  return json::string(node.text);
}

class Schema {
 public:
  explicit Schema(const std::string& text) : value_(json::parse(text)) {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(BoostJsonAdapter(value_), schema_);
  }
  // Empty: it fits; else where it does not.
  std::string refuses(const json::value& target) const {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    if (validator.validate(schema_, BoostJsonAdapter(target), &results)) return "";
    std::string out;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
      for (const auto& step : error.context) out += step;
      out += ": " + error.description + "\n";
    }
    return out + "refused";
  }

 private:
  json::value value_;
  valijson::Schema schema_;
};

std::vector<std::filesystem::path> files(const std::string& ending) {
  std::vector<std::filesystem::path> out;
  const std::filesystem::path top(SEKISHO_SOURCE_DIR);
  for (const auto* folder : {"config", "tests/config"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top / folder))
      if (entry.path().string().ends_with(ending)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

// The file as JSON; nothing when it is no YAML of this kind.
std::optional<json::value> read(const std::filesystem::path& file, const std::string& schema) {
  Document document(file, schema);
  const auto* root = document.root();
  return root && document.take_errors().empty() ? std::optional(as_json(*root)) : std::nullopt;
}

TEST(PolicySchema, agrees_with_the_loader_on_every_policy_of_the_tree) {
  const Schema schema(policy_schema());
  int taken = 0, refused = 0, both = 0;
  for (const auto& file : files(".yaml")) {
    const auto value = read(file, "sekisho/policy/v1");
    if (!value) continue;
    const auto loaded = read_policy_file(file);
    const auto complaint = schema.refuses(*value);
    if (loaded) {
      EXPECT_EQ(complaint, "") << file;
      ++taken;
    } else {
      ++refused;
      both += !complaint.empty();
    }
  }
  EXPECT_GT(taken, 3);
  // A schema knows no ids, no order of dates and no arithmetic; keys, words and forms it does know.
  if (refused > 0) {
    EXPECT_GT(both * 2, refused) << both << " of " << refused << " broken files are marked in an editor too";
  }
}

TEST(PolicySchema, agrees_with_the_loader_on_every_test_file_of_the_tree) {
  const Schema schema(policy_test_schema());
  int taken = 0;
  for (const auto& file : files(".test.yaml")) {
    const auto value = read(file, "sekisho/policy-test/v1");
    if (!value || !load_policy_tests(file)) continue;
    EXPECT_EQ(schema.refuses(*value), "") << file;
    ++taken;
  }
  EXPECT_GT(taken, 0);
}

TEST(PolicySchema, marks_what_people_mistype) {
  const Schema schema(policy_schema());
  Folder folder;
  for (const auto* rule :
       {"{ id: a, permit: true, wen: { etoc: none } }", "{ id: a, permit: true, when: { etoc: certifed } }",
        "{ id: A b, permit: true }", "{ id: a }", "{ id: a, limit: { numbers: 1, per: week } }",
        "{ id: a, limit: { numbers: 1, channels: 1, per: order } }", "{ id: a, deny: etoc-revokd }",
        "{ id: a, permit: true, when: { date: { from: 1 April } } }",
        "{ id: a, permit: true, when: { track_record: { under: 12 } } }"}) {
    const auto file =
        folder.write("p.yaml", "schema: sekisho/policy/v1\nrules:\n  - " + std::string(rule) + "\n");
    EXPECT_NE(schema.refuses(read(file, "sekisho/policy/v1").value()), "") << rule;
    EXPECT_FALSE(read_policy_file(file)) << rule;
  }
}

}  // namespace
}  // namespace sekisho::config
