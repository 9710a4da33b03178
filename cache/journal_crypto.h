// What the journal asks of cryptography, in its own words: a hash, a keyed hash, a signature, hex.
// Contexts are made once and used again, because a record is hashed twice on the way to disk.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace sekisho::cache {

using Bytes32 = std::array<unsigned char, 32>;  // a hash, a key, a seed, a public key

inline constexpr std::size_t hex_length = 64;  // of Bytes32

std::string hex(std::string_view bytes);
std::string hex(const Bytes32& bytes);
// Exactly the lower-case hex digits of as many bytes as `out` has room for; false for anything else.
bool unhex(std::string_view text, unsigned char* out, std::size_t size);
bool unhex(std::string_view text, Bytes32& out);

// From the kernel (getrandom). Throws std::runtime_error.
void random_bytes(unsigned char* out, std::size_t size);

class Sha256 {
 public:
  Sha256();
  void begin();
  void add(std::string_view bytes);
  std::string end();                 // hex; `begin` before the next use
  void become(const Sha256& other);  // a copy of the running state

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

class HmacSha256 {
 public:
  explicit HmacSha256(const Bytes32& key);
  // HMAC over `first` followed by `second`.
  Bytes32 of(std::string_view first, std::string_view second);

 private:
  struct Free {
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

// Ed25519. Signatures are 128 hex digits.
class SigningKey {
 public:
  explicit SigningKey(const Bytes32& seed);
  std::string sign(std::string_view text) const;
  Bytes32 public_key() const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

bool signature_fits(const Bytes32& public_key, std::string_view text, std::string_view signature_hex);

}  // namespace sekisho::cache
