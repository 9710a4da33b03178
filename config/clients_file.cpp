#include "config/digest.h"
#include "config/key_hash.h"
#include "config/kinds.h"
#include "config/loaders.h"
#include "config/texts.h"

#include <set>

namespace sekisho::config {
namespace {

void read_keys(Document& document, Fields& fields, Clients& clients, std::size_t index) {
  const Node* node = fields.need("api_key_sha256");
  if (!node) return;
  const bool several = node->kind == Node::Kind::list;
  if (several && node->items.empty())
    document.error(node->place, "this list is empty; the client could never call");
  for (const auto& item : several ? node->items : std::vector<Node>{*node}) {
    KeyDigest key{};
    if (!KeyHash{}.read(document, item, key)) continue;
    const auto [entry, fresh] = clients.by_key.emplace(key, index);
    if (!fresh)
      document.error(item.place,
                     "this key belongs to the client '" + clients.all[entry->second].id + "' already");
  }
}

void read_client(Document& document, const Node& node, Clients& clients, std::set<std::string>& ids) {
  Fields fields(document, node, "a client");
  Client client;
  if (fields.need("id", Identifier{}, client.id) && !ids.insert(client.id).second)
    fields.error("id", "two clients have the id '" + client.id + "'");
  fields.need("operator", Operator{}, client.operator_id);
  fields.may("carriers", List<Identifier>{{}, true}, client.carriers);
  fields.may("operations", Words<policy::Operation>{}, client.operations);
  clients.all.push_back(std::move(client));
  read_keys(document, fields, clients, clients.all.size() - 1);
}

Clients read_clients(Document& document, const Node& root) {
  Clients clients;
  Fields fields(document, root, "the file");
  fields.find("schema");
  fields.may("api_key_header", HeaderName{}, clients.api_key_header);
  const Node* list = fields.need("clients");
  if (!list) return clients;
  if (list->kind != Node::Kind::list || list->items.empty()) {
    unexpected(document, *list, "a list of clients");
    return clients;
  }
  std::set<std::string> ids;
  for (const auto& node : list->items) read_client(document, node, clients, ids);
  return clients;
}

constexpr std::string_view schema = "sekisho/clients/v1";

Loaded<Clients> read(Document document, std::string& digest) {
  digest = sha256_hex(document.bytes());
  Clients clients;
  if (const Node* root = document.root()) clients = read_clients(document, *root);
  return document.finish(std::move(clients));
}

}  // namespace

Loaded<Clients> load_clients(const std::filesystem::path& file, std::string& digest) {
  return read({file, schema}, digest);
}

Loaded<Clients> load_clients(const std::filesystem::path& file) {
  std::string digest;
  return load_clients(file, digest);
}

Loaded<Clients> read_clients_text(const std::filesystem::path& name, std::string text) {
  std::string digest;
  return read({name, std::move(text), schema}, digest);
}

}  // namespace sekisho::config
