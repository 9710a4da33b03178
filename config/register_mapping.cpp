#include "config/digest.h"
#include "config/kinds.h"
#include "config/register_fields.h"
#include "config/register_file.h"
#include "config/text.h"
#include "config/texts.h"
#include "config/yaml.h"

namespace sekisho::config {
namespace {

using policy::Register;

constexpr std::string_view schema = "sekisho/mapping/v1";

void read_columns(Document& document, const Node& node, Mapping& mapping) {
  Fields fields(document, node, "'columns'");
  for (const auto& field : fields_of(mapping.which)) {
    std::string column;
    // A list by certificate numbers alone is one of operators that are known.
    const bool by_certificate = field.name == "corporate_number" && fields.find("certificate");
    if (!(field.required && !by_certificate ? fields.need(field.name, Text{}, column)
                                            : fields.may(field.name, Text{}, column)))
      continue;
    mapping.columns[std::string(field.name)] = normalised(column);
  }
  for (auto a = mapping.columns.begin(); a != mapping.columns.end(); ++a)
    for (auto b = mapping.columns.begin(); b != a; ++b)
      if (a->second == b->second)
        fields.error(a->first, "the column '" + a->second + "' stands for '" + b->first + "' already");
}

template <class State>
void read_states(Document& document, const Node& node, std::map<std::string, State>& states) {
  if (node.kind != Node::Kind::map) {
    unexpected(document, node, "a map of the file's words to our states");
    return;
  }
  for (std::size_t i = 0; i < node.keys.size() && i < node.items.size(); ++i) {
    State state{};
    if (!Word<State>{}.read(document, node.items[i], state)) continue;
    const auto [entry, fresh] = states.emplace(normalised(node.keys[i].text), state);
    if (!fresh && entry->second != state)
      document.error(node.keys[i].place, "'" + entry->first + "' stands here twice, with different states");
  }
}

Loaded<Mapping> read(Document document) {
  Mapping mapping;
  if (const Node* root = document.root()) {
    Fields fields(document, *root, "a mapping");
    fields.find("schema");
    std::string encoding = "utf-8";
    fields.may("encoding", OneOf{{"utf-8", "shift_jis"}}, encoding);
    mapping.shift_jis = encoding == "shift_jis";
    fields.may("last_day_included", YesNo{}, mapping.last_day_included);
    const bool knows_register = fields.need("register", Word<Register>{}, mapping.which);
    const Node* columns = fields.need("columns");
    const Node* states = fields.find("states");
    if (knows_register) {
      if (columns) read_columns(document, *columns, mapping);
      if (states && mapping.which == Register::etoc) read_states(document, *states, mapping.etoc_states);
      if (states && mapping.which == Register::plan) read_states(document, *states, mapping.plan_states);
      if (states && mapping.which != Register::etoc && mapping.which != Register::plan)
        document.error(states->place,
                       "the register '" + std::string(policy::name(mapping.which)) + "' has no states");
    }
  }
  mapping.digest = sha256_hex(document.bytes());
  return document.finish(std::move(mapping));
}

}  // namespace

const std::vector<RegisterField>& fields_of(Register which) {
  static const std::vector<RegisterField> etoc = {{"corporate_number", true},
                                                  {"state", true, "etoc_state"},
                                                  {"name"},
                                                  {"name_kana"},
                                                  {"name_en"},
                                                  {"certificate"},
                                                  {"certified_on"},
                                                  {"valid_until"}};
  static const std::vector<RegisterField> plan = {{"corporate_number", true},
                                                  {"plan_state", true, "state"},
                                                  {"number_types"},
                                                  {"forwards_calls"},
                                                  {"checked_on"},
                                                  {"checked_by"}};
  static const std::vector<RegisterField> refusals = {{"corporate_number", true},
                                                      {"action", true},
                                                      {"number_types"},
                                                      {"from"},
                                                      {"until"},
                                                      {"reference"},
                                                      {"confidential"}};
  static const std::vector<RegisterField> track_record = {
      {"corporate_number", true}, {"first_supply", true}, {"numbers_elsewhere"}, {"owner_group"},
      {"domestic_agent"},         {"notification_number"}};
  switch (which) {
    case Register::etoc:
      return etoc;
    case Register::plan:
      return plan;
    case Register::refusals:
      return refusals;
    case Register::track_record:
      break;
  }
  return track_record;
}

Mapping plain_mapping(Register which) { return {.which = which}; }

Loaded<Mapping> load_mapping(const std::filesystem::path& file) { return read({file, schema}); }

Loaded<Mapping> read_mapping_text(const std::filesystem::path& name, std::string text) {
  return read({name, std::move(text), schema});
}

}  // namespace sekisho::config
