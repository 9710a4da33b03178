#include "config/digest.h"
#include "config/kinds.h"
#include "config/loaders.h"
#include "config/texts.h"

#include <cstring>
#include <set>

namespace sekisho::config {
namespace {

// The hash of an API key. Messages never repeat it: somebody may have written the key itself.
struct KeyHash {
  using type = KeyDigest;
  bool read(Document& document, const Node& node, KeyDigest& out) const {
    const auto value = [](char c) {
      return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    bool good = node.kind == Node::Kind::scalar && node.text.size() == 2 * out.size();
    for (std::size_t i = 0; good && i < out.size(); ++i) {
      const int high = value(node.text[2 * i]), low = value(node.text[2 * i + 1]);
      good = high >= 0 && low >= 0;
      out[i] = static_cast<unsigned char>(high * 16 + low);
    }
    if (!good) document.error(node.place, "expected " + says() + "; 'sekisho client hash' prints it");
    return good;
  }
  std::string says() const { return "the SHA-256 of the key, 64 lower-case hexadecimal digits"; }
};

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

std::size_t KeyDigestHash::operator()(const KeyDigest& digest) const {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

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
