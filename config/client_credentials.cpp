#include "config/client_credentials.h"

#include <algorithm>

#include "config/digest.h"
#include "config/key_hash.h"
#include "config/kinds.h"
#include "config/small_file.h"
#include "policy/text_rules.h"

namespace sekisho::config {
namespace {

constexpr std::size_t secret_bytes_min = 32;

struct Fingerprint {
  using type = Digest;
  bool read(Document& document, const Node& node, Digest& out) const {
    static constexpr std::string_view prefix = "sha256:";
    const bool good = node.kind == Node::Kind::scalar && node.text.starts_with(prefix) &&
                      read_sha256_hex(std::string_view(node.text).substr(prefix.size()), out);
    if (!good)
      document.error(node.place,
                     "expected 'sha256:' and the SHA-256 of the certificate's DER, 64 lower-case hexadecimal "
                     "digits; or {subject: ...}");
    return good;
  }
};

// A distinguished name exactly as RFC 4514 writes one, since it is compared as text.
struct DistinguishedName {
  using type = std::string;
  bool read(Document& document, const Node& node, std::string& out) const {
    const auto& text = node.text;
    if (node.kind != Node::Kind::scalar || text.find('=') == text.npos || text.front() == '=')
      return unexpected(document, node, "a distinguished name such as 'CN=gate,O=Aozora,C=JP'");
    for (std::size_t at = text.find(','); at != text.npos; at = text.find(',', at + 1))
      if (text[at - 1] != '\\' && text.substr(at + 1, 1) == " ")
        return document.error(node.place,
                              "RFC 4514 puts no space behind a comma; 'openssl x509 -noout -subject -nameopt "
                              "RFC2253' prints the name as it is compared"),
               false;
    out = text;
    return true;
  }
};

// Visits the members of a list, or what stands alone without brackets.
template <class Visit>
void each_of(Document& document, const Node& node, const Visit& visit) {
  if (node.kind != Node::Kind::list) return visit(node);
  if (node.items.empty()) document.error(node.place, "this list is empty; the client could never call");
  for (const auto& item : node.items) visit(item);
}

// Puts a credential into its index, unless it is somebody's already.
template <class Index, class Key>
void give(Document& document, const Node& node, const std::string& what, const Clients& clients, Index& index,
          Key key, std::size_t client) {
  const auto [entry, fresh] = index.emplace(std::move(key), client);
  if (!fresh)
    document.error(node.place,
                   "this " + what + " belongs to the client '" + clients.all[entry->second].id + "' already");
}

void read_certificate(Document& document, const Node& node, Clients& clients, std::size_t client) {
  if (node.kind != Node::Kind::map) {
    Digest digest{};
    if (Fingerprint{}.read(document, node, digest))
      give(document, node, "certificate", clients, clients.by_certificate, digest, client);
    return;
  }
  Fields fields(document, node, "a certificate");
  std::string subject;
  if (fields.need("subject", DistinguishedName{}, subject))
    give(document, node, "certificate's subject", clients, clients.by_subject, std::move(subject), client);
}

void read_signature_key(Document& document, const Node& node, Clients& clients, std::size_t client,
                        std::string& digests) {
  Fields fields(document, node, "a key of signed requests");
  std::string id;
  std::filesystem::path file;
  const bool named = fields.need("key_id", Identifier{}, id);
  if (!fields.need("secret_file", Path{}, file) || !named) return;
  auto secret = load_secret(file);
  if (!secret) return fields.error("secret_file", secret.errors.front().print());
  digests += sha256_hex(*secret.value);
  for (const auto& [other_id, other] : clients.by_key_id) {
    if (other_id == id)
      fields.error("key_id", "this key belongs to the client '" + clients.all[other.client].id + "' already");
    else if (other.secret == *secret.value && other.client != client)
      fields.error("secret_file",
                   "this secret belongs to the client '" + clients.all[other.client].id + "' already");
  }
  clients.by_key_id.emplace(std::move(id), SignatureKey{client, std::move(*secret.value)});
}

using Claims = std::vector<std::pair<std::string, std::string>>;

// The claims by which one client's tokens are known; `subject` is short for the claim `sub`.
Claims read_claims(Document& document, const Node& node, Fields& fields) {
  Claims claims;
  std::string subject;
  if (fields.may("subject", Text{}, subject)) claims.emplace_back("sub", subject);
  if (const Node* more = fields.find("claims")) {
    if (more->kind != Node::Kind::map) unexpected(document, *more, "claims and their values as a map");
    for (std::size_t i = 0; i < more->keys.size() && i < more->items.size(); ++i) {
      std::string value;
      if (Text{}.read(document, more->items[i], value)) claims.emplace_back(more->keys[i].text, value);
      if (more->keys[i].text == "sub" && !subject.empty())
        document.error(more->keys[i].place, "'sub' is the subject already");
    }
  }
  if (claims.empty() && fields.is_map())
    document.error(node.place, "tokens of a client are known by 'subject' or other 'claims'");
  std::sort(claims.begin(), claims.end());
  return claims;
}

void read_token(Document& document, const Node& node, Clients& clients, std::size_t client) {
  Fields fields(document, node, "a client's tokens");
  std::string name;
  const bool named = fields.need("issuer", Identifier{}, name);
  const auto claims = read_claims(document, node, fields);
  if (!named || claims.empty()) return;
  const auto issuer = std::find_if(clients.issuers.begin(), clients.issuers.end(),
                                   [&](const TokenIssuer& one) { return one.name == name; });
  if (issuer == clients.issuers.end()) {
    std::vector<std::string> names;
    for (const auto& one : clients.issuers) names.push_back(one.name);
    return fields.error("issuer", "no token issuer has the name '" + name + "'" + did_you_mean(name, names));
  }
  std::vector<std::string> told_by;
  std::vector<std::string_view> values;
  for (const auto& [claim, value] : claims) {
    told_by.push_back(claim);
    values.push_back(value);
  }
  if (issuer->clients.empty()) issuer->told_by = told_by;
  if (issuer->told_by != told_by) {
    std::string all;
    for (const auto& claim : issuer->told_by) all += (all.empty() ? "" : ", ") + claim;
    return document.error(node.place, "the clients of '" + name + "' are told apart by " + all +
                                          "; by other claims here, one token could be two clients'");
  }
  give(document, node, "token", clients, issuer->clients, token_identity(values), client);
}

struct IssuerName {
  using type = std::string;
  bool read(Document& document, const Node& node, std::string& out) const {
    if (node.kind != Node::Kind::scalar || node.text.empty() || !policy::is_printable(node.text, true))
      return unexpected(document, node, says());
    out = node.text;
    return true;
  }
  std::string says() const { return "the text of a claim such as 'https://login.example'"; }
};

void read_issuer(Document& document, const Node& node, Clients& clients, std::string& digests) {
  using namespace std::chrono_literals;
  Fields fields(document, node, "a token issuer");
  TokenIssuer issuer;
  fields.need("name", Identifier{}, issuer.name);
  fields.need("issuer", IssuerName{}, issuer.issuer);
  fields.need("audience", List<IssuerName>{{}, true}, issuer.audience);
  fields.may("algorithms", Words<Algorithm>{}, issuer.algorithms);
  fields.may("leeway", Duration{0ms, 5min}, issuer.leeway);
  Milliseconds max_age{};
  if (fields.may("max_age", Duration{1s, 24h * 366}, max_age)) issuer.max_age = max_age;
  fields.may("header", HeaderName{}, issuer.header);
  if (policy::same_ignoring_case(issuer.header, clients.api_key_header))
    fields.error("header", "API keys come in this header already: see 'api_key_header'");
  for (const auto& other : clients.issuers) {
    if (other.name == issuer.name && !issuer.name.empty())
      fields.error("name", "two token issuers have the name '" + issuer.name + "'");
    if (other.issuer == issuer.issuer && !issuer.issuer.empty())
      fields.error("issuer", "'" + other.name + "' is this issuer already");
  }
  std::filesystem::path file;
  if (fields.need("jwks", Path{}, file)) {
    std::string digest;
    auto keys = load_jwks(file, digest);
    digests += digest;
    for (const auto& error : keys.errors) fields.error("jwks", error.print());
    if (keys) issuer.keys = std::move(*keys.value);
    const auto takes = [&](const Jwk& key) { return issuer.algorithms.has(key.algorithm); };
    if (keys && std::none_of(issuer.keys.all.begin(), issuer.keys.all.end(), takes))
      fields.error("jwks", "no key of this set is for one of 'algorithms'");
  }
  clients.issuers.push_back(std::move(issuer));
}

}  // namespace

void read_credentials(Document& document, const Node& node, Fields& client, Clients& clients,
                      std::size_t index, std::string& digests) {
  const Node* keys = client.find("api_key_sha256");
  const Node* certificates = client.find("certificates");
  const Node* tokens = client.find("tokens");
  const Node* signatures = client.find("signatures");
  if (keys)
    each_of(document, *keys, [&](const Node& item) {
      Digest digest{};
      if (KeyHash{}.read(document, item, digest))
        give(document, item, "key", clients, clients.by_key, digest, index);
    });
  if (certificates)
    each_of(document, *certificates,
            [&](const Node& item) { read_certificate(document, item, clients, index); });
  if (tokens)
    each_of(document, *tokens, [&](const Node& item) { read_token(document, item, clients, index); });
  if (signatures)
    each_of(document, *signatures,
            [&](const Node& item) { read_signature_key(document, item, clients, index, digests); });
  if (client.is_map() && !keys && !certificates && !tokens && !signatures)
    document.error(node.place,
                   "a client needs a credential: api_key_sha256, certificates, tokens or signatures");
}

void read_issuers(Document& document, const Node& list, Clients& clients, std::string& digests) {
  if (list.kind != Node::Kind::list || list.items.empty()) {
    unexpected(document, list, "a list of token issuers");
    return;
  }
  for (const auto& node : list.items) read_issuer(document, node, clients, digests);
}

Loaded<std::string> load_secret(const std::filesystem::path& file) {
  auto secret = read_small_file(file);
  if (!secret) return secret;
  auto& text = *secret.value;
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  const auto refused = [&](std::string why) {
    return Loaded<std::string>{.errors = {{.file = file.string(), .text = std::move(why)}}};
  };
  if (text.size() < secret_bytes_min)
    return refused("is shorter than 32 characters; 'openssl rand -hex 32' makes a secret");
  if (!policy::is_printable(text, true) || text.find(' ') != text.npos)
    return refused("is not one line of printable ASCII; 'openssl rand -hex 32' makes a secret");
  return secret;
}

}  // namespace sekisho::config
