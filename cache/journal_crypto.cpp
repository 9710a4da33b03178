#include "cache/journal_crypto.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <sys/random.h>

#include <cerrno>
#include <stdexcept>

namespace sekisho::cache {
namespace {

// Only an exhausted or broken OpenSSL gets here: there is no answer that would be right without it.
void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
}

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
std::string_view text(const Bytes32& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const EVP_MD* sha256() {
  static const EVP_MD* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (unsigned char byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string hex(const Bytes32& bytes) { return hex(text(bytes)); }

bool unhex(std::string_view text, unsigned char* out, std::size_t size) {
  if (text.size() != size * 2) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return true;
}

bool unhex(std::string_view text, Bytes32& out) { return unhex(text, out.data(), out.size()); }

void random_bytes(unsigned char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = getrandom(out, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("the kernel gives no random bytes (getrandom)");
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  must(context_ != nullptr && sha256() != nullptr, "SHA-256");
  begin();
}

void Sha256::begin() { must(EVP_DigestInit_ex(context_.get(), sha256(), nullptr) == 1, "SHA-256"); }

void Sha256::add(std::string_view bytes) {
  must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "SHA-256");
}

std::string Sha256::end() {
  Bytes32 out;
  must(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1, "SHA-256");
  return hex(out);
}

void Sha256::become(const Sha256& other) {
  must(EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) == 1, "SHA-256");
}

HmacSha256::HmacSha256(const Bytes32& key) {
  std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                                        &EVP_MAC_free);
  must(mac != nullptr, "HMAC");
  context_.reset(EVP_MAC_CTX_new(mac.get()));
  must(context_ != nullptr, "HMAC");
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  must(EVP_MAC_init(context_.get(), key.data(), key.size(), params) == 1, "HMAC");
}

Bytes32 HmacSha256::of(std::string_view first, std::string_view second) {
  Bytes32 out;
  std::size_t size = 0;
  const bool ok = EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&  // the key stays
                  EVP_MAC_update(context_.get(), raw(first), first.size()) == 1 &&
                  EVP_MAC_update(context_.get(), raw(second), second.size()) == 1 &&
                  EVP_MAC_final(context_.get(), out.data(), &size, out.size()) == 1;
  must(ok && size == out.size(), "HMAC");
  return out;
}

SigningKey::SigningKey(const Bytes32& seed)
    : key_(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()),
           &EVP_PKEY_free) {
  must(key_ != nullptr, "Ed25519");
}

std::string SigningKey::sign(std::string_view text) const {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string out(64, '\0');
  std::size_t size = out.size();
  must(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, raw(text),
                          text.size()) == 1,
       "Ed25519");
  return hex(out);
}

Bytes32 SigningKey::public_key() const {
  Bytes32 out;
  std::size_t size = out.size();
  must(EVP_PKEY_get_raw_public_key(key_.get(), out.data(), &size) == 1, "Ed25519");
  return out;
}

bool signature_fits(const Bytes32& public_key, std::string_view text, std::string_view signature_hex) {
  std::array<unsigned char, 64> signature;
  if (!unhex(signature_hex, signature.data(), signature.size())) return false;
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size()),
      &EVP_PKEY_free);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return key != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), raw(text), text.size()) == 1;
}

}  // namespace sekisho::cache
