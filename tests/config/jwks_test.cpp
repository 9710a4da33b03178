// Key sets: which are taken, what of them is passed over, and why others are refused.
#include "config/jwks.h"

#include <gtest/gtest.h>

#include "tests/gateway/tokens.h"

namespace sekisho::config {
namespace {

using gateway::SigningKey;

const SigningKey& rsa() {
  static const auto key = SigningKey::make("RS256");
  return key;
}
const SigningKey& ec() {
  static const auto key = SigningKey::make("ES256");
  return key;
}
const SigningKey& ed() {
  static const auto key = SigningKey::make("EdDSA");
  return key;
}

// "r:RS256 e:ES256", or what is wrong.
std::string told(const std::string& keys) {
  const auto set = read_jwks("k.json", "{\"keys\":[" + keys + "]}");
  std::string out;
  for (const auto& error : set.errors) out += (out.empty() ? "" : "\n") + error.print();
  if (set)
    for (const auto& key : set.value->all)
      out += (out.empty() ? "" : " ") + key.kid + ":" + std::string(policy::name(key.algorithm));
  return out;
}

TEST(Jwks, keys_of_every_kind) {
  EXPECT_EQ(told(rsa().jwk("r") + "," + ec().jwk("e") + "," + ed().jwk("d")), "r:RS256 e:ES256 d:EdDSA");
  EXPECT_EQ(told(rsa().jwk("r", R"(,"use":"sig","alg":"RS256","key_ops":["verify"],"x5c":["abc"])")),
            "r:RS256");
  EXPECT_EQ(told(R"({"kty":"OKP","crv":"Ed25519","x":")" + ed().x() + "\"}"), ":EdDSA") << "one needs no kid";
}

TEST(Jwks, what_is_not_for_us_is_passed_over) {
  for (const std::string other : {
           R"({"kid":"x","kty":"EC","crv":"P-384","x":"a","y":"b"})",
           R"({"kid":"x","kty":"OKP","crv":"Ed448","x":"a"})",
           R"({"kid":"x","kty":"OKP","crv":"X25519","x":"a"})",
           R"({"kid":"x","kty":"AKP","pub":"a"})",
       })
    EXPECT_EQ(told(other + "," + rsa().jwk("r")), "r:RS256") << other;
  for (const std::string use :
       {R"(,"use":"enc","alg":"RSA-OAEP")", R"(,"key_ops":["encrypt"])", R"(,"key_ops":[])"})
    EXPECT_EQ(told(rsa().jwk("x", use) + "," + ec().jwk("e")), "e:ES256") << use;
}

TEST(Jwks, broken_sets) {
  const auto d = "k.json: keys[0]: ";
  const std::pair<std::string, std::string> table[] = {
      {"", "k.json: has no key that the gate could verify a token with"},
      {rsa().jwk("x", R"(,"use":"enc")"), "k.json: has no key that the gate could verify a token with"},
      {rsa().jwk("r", R"(,"d":"AQAB")"), std::string(d) + "it holds the secret 'd'"},
      {R"({"kid":"o","kty":"oct","k":"AQAB"})", std::string(d) + "it holds the secret 'k'"},
      {rsa().jwk("r") + "," + rsa().jwk("r"), "k.json: keys[1]: the kid 'r' stands in this set twice"},
      {rsa().jwk("") + "," + ec().jwk("e"), "k.json: a set of several keys tells them apart by 'kid'"},
      {rsa().jwk("") + "," + ec().jwk(""), "k.json: keys[1]: a set of several keys"},
      {SigningKey::make("RS256", 1024).jwk("r"), std::string(d) + "an RSA key of 1024 bits"},
      {rsa().jwk("r", R"(,"alg":"RS512")"), std::string(d) + "its 'alg' is 'RS512'"},
      {ec().jwk("r", R"(,"alg":"RS256")"), std::string(d) + "its 'alg' is 'RS256'; of this kind"},
      {R"({"kid":"r","kty":"RSA","e":"AQAB"})", std::string(d) + "it needs 'n'"},
      {R"({"kid":"r","kty":"RSA","n":"a+b=","e":"AQAB"})", std::string(d) + "'n' is not base64 for URLs"},
      {R"({"kid":"e","kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})",
       std::string(d) + "'x' and 'y' are 32 bytes"},
      {R"({"kid":"e","kty":"EC","crv":"P-256","x":")" + std::string(43, 'A') + R"(","y":")" +
           std::string(43, 'A') + "\"}",
       std::string(d) + "its numbers make no public key"},
      {R"({"kid":"d","kty":"OKP","crv":"Ed25519","x":")" + std::string(43, 'A') + "\"}",
       std::string(d) + "this is no key that anybody holds"},
      {R"({"kid":"r"})", std::string(d) + "it needs 'kty'"},
      {R"({"kid":7,"kty":"RSA","n":"AQAB","e":"AQAB"})", std::string(d)},
      {"7", std::string(d) + "a key is an object"},
  };
  for (const auto& [keys, error] : table)
    EXPECT_TRUE(told(keys).starts_with(error))
        << keys << "\nexpected: " << error << "\nbut got: " << told(keys);
  EXPECT_FALSE(read_jwks("k.json", "{\"keys\":7}"));
  EXPECT_FALSE(read_jwks("k.json", "[]"));
  EXPECT_FALSE(read_jwks("k.json", "{\"keys\":[],\"keys\":[]}"));
  EXPECT_FALSE(read_jwks("k.json", "no"));
}

TEST(Jwks, an_rsa_key_is_one_by_its_numbers_each_time_it_is_read) {
  const auto with = [](const std::string& n, const std::string& e) {
    return told(R"({"kid":"r","kty":"RSA","n":")" + n + R"(","e":")" + e + "\"}");
  };
  const auto good = rsa().number(OSSL_PKEY_PARAM_RSA_N);
  std::string prime(256, '\0');
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> known(BN_get_rfc3526_prime_2048(nullptr), BN_free);
  ASSERT_EQ(BN_bn2bin(known.get(), reinterpret_cast<unsigned char*>(prime.data())), 256);
  const std::string divided_by_3(256, '\xff'), even = std::string(255, '\xff') + '\xfe';
  EXPECT_EQ(with(good, "AQAB"), "r:RS256");
  EXPECT_EQ(with(good, "Aw"), "r:RS256");
  const std::string no_key = "k.json: keys[0]: its numbers make no public key";
  for (const auto& n :
       {gateway::base64url(prime), gateway::base64url(divided_by_3), gateway::base64url(even)})
    EXPECT_EQ(with(n, "AQAB"), no_key) << n;
  for (const std::string e : {"AQ", "Ag", "AQAA", good.c_str()}) EXPECT_EQ(with(good, e), no_key) << e;
}

TEST(Base64Url, has_one_spelling_for_each_text) {
  EXPECT_EQ(read_base64url(""), "");
  EXPECT_EQ(read_base64url("QQ"), "A");
  EXPECT_EQ(read_base64url("-_8"), "\xfb\xff");
  for (const auto bad : {"Q", "QR", "QQ==", "QQ=", "Q Q", "+/8", "QQ\n", "QUJDR"})
    EXPECT_FALSE(read_base64url(bad)) << bad;
}

}  // namespace
}  // namespace sekisho::config
