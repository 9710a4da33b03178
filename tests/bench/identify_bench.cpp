// How long it takes to find out that nobody known is calling, for each way to be nobody: whoever tries keys
// must not learn from the time which part of a guess was right. Rows of one group are to be alike; the one
// who is known stands beside them.
#include <benchmark/benchmark.h>

#include "config/digest.h"
#include "gateway/credentials/signature.h"
#include "gateway/identify.h"
#include "tests/gateway/tokens.h"

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;

const policy::Instant now{1'800'000'000'000ms};
const std::string secret = "a secret of the two sides, and of nobody else";

const SigningKey& issuers_key() {
  static const auto key = SigningKey::make("ES256");
  return key;
}
const SigningKey& strangers_key() {
  static const auto key = SigningKey::make("ES256");
  return key;
}

const config::Clients& clients() {
  static const auto all = [] {
    config::Clients made;
    for (std::size_t n = 0; n < 1000; ++n) {
      made.all.push_back({.id = "client-" + std::to_string(n)});
      made.by_key[config::sha256("key-of-client-" + std::to_string(n))] = n;
      made.by_key_id["id-" + std::to_string(n)] = {n, secret};
    }
    config::TokenIssuer issuer{.name = "corp", .issuer = "https://login.example", .audience = {"sekisho"}};
    issuer.keys = *config::read_jwks("k.json", "{\"keys\":[" + issuers_key().jwk("k-1") + "]}").value;
    issuer.told_by = {"sub"};
    issuer.clients[config::token_identity({"client-0"})] = 0;
    made.issuers = {issuer};
    return made;
  }();
  return all;
}

http::Request order() {
  http::Request request;
  request.method = "POST";
  request.target = "/v1/number-orders";
  request.headers.add("Host", "gate.example");
  request.body = R"({"quantity":10,"numberType":"FIXED","areaCode":"03"})";
  return request;
}

http::Request with_key(const std::string& key) {
  auto request = order();
  request.headers.add("X-Api-Key", key);
  return request;
}

http::Request with_signature(const std::string& id, const std::string& by) {
  auto request = order();
  const auto signature = sign(request, id, by, now, "a-nonce");
  for (const auto& header : signature.all()) request.headers.add(header.name, header.value);
  return request;
}

http::Request with_token(const std::string& kid, const std::string& sub, const SigningKey& key) {
  auto request = order();
  request.headers.add(
      "Authorization",
      "Bearer " +
          token_of(R"({"alg":"ES256","kid":")" + kid + "\"}",
                   R"({"iss":"https://login.example","aud":"sekisho","exp":1800000060,"sub":")" + sub + "\"}",
                   key));
  return request;
}

void measure(benchmark::State& state, const http::Request& request) {
  const Peer peer;
  for (auto _ : state) {
    TokenCache nothing_remembered;
    benchmark::DoNotOptimize(identify(request, peer, clients(), now, nothing_remembered));
  }
}

BENCHMARK_CAPTURE(measure, key / known, with_key("key-of-client-7"));
BENCHMARK_CAPTURE(measure, key / last_character_wrong, with_key("key-of-client-X"));
BENCHMARK_CAPTURE(measure, key / all_wrong, with_key("yek-fo-tneilc-X"));
BENCHMARK_CAPTURE(measure, signature / known, with_signature("id-7", secret));
BENCHMARK_CAPTURE(measure, signature / wrong_secret,
                  with_signature("id-7", "another secret, of the same length as the first"));
BENCHMARK_CAPTURE(measure, signature / unknown_id, with_signature("di-7", secret));
BENCHMARK_CAPTURE(measure, token / known, with_token("k-1", "client-0", issuers_key()));
BENCHMARK_CAPTURE(measure, token / wrong_signature, with_token("k-1", "client-0", strangers_key()));
BENCHMARK_CAPTURE(measure, token / unknown_key, with_token("k-2", "client-0", issuers_key()));
BENCHMARK_CAPTURE(measure, token / unknown_client, with_token("k-1", "stranger", issuers_key()));

}  // namespace
}  // namespace sekisho::gateway

BENCHMARK_MAIN();
