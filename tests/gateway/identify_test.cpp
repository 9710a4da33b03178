// Who calls: every kind of credential, alone and together, right and wrong.
#include "gateway/identify.h"

#include <gtest/gtest.h>

#include "config/digest.h"
#include "gateway/credentials/signature.h"
#include "tests/gateway/tokens.h"
#include "tests/policy/builders.h"

namespace sekisho::gateway {
namespace {

using policy::Operation;
using namespace std::chrono_literals;

const policy::Instant now{1'800'000'000'000ms};
const std::string secret = "a secret of the two sides, and of nobody else";

const SigningKey& issuers_key() {
  static const auto key = SigningKey::make("EdDSA");
  return key;
}

config::Network network(const std::string& text) {
  return std::get<config::Network>(config::parse_network(text));
}

PeerCertificate certificate(const std::string& name) { return {config::sha256(name), "CN=" + name}; }

// aozora has a credential of every kind, kaze two keys and a certificate's subject, minato a network.
config::Clients clients() {
  config::Clients all;
  all.all = {{.id = "aozora"}, {.id = "kaze"}, {.id = "minato"}};
  all.all[2].networks = {network("192.0.2.0/24"), network("unix")};
  all.by_key[config::sha256("key-aozora")] = 0;
  all.by_key[config::sha256("key-kaze")] = 1;
  all.by_key[config::sha256("second key of kaze")] = 1;
  all.by_key[config::sha256("key-minato")] = 2;
  all.by_certificate[config::sha256("aozora")] = 0;
  all.by_subject["CN=kaze"] = 1;
  all.by_key_id["a-1"] = {0, secret};
  config::TokenIssuer issuer{.name = "corp", .issuer = "https://login.example", .audience = {"sekisho"}};
  issuer.keys = *config::read_jwks("k.json", "{\"keys\":[" + issuers_key().jwk("d") + "]}").value;
  issuer.told_by = {"sub", "tenant"};
  issuer.clients[config::token_identity({"aozora", "7"})] = 0;
  all.issuers = {issuer};
  return all;
}

std::string bearer(const std::string& sub, const std::string& tenant = "7") {
  return "Bearer " + token_of(R"({"alg":"EdDSA","kid":"d"})",
                              R"({"iss":"https://login.example","aud":"sekisho","exp":1800000060,"sub":")" +
                                  sub + R"(","tenant":)" + tenant + "}",
                              issuers_key());
}

struct Call {
  std::vector<std::pair<std::string, std::string>> headers;
  Peer peer{};
  bool is_signed = false;
};

// "aozora by api_key", or "nobody by api_key: unknown".
std::string who(const Call& call, const config::Clients& known = clients()) {
  http::Request request;
  request.method = "GET";
  request.target = "/v1/numbers";
  request.headers.add("Host", "gate.example");
  for (const auto& [name, value] : call.headers) request.headers.add(name, value);
  const auto signature = call.is_signed ? sign(request, "a-1", secret, now, "n") : http::Headers();
  for (const auto& header : signature.all()) request.headers.add(header.name, header.value);
  TokenCache tokens;
  const auto found = identify(request, call.peer, known, now, tokens);
  EXPECT_EQ(found.client == nullptr, found.cause != Cause::none);
  return (found.client ? found.client->id : "nobody") + " by " + std::string(policy::name(found.credential)) +
         (found.client ? "" : ": " + std::string(policy::name(found.cause)));
}

TEST(Identify, exactly_one_known_key_makes_a_caller) {
  EXPECT_EQ(who({{{"X-Api-Key", "key-aozora"}}}), "aozora by api_key");
  EXPECT_EQ(who({{{"x-api-KEY", "key-kaze"}}}), "kaze by api_key");
  EXPECT_EQ(who({{{"X-Api-Key", "second key of kaze"}}}), "kaze by api_key");
  EXPECT_EQ(who({{{"X-Api-Key", "key-stranger"}}}), "nobody by api_key: unknown");
  EXPECT_EQ(who({{{"X-Api-Key", ""}}}), "nobody by api_key: unknown");
  EXPECT_EQ(who({{{"X-Api-Key", "key-aozora "}}}), "nobody by api_key: unknown");
  EXPECT_EQ(who({{{"X-Api-Key", "key-aozora"}, {"X-Api-Key", "key-aozora"}}}), "nobody by api_key: several");
  EXPECT_EQ(who({{{"X_Api_Key", "key-aozora"}}}), "nobody by none: missing");
  EXPECT_EQ(who({}), "nobody by none: missing");
  EXPECT_EQ(who({}, config::Clients()), "nobody by none: missing");
}

TEST(Identify, a_token_by_all_of_its_claims) {
  EXPECT_EQ(who({{{"Authorization", bearer("aozora")}}}), "aozora by token");
  EXPECT_EQ(who({{{"authorization", "bearer" + bearer("aozora").substr(6)}}}), "aozora by token");
  EXPECT_EQ(who({{{"Authorization", bearer("aozora", "8")}}}), "nobody by token: unknown");
  EXPECT_EQ(who({{{"Authorization", bearer("aozora", "\"7\"")}}}), "aozora by token");
  EXPECT_EQ(who({{{"Authorization", bearer("aozora", "[7]")}}}), "nobody by token: unknown");
  EXPECT_EQ(who({{{"Authorization", bearer("kaze")}}}), "nobody by token: unknown");
  EXPECT_EQ(who({{{"Authorization", bearer("aozora").substr(7)}}}), "nobody by token: malformed");
  EXPECT_EQ(who({{{"Authorization", "Basic YTpi"}}}), "nobody by token: malformed");
  EXPECT_EQ(who({{{"Authorization", "Bearer"}}}), "nobody by token: malformed");
  EXPECT_EQ(who({{{"Authorization", bearer("aozora")}, {"Authorization", bearer("aozora")}}}),
            "nobody by token: several");
}

TEST(Identify, a_signature) {
  EXPECT_EQ(who({.is_signed = true}), "aozora by signature");
  EXPECT_EQ(who({{{"Signature", "sig=:QQ==:"}}}), "nobody by signature: malformed");
  auto without = clients();
  without.by_key_id.clear();
  EXPECT_EQ(who({{{"Signature", "sig=:QQ==:"}, {"X-Api-Key", "key-aozora"}}}, without), "aozora by api_key")
      << "where nobody signs for the gate, it is the carrier's business";
}

TEST(Identify, one_kind_at_a_time) {
  EXPECT_EQ(who({{{"X-Api-Key", "key-aozora"}, {"Authorization", bearer("aozora")}}}),
            "nobody by several: several");
  EXPECT_EQ(who({{{"X-Api-Key", "key-aozora"}}, {}, true}), "nobody by several: several");
  EXPECT_EQ(who({{{"Authorization", bearer("aozora")}}, {}, true}), "nobody by several: several");
}

TEST(Identify, a_certificate_alone_or_beside_a_credential_of_the_same_client) {
  const auto with = [](const std::string& name,
                       std::vector<std::pair<std::string, std::string>> headers = {}) {
    return who({std::move(headers), {.certificate = certificate(name)}});
  };
  EXPECT_EQ(with("aozora"), "aozora by certificate");
  EXPECT_EQ(with("kaze"), "kaze by certificate") << "by its subject";
  EXPECT_EQ(with("stranger"), "nobody by certificate: unknown");
  EXPECT_EQ(with("aozora", {{"X-Api-Key", "key-aozora"}}), "aozora by api_key");
  EXPECT_EQ(with("kaze", {{"X-Api-Key", "key-aozora"}}), "nobody by api_key: other-client");
  EXPECT_EQ(with("stranger", {{"X-Api-Key", "key-aozora"}}), "aozora by api_key");
  EXPECT_EQ(with("aozora", {{"X-Api-Key", "key-stranger"}}), "nobody by api_key: unknown")
      << "a wrong key is wrong, whatever else is shown";
  auto twofold = certificate("aozora");
  twofold.subject = "CN=kaze";
  EXPECT_EQ(who({{}, {.certificate = twofold}}), "nobody by certificate: other-client");
  EXPECT_EQ(who({{{"X-Api-Key", "key-kaze"}}, {.certificate = twofold}}), "nobody by api_key: other-client");
}

TEST(Identify, from_its_own_networks) {
  const auto from = [](std::optional<std::string> address) {
    Call call{{{"X-Api-Key", "key-minato"}}};
    if (address) call.peer.address = boost::asio::ip::make_address(*address);
    return who(call);
  };
  EXPECT_EQ(from("192.0.2.255"), "minato by api_key");
  EXPECT_EQ(from("::ffff:192.0.2.1"), "minato by api_key");
  EXPECT_EQ(from(std::nullopt), "minato by api_key");
  EXPECT_EQ(from("192.0.3.0"), "nobody by api_key: wrong-network");
  EXPECT_EQ(from("2001:db8::1"), "nobody by api_key: wrong-network");
}

TEST(Identify, what_is_shown_to_the_gate_stays_here) {
  http::Headers headers;
  for (const auto name : {"X-Api-Key", "authorization", "SIGNATURE", "Signature-Input", "Accept"})
    headers.add(name, "x");
  auto kept = headers;
  drop_credentials(kept, clients());
  ASSERT_EQ(kept.all().size(), 1u);
  EXPECT_EQ(kept.all()[0].name, "Accept");
  drop_credentials(headers, config::Clients());
  EXPECT_EQ(headers.all().size(), 4u) << "what is no credential here is the carrier's";
}

TEST(Challenges, name_what_is_configured) {
  EXPECT_EQ(
      challenges(clients()),
      (std::vector<std::string>{R"(ApiKey realm="sekisho", header="X-Api-Key")", R"(Bearer realm="sekisho")",
                                R"(Signature realm="sekisho", algorithm="hmac-sha256")",
                                R"(ClientCertificate realm="sekisho")"}));
}

TEST(MayUse, an_absent_list_is_all_and_a_list_is_no_more_than_it_says) {
  const config::Client all{.id = "a"};
  const config::Client some{
      .id = "b", .carriers = {"demo"}, .operations = policy::WordSet<Operation>{Operation::search}};
  EXPECT_TRUE(may_use(all, "demo", Operation::allocate));
  EXPECT_TRUE(may_use(some, "demo", Operation::search));
  EXPECT_FALSE(may_use(some, "demo", Operation::allocate));
  EXPECT_FALSE(may_use(some, "other", Operation::search));
}

}  // namespace
}  // namespace sekisho::gateway
