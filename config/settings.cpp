#include "config/settings.h"

#include "config/describe.h"
#include "config/nearest.h"
#include "config/settings_table.h"
#include "config/texts.h"

namespace sekisho::config {
namespace {

constexpr std::string_view schema = "sekisho/gateway/v1";

const SettingRow* find_row(const std::string& key) {
  for (const auto& row : settings_table())
    if (row.key == key) return &row;
  return nullptr;
}

// The next words of all keys that begin with the prefix; empty when it is not a group.
std::vector<std::string> words_under(const std::string& prefix) {
  std::vector<std::string> words;
  for (const auto& row : settings_table())
    if (row.key.starts_with(prefix))
      words.push_back(row.key.substr(prefix.size(), row.key.find('.', prefix.size()) - prefix.size()));
  return words;
}

void read_group(Document& document, const Node& group, const std::string& prefix, Settings& settings) {
  if (group.kind != Node::Kind::map) {
    document.error(group.place,
                   "expected '" + prefix.substr(0, prefix.size() - 1) + "' as a map, not " + group.found());
    return;
  }
  const auto words = words_under(prefix);
  for (std::size_t i = 0; i < group.keys.size() && i < group.items.size(); ++i) {
    const auto key = prefix + group.keys[i].text;
    if (key == "schema") continue;
    if (const auto* row = find_row(key)) {
      row->read(document, group.items[i], settings);
    } else if (!words_under(key + ".").empty()) {
      read_group(document, group.items[i], key + ".", settings);
    } else if (group.keys[i].kind == Node::Kind::scalar) {
      document.error(group.keys[i].place,
                     "unknown key '" + key + "'" + did_you_mean(group.keys[i].text, words));
    }
  }
}

// Whether the key, or something wrong in its place, was written.
const Node* find_nested(const Node& root, std::string_view key, const Node** around) {
  const Node* node = &root;
  while (node && !key.empty()) {
    *around = node;
    const auto word = key.substr(0, key.find('.'));
    key.remove_prefix(std::min(key.size(), word.size() + 1));
    node = node->find(word);
  }
  return node;
}

void check_required(Document& document, const Node& root) {
  for (const auto& row : settings_table()) {
    const Node* around = &root;
    if (!row.required || find_nested(root, row.key, &around) || around->kind != Node::Kind::map) continue;
    document.error(around->place, "'" + row.key + "' is missing: " + row.says);
  }
}

// What was meant to be secret must not go in the clear for a missing letter.
void check_redis(Document& document, const Node& root, const Settings& settings) {
  const Node* around = &root;
  const Node* tls = find_nested(root, "redis.tls", &around);
  if (tls && !settings.redis.secure)
    document.error(tls->place, "'redis.tls' is for a URL that begins with rediss; this one is in the clear");
}

// What is said of traces is meant to be done: it needs a place to go to, and a certificate needs TLS.
void check_traces(Document& document, const Node& root, const Settings& settings) {
  const Node* around = &root;
  const Node* traces = find_nested(root, "traces", &around);
  if (!traces || traces->kind != Node::Kind::map) return;
  if (!traces->find("endpoint"))
    document.error(traces->place, "'traces' needs 'endpoint': the collector that spans are sent to");
  const Node* tls = traces->find("tls");
  if (tls && settings.traces.collector && !settings.traces.collector->tls)
    document.error(tls->place,
                   "'traces.tls' is for an endpoint that begins with https://; this one is in the clear");
}

// Who can reach it from elsewhere must say who they are, and to nobody on the way.
void check_admin(Document& document, const Node& root, const Settings& settings) {
  const Node* around = &root;
  const Node* address = find_nested(root, "admin.address", &around);
  if (!address || settings.admin.address.host.empty() || settings.admin.address.is_local()) return;
  if (!settings.admin.tls || settings.admin_tokens.empty())
    document.error(
        address->place,
        "an admin listener that others can reach needs 'admin.tls' and 'admin.tokens'; without them "
        "it stands on loopback or a unix socket");
}

Loaded<Settings> read(Document document) {
  Settings settings;
  settings.file = document.file();
  if (const Node* root = document.root()) {
    read_group(document, *root, "", settings);
    check_required(document, *root);
    check_redis(document, *root, settings);
    check_traces(document, *root, settings);
    check_admin(document, *root, settings);
  }
  return document.finish(std::move(settings));
}

}  // namespace

Loaded<Settings> load_settings(const std::filesystem::path& file) { return read({file, schema}); }

Loaded<Settings> read_settings_text(const std::filesystem::path& name, std::string text) {
  return read({name, std::move(text), schema});
}

std::string describe_settings_markdown() {
  std::string out =
      "# Settings\n\n"
      "The keys of a gateway's configuration, `sekisho.yaml`. This page is printed from the table that the "
      "loader reads "
      "by\n(`config/settings_table.cpp`).\n\n"
      "A key such as `redis.url` is written as `url` inside the map `redis`. Paths are relative to the file. "
      "Durations "
      "are\n`50ms`, `2s`, `10m`, `5h`, `2d`; sizes are `16KiB`, `1MiB`. The first line is\n`schema: " +
      std::string(schema) +
      "`. Unknown and repeated keys are refused.\n\n"
      "| key | written as | default | meaning |\n|---|---|---|---|\n";
  for (const auto& row : settings_table()) {
    const auto otherwise = row.required ? "required" : row.otherwise.empty() ? "" : "`" + row.otherwise + "`";
    out += "| `" + row.key + "` | " + row.values + " | " + otherwise + " | " + row.says + " |\n";
  }
  return out;
}

}  // namespace sekisho::config
