// The clients file with every kind of credential: what is taken, and what is wrong with others.
#include <gtest/gtest.h>

#include <tuple>

#include "config/client_credentials.h"
#include "config/digest.h"
#include "config/loaders.h"
#include "tests/config/written.h"
#include "tests/gateway/tokens.h"

namespace sekisho::config {
namespace {

using namespace std::chrono_literals;

const std::string hash = "2db45c329a9b3a7295a39f3e29120de0813c31a6768b787cfb537ab4e6f1a94f";

class ClientsFile : public testing::Test {
 protected:
  ClientsFile() {
    static const auto key = gateway::SigningKey::make("EdDSA");
    folder.write("k.json", "{\"keys\":[" + key.jwk("d") + "]}");
    folder.write("bad.json", "{\"keys\":[" + key.jwk("d", ",\"d\":\"AQAB\"") + "]}");
    folder.write("s", std::string(32, 's') + "\n");
    folder.write("t", std::string(32, 't'));
    folder.write("short", std::string(31, 's') + "\n");
    folder.write("two-lines", std::string(32, 's') + "\n\n");
  }
  Loaded<Clients> load(const std::string& text) {
    return load_clients(folder.write("c", "schema: sekisho/clients/v1\n" + text), digest);
  }
  Folder folder;
  std::string digest;
};

const std::string issuer =
    "token_issuers: [ { name: corp, issuer: 'https://i', jwks: k.json, audience: sekisho } ]\n";

TEST_F(ClientsFile, has_every_kind_of_credential) {
  const auto loaded = load(R"(signatures: { window: 2m, nonces: 5000 }
source_rate: { requests: 100, per: second, burst: 200 }
token_issuers:
  - name: corp
    issuer: https://login.example
    jwks: k.json
    audience: [sekisho, other]
    algorithms: [EdDSA, ES256]
    leeway: 5s
    max_age: 1h
    header: X-Token
clients:
  - id: a
    operator: us:acme-1
    api_key_sha256: )" + hash +
                           R"(
    certificates: [ "sha256:)" +
                           hash + R"(", { subject: 'CN=a,O=Acme\, Inc.,C=US' } ]
    tokens: [ { issuer: corp, subject: a, claims: { tenant: x } }, { issuer: corp, subject: b, claims: { tenant: x } } ]
    signatures: [ { key_id: a-1, secret_file: s }, { key_id: a-2, secret_file: t } ]
    networks: [192.0.2.0/24, "2001:db8::/32", unix]
    rate: { requests: 5, per: second }
  - { id: b, operator: us:acme-2, certificates: { subject: CN=b } }
)");
  ASSERT_TRUE(loaded) << print(loaded.errors);
  const auto& clients = *loaded.value;
  EXPECT_EQ(clients.signature_window, 2min);
  EXPECT_EQ(clients.nonces, 5000u);
  EXPECT_EQ(clients.source_rate->burst, 200);
  EXPECT_EQ(clients.by_key.size(), 1u);
  EXPECT_EQ(clients.by_certificate.size(), 1u);
  EXPECT_EQ(clients.by_subject.at("CN=a,O=Acme\\, Inc.,C=US"), 0u);
  EXPECT_EQ(clients.by_subject.at("CN=b"), 1u);
  EXPECT_EQ(clients.by_key_id.at("a-1").secret, std::string(32, 's')) << "without the end of its line";
  EXPECT_EQ(clients.by_key_id.at("a-2").secret, std::string(32, 't'));
  const auto& corp = clients.issuers.at(0);
  EXPECT_EQ(corp.told_by, (std::vector<std::string>{"sub", "tenant"}));
  EXPECT_EQ(corp.clients.at(token_identity({"b", "x"})), 0u);
  EXPECT_EQ(corp.keys.all.size(), 1u);
  EXPECT_FALSE(corp.algorithms.has(Algorithm::rs256));
  EXPECT_EQ(corp.leeway, 5s);
  EXPECT_EQ(corp.max_age, 1h);
  EXPECT_EQ(corp.header, "X-Token");
  EXPECT_EQ(clients.all[0].networks.size(), 3u);
  EXPECT_EQ(clients.all[0].rate->burst, 5);
}

TEST_F(ClientsFile, digest_follows_the_files_it_names) {
  const std::string text = issuer +
                           "clients: [ { id: a, operator: us:a, tokens: { issuer: corp, subject: a }, "
                           "signatures: { key_id: k, secret_file: s } } ]\n";
  const auto told = [&] {
    const auto loaded = load(text);
    EXPECT_TRUE(loaded) << print(loaded.errors);
    return digest;
  };
  const auto before = told();
  EXPECT_EQ(told(), before);
  folder.write("s", std::string(33, 's'));
  const auto other_secret = told();
  EXPECT_NE(other_secret, before);
  folder.write("k.json", contents(folder.path() / "k.json") + " ");
  EXPECT_NE(told(), other_secret);
}

TEST_F(ClientsFile, zoo) {
  const auto client = [](const std::string& credentials) {
    return "clients: [ { id: a, " + credentials + " } ]\n";
  };
  const auto two = [](const std::string& one, const std::string& other) {
    return "clients:\n  - { id: a, " + one + " }\n  - { id: b, " + other + " }\n";
  };
  const std::pair<std::string, std::string> zoo[] = {
      {client("operator: us:a"), "c:2:12: a client needs a credential: api_key_sha256, certificates"},
      {client("certificates: []"), "c:2:35: this list is empty"},
      {client("certificates: " + hash), "c:2:35: expected 'sha256:' and the SHA-256"},
      {client("certificates: 'sha256:AA'"), "c:2:35: expected 'sha256:' and"},
      {client("certificates: { subjct: CN=a }"), "c:2:37: unknown key 'subjct' in a certificate"},
      {client("certificates: { subject: 'CN=a, O=b' }"), "c:2:46: RFC 4514 puts no space behind a comma"},
      {client("certificates: { subject: a }"), "c:2:46: expected a distinguished name"},
      {two("certificates: { subject: CN=a }", "certificates: { subject: CN=a }"),
       "c:4:28: this certificate's subject belongs to the client 'a' already"},
      {client("networks: 10.0.0.1/8"), "c:2:31: '10.0.0.1/8' has bits of the address behind its prefix"},
      {client("networks: [10.0.0.0/33]"), "c:2:32: expected a prefix from 0 to 32"},
      {client("networks: ['2001:db8::/129']"), "c:2:32: expected a prefix from 0 to 128"},
      {client("networks: [10.0.0.0/08]"), "c:2:32: expected a prefix"},
      {client("networks: [localhost]"), "c:2:32: expected a network such as 192.0.2.0/24"},
      {client("networks: [10.0.0.1, 10.0.0.1/32]"), "c:2:42: '10.0.0.1/32' stands in this list twice"},
      {client("rate: { requests: 0, per: second }"), "c:2:39: '0' is too little"},
      {client("rate: { requests: 1 }"), "c:2:27: 'rate' needs 'per'"},
      {client("tokens: { issuer: corp, subject: a }"), "c:2:39: no token issuer has the name 'corp'"},
      {issuer + client("tokens: { issuer: crop, subject: a }"),
       "c:3:39: no token issuer has the name 'crop'; did you mean 'corp'?"},
      {issuer + client("tokens: { issuer: corp }"), "c:3:29: tokens of a client are known by 'subject'"},
      {issuer + client("tokens: { issuer: corp, claims: x }"), "c:3:53: expected claims and their values"},
      {issuer + client("tokens: { issuer: corp, subject: a, claims: { sub: b } }"),
       "c:3:67: 'sub' is the subject already"},
      {issuer + two("tokens: { issuer: corp, subject: a }", "tokens: { issuer: corp, subject: a }"),
       "c:5:22: this token belongs to the client 'a' already"},
      {issuer + two("tokens: { issuer: corp, subject: a }", "tokens: { issuer: corp, claims: { azp: b } }"),
       "c:5:22: the clients of 'corp' are told apart by sub; by other claims here, one token could be two"},
      {client("signatures: { key_id: k }"), "c:2:33: a key of signed requests needs 'secret_file'"},
      {client("signatures: { key_id: k, secret_file: short }"), "short: is shorter than 32 characters"},
      {client("signatures: { key_id: k, secret_file: two-lines }"), "two-lines: is not one line"},
      {client("signatures: { key_id: k, secret_file: nowhere }"), "nowhere: cannot be read"},
      {two("signatures: { key_id: k, secret_file: s }", "signatures: { key_id: k, secret_file: t }"),
       "c:4:36: this key belongs to the client 'a' already"},
      {two("signatures: { key_id: k, secret_file: s }", "signatures: { key_id: l, secret_file: s }"),
       "c:4:52: this secret belongs to the client 'a' already"},
      {"signatures: { windw: 1m }\n", "c:2:15: unknown key 'windw' in 'signatures'; did you mean 'window'?"},
      {"signatures: { window: 2h }\n", "c:2:23: '2h' is too much; at most 1h"},
      {"token_issuers: []\n", "c:2:16: expected a list of token issuers"},
      {"token_issuers: [ { name: corp } ]\n", "c:2:18: a token issuer needs 'issuer'"},
      {"token_issuers: [ { name: a, issuer: i, audience: s, jwks: bad.json } ]\n",
       "bad.json: keys[0]: it holds the secret 'd'"},
      {"token_issuers: [ { name: a, issuer: i, audience: s, jwks: k.json, algorithms: [HS256] } ]\n",
       "c:2:80: 'HS256' is not one of RS256, ES256, EdDSA"},
      {"token_issuers: [ { name: a, issuer: i, audience: s, jwks: k.json, algorithms: [RS256] } ]\n",
       "c:2:59: no key of this set is for one of 'algorithms'"},
      {"token_issuers: [ { name: a, issuer: i, audience: s, jwks: k.json, header: X-Api-Key } ]\n",
       "c:2:75: API keys come in this header already"},
      {"token_issuers: [ { name: a, issuer: i, audience: s, jwks: k.json }, { name: b, issuer: i, audience: "
       "s, "
       "jwks: k.json } ]\n",
       "c:2:88: 'a' is this issuer already"},
  };
  for (const auto& [text, error] : zoo) {
    const auto loaded = load(text);
    EXPECT_FALSE(loaded) << text;
    EXPECT_NE(print(loaded.errors).find(error), std::string::npos)
        << text << "expected: " << error << "\nbut got: " << print(loaded.errors);
    EXPECT_EQ(print(loaded.errors).find("ssss"), std::string::npos) << "a secret";
  }
}

TEST(Network, has_what_shares_its_bits) {
  const auto bytes = [](const std::string& address) {
    return std::optional(std::get<Network>(parse_network(address)).base);
  };
  const std::tuple<const char*, const char*, bool> table[] = {
      {"192.0.2.0/24", "192.0.2.255", true},
      {"192.0.2.0/24", "192.0.3.0", false},
      {"192.0.2.8/29", "192.0.2.15", true},
      {"192.0.2.8/29", "192.0.2.16", false},
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.6", false},
      {"0.0.0.0/0", "255.255.255.255", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"2001:db8::/32", "2001:db8:ffff::", true},
      {"2001:db8::/32", "2001:db9::", false},
      {"::/0", "2001:db8::1", true},
      {"::ffff:192.0.2.0/120", "192.0.2.9", true},
  };
  for (const auto& [network, address, inside] : table)
    EXPECT_EQ(std::get<Network>(parse_network(network)).has(bytes(address)), inside)
        << network << " " << address;
  const auto unix_sockets = std::get<Network>(parse_network("unix"));
  EXPECT_TRUE(unix_sockets.has(std::nullopt));
  EXPECT_FALSE(unix_sockets.has(bytes("::")));
  EXPECT_FALSE(std::get<Network>(parse_network("::/0")).has(std::nullopt));
}

}  // namespace
}  // namespace sekisho::config
