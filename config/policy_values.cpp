#include "config/policy_values.h"

#include <map>
#include <optional>

#include "config/kinds.h"
#include "config/yaml_words.h"

namespace sekisho::config {
namespace {

struct Value {
  std::optional<Node> node;  // nothing: what stands there is wrong, and told
  Place place;
  bool used = false;
};
using Values = std::map<std::string, Value>;

bool is_name(const Node& node) {
  return node.kind == Node::Kind::scalar && !node.quoted && node.text.starts_with('$');
}

void read_value(Document& document, const Node& key, const Node& node, Values& values,
                std::vector<policy::NamedValue>& told) {
  policy::NamedValue named;
  const bool good_name = KebabName{}.read(document, key, named.name);
  auto& noted = values[key.text];  // also a wrong one: its uses are no second mistake
  noted.place = key.place;
  noted.used = !good_name;
  Fields fields(document, node, "a value");
  const Node* value = fields.need("value");
  const bool dated = fields.need("as_of", Date{}, named.as_of);
  const bool sourced = fields.need("source", Text{}, named.source);
  if (!value) return;
  if (is_name(*value))
    document.error(value->place, "a value cannot stand for another value; write the figure");
  else if (value->kind == Node::Kind::null || value->kind == Node::Kind::map)
    unexpected(document, *value, "a figure, a word, a list of words or a list of dated steps");
  else
    noted.node = *value;
  if (good_name && dated && sourced) told.push_back(std::move(named));
}

void put_out(Document& document, Node& node, Values& values) {
  for (auto& item : node.items) put_out(document, item, values);
  if (!is_name(node)) return;
  const auto name = node.text.substr(1);
  const auto known = values.find(name);
  if (known == values.end()) {
    std::vector<std::string> names;
    for (const auto& [other, ignored] : values) names.push_back(other);
    document.last_error(node.place,
                        "no value is called " + in_quotes(name) + did_you_mean(name, names) +
                            (values.empty() ? "; values stand under 'values' at the top of the file" : ""));
    return;
  }
  known->second.used = true;
  if (!known->second.node) return document.settle(node.place);
  const auto place = node.place;
  auto written = node.text;
  node = *known->second.node;
  node.place = place;
  node.stands_for = std::move(written);
}

}  // namespace

Node with_values(Document& document, const Node& root, std::vector<policy::NamedValue>& told) {
  Values values;
  if (const Node* map = root.find("values")) {
    if (map->kind != Node::Kind::map || map->items.empty())
      unexpected(document, *map, "a map of values by name");
    else
      for (std::size_t i = 0; i < map->keys.size() && i < map->items.size(); ++i)
        read_value(document, map->keys[i], map->items[i], values, told);
  }
  Node out = root;
  for (std::size_t i = 0; i < out.keys.size() && i < out.items.size(); ++i)
    if (out.keys[i].text != "values") put_out(document, out.items[i], values);
  for (const auto& [name, value] : values)
    if (!value.used)
      document.error(value.place, "no rule, waiver or guarantee uses the value '" + name + "'; write $" +
                                      name + " where it stands, or leave it out");
  return out;
}

}  // namespace sekisho::config
