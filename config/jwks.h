// The public keys of who issues tokens: a JSON Web Key Set (RFC 7517, RFC 8037) in a file.
//
// Refused, because a set that is read in part verifies less or more than its keeper believes: private or
// symmetric keys, a `kid` that stands twice, weak keys, an `alg` that the gate does not verify or that is no
// algorithm of the key. Passed over: kinds of keys and curves that the gate does not know, and keys that are
// not for signatures (`use`, `key_ops`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/file_error.h"
#include "policy/words.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace sekisho::config {

// How tokens may be signed: nothing that a public key could be mistaken for the secret of.
enum class Algorithm : std::uint8_t { rs256, es256, eddsa };
inline constexpr std::string_view algorithm_words[] = {"RS256", "ES256", "EdDSA"};
constexpr auto& words_of(Algorithm) { return algorithm_words; }

struct Jwk {
  std::string kid;        // may be empty where the set has one key
  Algorithm algorithm{};  // the one that its kind of key is for here
  std::shared_ptr<evp_pkey_st> key;
};

struct Jwks {
  std::vector<Jwk> all;
  const Jwk* find(std::string_view kid) const;
};

Loaded<Jwks> load_jwks(const std::filesystem::path& file, std::string& digest);
Loaded<Jwks> read_jwks(const std::filesystem::path& name, std::string_view text);  // `name`: for complaints

// Base64 for URLs without padding (RFC 7515, 2), in the one spelling that its bytes have.
std::optional<std::string> read_base64url(std::string_view text);

}  // namespace sekisho::config
