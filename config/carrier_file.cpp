#include <algorithm>

#include "config/carrier_routes.h"
#include "config/digest.h"
#include "config/endpoint_url.h"
#include "config/header_values.h"
#include "config/kinds.h"
#include "config/loaders.h"
#include "config/texts.h"
#include "config/tls_fields.h"

namespace sekisho::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view schema = "sekisho/carrier/v1";

const EndpointUrl endpoint_url{"https://api.example/numbers"};

void read_endpoints(Document& document, Fields& fields, policy::Carrier& carrier) {
  const Node* list = fields.need("endpoints");
  if (!list) return;
  if (list->kind != Node::Kind::list || list->items.empty()) {
    unexpected(document, *list, "a list of URLs such as [\"http://127.0.0.1:8080\"]");
    return;
  }
  for (const auto& node : list->items) {
    policy::Endpoint endpoint;
    if (!endpoint_url.read(document, node, endpoint)) continue;
    for (const auto& other : carrier.endpoints)
      if (other.authority() == endpoint.authority())
        document.error(node.place, "the endpoint " + endpoint.authority() + " stands in this list twice");
    carrier.endpoints.push_back(std::move(endpoint));
  }
}

// A carrier is spoken to in the clear or under TLS, not both: its orders and our credentials are the same.
void read_tls(Document& document, Fields& fields, const policy::Carrier& carrier, TlsContext& out) {
  const auto is_secure = [](const policy::Endpoint& endpoint) { return endpoint.tls; };
  const auto& endpoints = carrier.endpoints;
  const auto secure = std::count_if(endpoints.begin(), endpoints.end(), is_secure);
  if (secure != 0 && secure != std::ptrdiff_t(endpoints.size()))
    fields.error("endpoints", "all endpoints of a carrier are https or none is");
  const Node* node = fields.find("tls");
  ClientTls tls;
  if (node && !ClientTlsKind{}.read(document, *node, tls)) return;
  if (secure == 0) {
    if (node) fields.error("tls", "'tls' is for endpoints that begin with https://; these are in the clear");
    return;
  }
  try {
    out = client_context(tls);
  } catch (const TlsError& wrong) {
    fields.error(node ? "tls" : "endpoints", wrong.file.filename().string() + ": " + wrong.what());
  }
}

void read_upstream(Document& document, const Node& node, policy::Carrier& carrier, TlsContext& tls) {
  Fields fields(document, node, "'upstream'");
  read_endpoints(document, fields, carrier);
  read_tls(document, fields, carrier, tls);
  if (const Node* pool = fields.find("pool")) {
    Fields inner(document, *pool, "'pool'");
    inner.may("connections", Count{1, 10'000}, carrier.connections);
  }
  if (const Node* timeouts = fields.find("timeouts")) {
    Fields inner(document, *timeouts, "'timeouts'");
    inner.may("connect", Duration{1ms, 1min}, carrier.connect_timeout);
    inner.may("response", Duration{1ms, 1h}, carrier.response_timeout);
  }
  fields.may("headers", HeaderValues{}, carrier.headers);
}

void read_number_types(Document& document, const Node& node, policy::Carrier& carrier) {
  if (node.kind != Node::Kind::map || node.items.empty()) {
    unexpected(document, node, "a map from the carrier's words to number types");
    return;
  }
  for (std::size_t i = 0; i < node.keys.size() && i < node.items.size(); ++i)
    Word<policy::NumberType>{}.read(document, node.items[i], carrier.number_types[node.keys[i].text]);
}

void read_operators(Document& document, const Node& node, policy::Carrier& carrier) {
  if (node.kind != Node::Kind::map || node.items.empty()) {
    unexpected(document, node, "a map from the carrier's accounts to operators");
    return;
  }
  for (std::size_t i = 0; i < node.keys.size() && i < node.items.size(); ++i)
    Operator{}.read(document, node.items[i], carrier.operators[node.keys[i].text]);
}

policy::Carrier read_carrier(Document& document, const Node& root, TlsContext& tls) {
  policy::Carrier carrier;
  Fields fields(document, root, "the file");
  fields.find("schema");
  fields.need("carrier", Identifier{}, carrier.name);
  if (const Node* node = fields.need("upstream")) read_upstream(document, *node, carrier, tls);
  if (const Node* node = fields.find("number_types")) read_number_types(document, *node, carrier);
  if (const Node* node = fields.find("operators")) read_operators(document, *node, carrier);
  DenialsPtr denials;
  if (const Node* node = fields.find("denials")) denials = read_denials(document, *node, nullptr);
  fields.may("bare_country_code", YesNo{}, carrier.spelling.bare_country_code);
  if (const Node* node = fields.need("routes"))
    carrier.routes = read_routes(document, *node, carrier.number_types, denials);
  return carrier;
}

Loaded<policy::Carrier> read(Document document, std::string& digest, TlsContext& tls) {
  digest = sha256_hex(document.bytes());
  policy::Carrier carrier;
  if (const Node* root = document.root()) carrier = read_carrier(document, *root, tls);
  return document.finish(std::move(carrier));
}

}  // namespace

Loaded<policy::Carrier> load_carrier(const std::filesystem::path& file, std::string& digest,
                                     TlsContext& tls) {
  return read({file, schema}, digest, tls);
}

Loaded<policy::Carrier> load_carrier(const std::filesystem::path& file) {
  std::string digest;
  TlsContext tls;
  return load_carrier(file, digest, tls);
}

Loaded<policy::Carrier> read_carrier_text(const std::filesystem::path& name, std::string text) {
  std::string digest;
  TlsContext tls;
  return read({name, std::move(text), schema}, digest, tls);
}

}  // namespace sekisho::config
