// An issuer of tokens for tests: keys of every kind, their key set, and tokens signed in whatever way.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sekisho::gateway {

inline std::string base64url(std::string_view bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned held = 0, bits = 0;
  for (const unsigned char byte : bytes) {
    held = held << 8 | byte;
    for (bits += 8; bits >= 6; bits -= 6) out += digits[held >> (bits - 6) & 63];
  }
  if (bits > 0) out += digits[held << (6 - bits) & 63];
  return out;
}

struct SigningKey {
  std::shared_ptr<EVP_PKEY> key;
  std::string kind;  // RS256, ES256, EdDSA

  static SigningKey make(const std::string& kind, int bits = 2048) {
    EVP_PKEY* made = kind == "RS256"   ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t(bits))
                     : kind == "ES256" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                                       : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    if (!made) throw std::runtime_error("no key of kind " + kind);
    return {{made, EVP_PKEY_free}, kind};
  }

  std::string number(const char* name) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key.get(), name, &value);
    std::string out(std::size_t(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(out.data()));
    BN_free(value);
    if (kind == "ES256") out.insert(0, 32 - out.size(), '\0');
    return base64url(out);
  }
  std::string x() const {
    std::string out(32, '\0');
    std::size_t size = out.size();
    EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(out.data()), &size);
    return base64url(out);
  }

  // Its public half as a JWK; `more` stands before the closing brace.
  std::string jwk(const std::string& kid, const std::string& more = "") const {
    std::string out = R"({"kid":")" + kid + "\"";
    if (kind == "RS256")
      out += R"(,"kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
             number(OSSL_PKEY_PARAM_RSA_E) + "\"";
    if (kind == "ES256")
      out += R"(,"kty":"EC","crv":"P-256","x":")" + number(OSSL_PKEY_PARAM_EC_PUB_X) + R"(","y":")" +
             number(OSSL_PKEY_PARAM_EC_PUB_Y) + "\"";
    if (kind == "EdDSA") out += R"(,"kty":"OKP","crv":"Ed25519","x":")" + x() + "\"";
    return out + more + "}";
  }

  // As JWS has it.
  std::string sign(const std::string& text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::string out(1024, '\0');
    auto* room = reinterpret_cast<unsigned char*>(out.data());
    std::size_t size = out.size();
    const auto* hash = kind == "EdDSA" ? nullptr : EVP_sha256();
    if (EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), room, &size, bytes, text.size()) != 1)
      throw std::runtime_error("cannot sign");
    out.resize(size);
    return kind == "ES256" ? raw(out) : out;
  }

 private:
  static std::string raw(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> both(
        d2i_ECDSA_SIG(nullptr, &at, long(der.size())), ECDSA_SIG_free);
    std::string out(64, '\0');
    auto* room = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), room, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), room + 32, 32);
    return out;
  }
};

inline std::string token_of(const std::string& header, const std::string& payload, const SigningKey& key) {
  const auto text = base64url(header) + "." + base64url(payload);
  return text + "." + base64url(key.sign(text));
}

}  // namespace sekisho::gateway
