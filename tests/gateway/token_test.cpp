// Tokens: which are taken, and why every other is not.
#include "gateway/credentials/token.h"

#include <gtest/gtest.h>

#include "gateway/token_cache.h"
#include "tests/gateway/tokens.h"

namespace sekisho::gateway {
namespace {

using config::Algorithm;
using namespace std::chrono_literals;

const policy::Instant now{1'800'000'000'000ms};

// Keys are dear to make: all tests share them.
const SigningKey& key(const std::string& kind) {
  static const SigningKey rsa = SigningKey::make("RS256"), ec = SigningKey::make("ES256"),
                          ed = SigningKey::make("EdDSA"), other = SigningKey::make("RS256");
  return kind == "RS256" ? rsa : kind == "ES256" ? ec : kind == "EdDSA" ? ed : other;
}

std::vector<config::TokenIssuer> issuers(const std::string& keys) {
  auto set = config::read_jwks("k.json", "{\"keys\":[" + keys + "]}");
  for (const auto& error : set.errors) ADD_FAILURE() << error.print();
  config::TokenIssuer issuer;
  issuer.name = "corp";
  issuer.issuer = "https://login.example";
  issuer.audience = {"sekisho", "sekisho-test"};
  issuer.keys = std::move(*set.value);
  return {issuer};
}

std::vector<config::TokenIssuer> three_keys() {
  return issuers(key("RS256").jwk("r") + "," + key("ES256").jwk("e") + "," + key("EdDSA").jwk("d"));
}

const std::string good_header = R"({"alg":"RS256","kid":"r","typ":"JWT"})";
const std::string good_payload =
    R"({"iss":"https://login.example","aud":"sekisho","sub":"aozora","exp":1800000060,"iat":1799999990})";

// The good payload, with one thing in another's place.
std::string with(const std::string& part, const std::string& other, std::string text = good_payload) {
  const auto at = text.find(part);
  if (at == text.npos) throw std::logic_error(part);
  return text.replace(at, part.size(), other);
}

std::string_view cause_of(const std::string& token, const std::vector<config::TokenIssuer>& all) {
  const auto read = read_token(token, "authorization", all, now);
  EXPECT_EQ(read.token.has_value(), read.cause == Cause::none);
  return policy::name(read.cause);
}

TEST(Token, of_every_kind_are_taken_and_tell_their_claims) {
  const auto all = three_keys();
  for (const std::string kind : {"RS256", "ES256", "EdDSA"}) {
    const auto kid = kind == "RS256" ? "r" : kind == "ES256" ? "e" : "d";
    const auto header = R"({"alg":")" + kind + R"(","kid":")" + kid + R"("})";
    const auto payload = with("\"sub\"", R"("n":7,"yes":true,"list":["a"],"big":18446744073709551615,"sub")");
    const auto read = read_token(token_of(header, payload, key(kind)), "Authorization", all, now);
    ASSERT_TRUE(read.token) << kind << " " << policy::name(read.cause);
    EXPECT_EQ(read.token->claim("sub"), "aozora");
    EXPECT_EQ(read.token->claim("n"), "7");
    EXPECT_EQ(read.token->claim("yes"), "true");
    EXPECT_EQ(read.token->claim("big"), "18446744073709551615");
    EXPECT_FALSE(read.token->claim("list"));
  }
}

TEST(Token, other_spellings_that_are_as_good) {
  const auto all = three_keys();
  for (const auto& header : {R"({"kid":"r","alg":"RS256"})", R"({"alg":"RS256","kid":"r","typ":"at+jwt"})",
                             R"({"alg":"RS256","kid":"r","typ":"application/at+JWT","x5t":"abc"})"})
    EXPECT_EQ(cause_of(token_of(header, good_payload, key("RS256")), all), "none") << header;
  for (const auto& payload : {
           with("\"sekisho\"", R"(["other","sekisho-test"])"),
           with("1800000060", "1800000060.5"),
           with("1800000060", "1799999971"),  // within the leeway
           with("1799999990", "1800000029"),
           with("\"iat\":1799999990", "\"nbf\":1800000029"),
       })
    EXPECT_EQ(cause_of(token_of(good_header, payload, key("RS256")), all), "none") << payload;
  const auto one = issuers(key("EdDSA").jwk("d"));
  EXPECT_EQ(cause_of(token_of(R"({"alg":"EdDSA"})", good_payload, key("EdDSA")), one), "none")
      << "a set of one key needs no kid";
}

TEST(Token, bad_headers) {
  const std::pair<const char*, const char*> table[] = {
      {R"({"alg":"none","kid":"r"})", "malformed"},
      {R"({"alg":"None","kid":"r"})", "malformed"},
      {R"({"alg":"","kid":"r"})", "malformed"},
      {R"({"alg":"HS256","kid":"r"})", "malformed"},
      {R"({"alg":"rs256","kid":"r"})", "malformed"},
      {R"({"alg":"RS512","kid":"r"})", "malformed"},
      {R"({"alg":"PS256","kid":"r"})", "malformed"},
      {R"({"alg":["RS256"],"kid":"r"})", "malformed"},
      {R"({"alg":null,"kid":"r"})", "malformed"},
      {R"({"kid":"r"})", "malformed"},
      {R"({"alg":"RS256","alg":"RS256","kid":"r"})", "malformed"},
      {R"({"alg":"RS256","kid":"r","kid":"e"})", "malformed"},
      {R"({"alg":"RS256","kid":"r","crit":["exp"]})", "malformed"},
      {R"({"alg":"RS256","kid":"r","crit":[]})", "malformed"},
      {R"({"alg":"RS256","kid":"r","b64":false})", "malformed"},
      {R"({"alg":"RS256","kid":"r","zip":"DEF"})", "malformed"},
      {R"({"alg":"RS256","kid":"r","enc":"A128GCM"})", "malformed"},
      {R"({"alg":"RS256","kid":"r","typ":"JWE"})", "malformed"},
      {R"({"alg":"RS256","kid":"r","typ":"secevent+jwt"})", "malformed"},
      {R"({"alg":"RS256","kid":"r","typ":7})", "malformed"},
      {R"({"alg":"RS256","kid":7})", "malformed"},
      {R"({"alg":"RS256","kid":"r")", "malformed"},
      {R"(["RS256"])", "malformed"},
      {R"("RS256")", "malformed"},
      {"", "malformed"},
      {"\xef\xbb\xbf{\"alg\":\"RS256\",\"kid\":\"r\"}", "malformed"},
      {"{\"alg\":\"RS256\",\"kid\":\"r\",\"x\":\"\xff\"}", "malformed"},
      {R"({"alg":"RS256","kid":"nobody's"})", "unknown"},
      {R"({"alg":"RS256","kid":""})", "unknown"},
      {R"({"alg":"RS256"})", "unknown"},            // several keys: which?
      {R"({"alg":"ES256","kid":"r"})", "unknown"},  // another kind of key than the key is
      {R"({"alg":"EdDSA","kid":"r"})", "unknown"},
      {R"({"alg":"RS256","kid":"e"})", "unknown"},
  };
  const auto all = three_keys();
  for (const auto& [header, cause] : table)
    EXPECT_EQ(cause_of(token_of(header, good_payload, key("RS256")), all), cause) << header;
}

TEST(Token, bad_payloads) {
  const std::pair<std::string, const char*> table[] = {
      {with("1800000060", "1799999970"), "expired"},
      {with("1800000060", "0"), "expired"},
      {with("1800000060", "-1"), "malformed"},
      {with("1800000060", "\"1800000060\""), "malformed"},
      {with("1800000060", "true"), "malformed"},
      {with("1800000060", "null"), "malformed"},
      {with("1800000060", "1e300"), "malformed"},
      {with("1800000060", "99999999999999999999"), "malformed"},
      {with("\"exp\":1800000060,", ""), "malformed"},
      {with("\"exp\"", R"("exp":1,"exp")"), "malformed"},
      {with("\"iat\":1799999990", "\"nbf\":1800000031"), "not-yet-valid"},
      {with("\"iat\":1799999990", "\"nbf\":\"x\""), "malformed"},
      {with("1799999990", "1800000031"), "not-yet-valid"},
      {with("1799999990", "[]"), "malformed"},
      {with("\"sekisho\"", "\"other\""), "wrong-audience"},
      {with("\"sekisho\"", "\"Sekisho\""), "wrong-audience"},
      {with("\"sekisho\"", "[\"other\"]"), "wrong-audience"},
      {with("\"sekisho\"", "[]"), "malformed"},
      {with("\"sekisho\"", "[7]"), "malformed"},
      {with("\"sekisho\"", "[\"sekisho\",7]"), "malformed"},
      {with("\"sekisho\"", "7"), "malformed"},
      {with("\"aud\":\"sekisho\",", ""), "malformed"},
      {with("login.example", "login.example/"), "unknown"},
      {with("https://login.example", "HTTPS://login.example"), "unknown"},
      {with("\"iss\":\"https://login.example\",", ""), "unknown"},
      {with("\"https://login.example\"", "[\"https://login.example\"]"), "malformed"},
      {with("\"iss\"", R"("iss":"x","iss")"), "malformed"},
      {with("\"sub\"", R"("sub":"x","s\u0075b")"), "malformed"},
      {good_payload + "{}", "malformed"},
      {"[]", "malformed"},
      {"7", "malformed"},
      {"", "malformed"},
  };
  const auto all = three_keys();
  for (const auto& [payload, cause] : table)
    EXPECT_EQ(cause_of(token_of(good_header, payload, key("RS256")), all), cause) << payload;
}

TEST(Token, bad_signatures_and_shapes) {
  const auto all = three_keys();
  const auto good = token_of(good_header, good_payload, key("RS256"));
  const auto first = good.find('.'), second = good.rfind('.');
  auto flipped = good;
  flipped[second + 10] = flipped[second + 10] == 'A' ? 'B' : 'A';
  auto other_payload = good;
  other_payload.replace(first + 1, second - first - 1, base64url(with("aozora", "kaze")));
  // Another key of the same kind.
  const auto by_another = token_of(good_header, good_payload, key("another"));
  const std::pair<std::string, const char*> table[] = {
      {flipped, "wrong"},
      {other_payload, "wrong"},
      {by_another, "wrong"},
      {token_of(R"({"alg":"ES256","kid":"e"})", good_payload, key("RS256")), "wrong"},
      {token_of(R"({"alg":"EdDSA","kid":"d"})", good_payload, key("ES256")), "wrong"},
      {good.substr(0, second + 1) + base64url(std::string(256, '\0')), "wrong"},
      {good.substr(0, second + 1) + base64url("short"), "wrong"},
      {good.substr(0, second + 1), "malformed"},
      {good.substr(0, second), "malformed"},
      {good.substr(0, first), "malformed"},
      {good + ".", "malformed"},
      {good + ".x.y", "malformed"},  // five parts: encrypted
      {good + "=", "malformed"},
      {good + "\n", "malformed"},
      {" " + good, "malformed"},
      {"." + good, "malformed"},
      {good.substr(0, first) + "=" + good.substr(first), "malformed"},
      {good.substr(0, first) + "." + good.substr(first), "malformed"},
      {"", "malformed"},
      {"..", "malformed"},
      {std::string(token_bytes_max, 'A') + "." + good, "malformed"},
  };
  for (const auto& [token, cause] : table) EXPECT_EQ(cause_of(token, all), cause) << token.substr(0, 80);
  EXPECT_EQ(policy::name(read_token(good, "X-Token", all, now).cause), "unknown") << "another header";
}

// Unused bits of the last character: another text for the same bytes.
TEST(Token, has_one_spelling) {
  const auto all = issuers(key("EdDSA").jwk("d"));
  const auto good = token_of(R"({"alg":"EdDSA","kid":"d"})", good_payload, key("EdDSA"));
  ASSERT_EQ(cause_of(good, all), "none");
  int taken = 0;
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
    taken += cause_of(good.substr(0, good.size() - 1) + c, all) == "none";
  EXPECT_EQ(taken, 1);
}

TEST(Token, of_an_issuer_that_takes_fewer_algorithms_or_younger_tokens) {
  auto all = three_keys();
  all[0].algorithms = {Algorithm::es256};
  EXPECT_EQ(cause_of(token_of(good_header, good_payload, key("RS256")), all), "unknown");
  all = three_keys();
  all[0].max_age = 5s;
  EXPECT_EQ(cause_of(token_of(good_header, good_payload, key("RS256")), all), "none") << "within the leeway";
  all[0].leeway = 0s;
  EXPECT_EQ(cause_of(token_of(good_header, good_payload, key("RS256")), all), "too-old");
  EXPECT_EQ(cause_of(token_of(good_header, with(",\"iat\":1799999990", ""), key("RS256")), all), "too-old")
      << "one that does not say its age";
}

TEST(TokenCache, keeps_good_tokens_until_they_end_or_the_installation_changes) {
  config::Clients clients;
  clients.issuers = three_keys();
  TokenCache cache(2);
  const auto installation = std::make_shared<int>(1);
  cache.belong_to(installation);
  const auto good = token_of(good_header, good_payload, key("RS256"));
  const auto read = [&](const std::string& token, policy::Instant at) {
    return policy::name(cache.read(token, "Authorization", clients, at).cause);
  };
  EXPECT_EQ(read(good + "x", now), "malformed");
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(read(good, now), "none");
  EXPECT_EQ(cache.size(), 1u);
  clients.issuers = issuers(key("RS256").jwk("r"));
  EXPECT_EQ(read(good, now), "none") << "kept: no key is asked";
  EXPECT_EQ(read(good, now + 89s), "none");
  EXPECT_EQ(read(good, now + 90s), "expired") << "the time is";
  EXPECT_EQ(cache.size(), 0u);
  for (const auto sub : {"a", "b", "c"}) read(token_of(good_header, with("aozora", sub), key("RS256")), now);
  EXPECT_EQ(cache.size(), 2u) << "bounded";
  cache.belong_to(installation);
  EXPECT_EQ(cache.size(), 2u);
  cache.belong_to(std::make_shared<int>(2));
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace sekisho::gateway
