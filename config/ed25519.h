// Ed25519 (RFC 8032, without a context and without prehashing) on OpenSSL, and base64 as keys and signatures
// stand in files.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/file_error.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace sekisho::config {

using PublicKey = std::array<unsigned char, 32>;
using Signature = std::array<unsigned char, 64>;

bool verifies(const PublicKey& key, std::string_view message, const Signature& signature);

// Whether the key is one of the few points of small order, such as 32 zero bytes. For these anybody can write
// signatures that verify, and a placeholder that was never filled in is one of them.
bool is_weak(const PublicKey& key);

class PrivateKey {
 public:
  // From PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it. An encrypted one is refused: nothing
  // here asks for a passphrase.
  static Loaded<PrivateKey> load(const std::filesystem::path& pem);
  static PrivateKey of_seed(const std::array<unsigned char, 32>& seed);  // RFC 8032's 32 bytes

  PublicKey public_key() const;
  Signature sign(std::string_view message) const;

 private:
  explicit PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

std::string base64(const unsigned char* bytes, std::size_t size);
template <std::size_t N>
std::string base64(const std::array<unsigned char, N>& bytes) {
  return base64(bytes.data(), N);
}

// Exactly `size` bytes, in the one spelling that `base64` writes: padded, without line breaks, unused bits
// zero.
bool read_base64(std::string_view text, unsigned char* bytes, std::size_t size);
template <std::size_t N>
bool read_base64(std::string_view text, std::array<unsigned char, N>& bytes) {
  return read_base64(text, bytes.data(), N);
}

}  // namespace sekisho::config
