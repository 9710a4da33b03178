#include <set>

#include "config/client_credentials.h"
#include "config/digest.h"
#include "config/kinds.h"
#include "config/loaders.h"
#include "config/policy_effects.h"
#include "config/texts.h"

namespace sekisho::config {
namespace {

using namespace std::chrono_literals;

struct NetworkText {
  using type = Network;
  bool read(Document& document, const Node& node, Network& out) const {
    if (node.kind != Node::Kind::scalar) return unexpected(document, node, says());
    auto parsed = parse_network(node.text);
    if (const auto* trouble = std::get_if<std::string>(&parsed))
      return document.error(node.place, *trouble), false;
    out = std::get<Network>(parsed);
    return true;
  }
  std::string says() const { return "a network such as 192.0.2.0/24, an address, or 'unix'"; }
};

void read_client(Document& document, const Node& node, Clients& clients, std::set<std::string>& ids,
                 std::string& digests) {
  Fields fields(document, node, "a client");
  Client client;
  if (fields.need("id", Identifier{}, client.id) && !ids.insert(client.id).second)
    fields.error("id", "two clients have the id '" + client.id + "'");
  fields.need("operator", Operator{}, client.operator_id);
  fields.may("carriers", List<Identifier>{{}, true}, client.carriers);
  fields.may("operations", Words<policy::Operation>{}, client.operations);
  fields.may("networks", List<NetworkText>{{}, true}, client.networks);
  if (const Node* rate = fields.find("rate")) read_throttle(document, *rate, client.rate.emplace(), "'rate'");
  clients.all.push_back(std::move(client));
  read_credentials(document, node, fields, clients, clients.all.size() - 1, digests);
}

void read_signed_requests(Document& document, const Node& node, Clients& clients) {
  Fields fields(document, node, "'signatures'");
  fields.may("window", Duration{1s, 1h}, clients.signature_window);
  std::int64_t nonces = 0;
  if (fields.may("nonces", Count{1000, 100'000'000}, nonces)) clients.nonces = std::size_t(nonces);
}

Clients read_clients(Document& document, const Node& root, std::string& digests) {
  Clients clients;
  Fields fields(document, root, "the file");
  fields.find("schema");
  fields.may("api_key_header", HeaderName{}, clients.api_key_header);
  if (const Node* issuers = fields.find("token_issuers")) read_issuers(document, *issuers, clients, digests);
  if (const Node* node = fields.find("signatures")) read_signed_requests(document, *node, clients);
  if (const Node* rate = fields.find("source_rate"))
    read_throttle(document, *rate, clients.source_rate.emplace(), "'source_rate'");
  const Node* list = fields.need("clients");
  if (!list) return clients;
  if (list->kind != Node::Kind::list || list->items.empty()) {
    unexpected(document, *list, "a list of clients");
    return clients;
  }
  std::set<std::string> ids;
  for (const auto& node : list->items) read_client(document, node, clients, ids, digests);
  return clients;
}

constexpr std::string_view schema = "sekisho/clients/v1";

// `digest` is of the file and of every file that it names.
Loaded<Clients> read(Document document, std::string& digest) {
  digest = sha256_hex(document.bytes());
  Clients clients;
  if (const Node* root = document.root()) clients = read_clients(document, *root, digest);
  return document.finish(std::move(clients));
}

}  // namespace

bool Client::calls_from(const std::optional<AddressBytes>& source) const {
  for (const auto& network : networks)
    if (network.has(source)) return true;
  return networks.empty();
}

std::string token_identity(const std::vector<std::string_view>& values) {
  std::string out;
  for (const auto value : values) {
    out += std::to_string(value.size());
    out += ':';
    out += value;
  }
  return out;
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
