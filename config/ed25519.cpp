#include "config/ed25519.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "config/small_file.h"

namespace sekisho::config {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// OpenSSL asks here for the passphrase of an encrypted key; without this it would ask the terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

bool verifies(const PublicKey& key, std::string_view message, const Signature& signature) {
  const Key pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()),
                 EVP_PKEY_free);
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const bool good = pkey && context &&
                    EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
                    EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes_of(message),
                                     message.size()) == 1;
  ERR_clear_error();
  return good;
}

bool is_weak(const PublicKey& key) {
  // The y of every point whose order divides 8, also where it is written p too large.
  static constexpr PublicKey small_order[] = {
      {0},
      {1},
      {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
       0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
      {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
       0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}};
  auto y = key;
  y.back() &= 0x7f;  // the top bit is the sign of x
  for (const auto& point : small_order)
    if (y == point) return true;
  // p - 1, p and p + 1, where p = 2^255 - 19.
  const bool high =
      y.back() == 0x7f && std::all_of(y.begin() + 1, y.end() - 1, [](auto b) { return b == 0xff; });
  return high && y[0] >= 0xec && y[0] <= 0xee;
}

Loaded<PrivateKey> PrivateKey::load(const std::filesystem::path& pem) {
  auto text = read_small_file(pem);
  if (!text) return {.errors = std::move(text.errors)};
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(
      BIO_new_mem_buf(text.value->data(), static_cast<int>(text.value->size())), BIO_free);
  bool asked = false;
  Key key(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, &asked) : nullptr, EVP_PKEY_free);
  OPENSSL_cleanse(text.value->data(), text.value->size());
  ERR_clear_error();
  const auto refused = [&](std::string why) {
    return Loaded<PrivateKey>{.errors = {{.file = pem.string(), .text = std::move(why)}}};
  };
  if (!key && asked)
    return refused(
        "is encrypted; decrypt it into a pipe: openssl pkey -in KEY.pem | sekisho ... --key /dev/stdin");
  if (!key) return refused("holds no private key in PEM");
  if (EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519)
    return refused("is not an Ed25519 key; 'openssl genpkey -algorithm ed25519' makes one");
  return {.value = PrivateKey({key.release(), EVP_PKEY_free})};
}

PrivateKey PrivateKey::of_seed(const std::array<unsigned char, 32>& seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()), EVP_PKEY_free);
  if (!key) throw std::runtime_error("OpenSSL has no Ed25519");
  return PrivateKey({key.release(), EVP_PKEY_free});
}

PublicKey PrivateKey::public_key() const {
  PublicKey out{};
  std::size_t size = out.size();
  if (EVP_PKEY_get_raw_public_key(key_.get(), out.data(), &size) != 1 || size != out.size())
    throw std::runtime_error("OpenSSL cannot tell the public key");
  return out;
}

Signature PrivateKey::sign(std::string_view message) const {
  Signature out{};
  std::size_t size = out.size();
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, bytes_of(message), message.size()) != 1 ||
      size != out.size())
    throw std::runtime_error("OpenSSL cannot sign with this key");
  return out;
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string out((size + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a NUL
  const auto length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes, static_cast<int>(size));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

bool read_base64(std::string_view text, unsigned char* bytes, std::size_t size) {
  const auto length = (size + 2) / 3 * 4;
  if (text.size() != length) return false;
  std::vector<unsigned char> decoded(length / 4 * 3);
  const int made = EVP_DecodeBlock(decoded.data(), bytes_of(text), static_cast<int>(length));
  ERR_clear_error();
  // Written again it must be the same text: OpenSSL passes over spaces, padding and unused bits too kindly.
  if (made < static_cast<int>(size) || base64(decoded.data(), size) != text) return false;
  std::memcpy(bytes, decoded.data(), size);
  return true;
}

}  // namespace sekisho::config
