#include "config/jwks.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "config/digest.h"
#include "config/ed25519.h"
#include "config/small_file.h"
#include "policy/strict_json.h"

namespace sekisho::config {
namespace {

namespace dom = simdjson::dom;

constexpr int rsa_bits_min = 2048, rsa_bits_max = 8192;
constexpr std::size_t coordinate = 32;  // of P-256 and Ed25519, bytes

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

// What is wrong with a key, as a sentence; caught where the key is known by its place in the file.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::optional<std::string> text_member(dom::object key, std::string_view name) {
  dom::element member;
  if (key[name].get(member)) return std::nullopt;
  std::string_view text;
  if (member.get(text)) throw Wrong("'" + std::string(name) + "' is no text");
  return std::string(text);
}

std::string bytes_member(dom::object key, std::string_view name) {
  const auto text = text_member(key, name);
  if (!text) throw Wrong("it needs '" + std::string(name) + "'");
  const auto bytes = read_base64url(*text);
  if (!bytes || bytes->empty()) throw Wrong("'" + std::string(name) + "' is not base64 for URLs");
  return *bytes;
}

Number number_of(const std::string& bytes) {
  return {BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), int(bytes.size()), nullptr),
          BN_free};
}

template <class Fill>
Key make(const char* kind, const Fill& fill) {
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(OSSL_PARAM_BLD_new(),
                                                                                OSSL_PARAM_BLD_free);
  if (!builder || !fill(builder.get())) return {nullptr, EVP_PKEY_free};
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(
      OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    made = nullptr;
  ERR_clear_error();
  return {made, EVP_PKEY_free};
}

bool is_on_its_curve(const Key& key) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr), EVP_PKEY_CTX_free);
  const bool good = context && EVP_PKEY_public_check(context.get()) == 1;
  ERR_clear_error();
  return good;
}

// Fermat's test: every prime passes it, and next to no other number.
bool looks_prime(const BIGNUM* n) {
  const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), BN_CTX_free);
  const Number two(BN_new(), BN_free), exponent(BN_dup(n), BN_free), rest(BN_new(), BN_free);
  return !BN_set_word(two.get(), 2) || !BN_sub_word(exponent.get(), 1) ||
         !BN_mod_exp(rest.get(), two.get(), exponent.get(), n, context.get()) || BN_is_one(rest.get());
}

// RFC 8017, 3.1, as far as it shows in the public numbers. OpenSSL's own check tries a modulus that is no
// product of two primes by chance: the same file would be taken today and refused tomorrow.
bool is_rsa(const BIGNUM* n, const BIGNUM* e) {
  constexpr BN_ULONG small_factors = 751;  // as far as OpenSSL looks
  if (!BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e) || BN_cmp(e, n) >= 0) return false;
  for (BN_ULONG factor = 3; factor <= small_factors; factor += 2)
    if (BN_mod_word(n, factor) == 0) return false;
  return !looks_prime(n);
}

Key rsa(dom::object member) {
  const auto n = number_of(bytes_member(member, "n")), e = number_of(bytes_member(member, "e"));
  const int bits = BN_num_bits(n.get());
  if (bits < rsa_bits_min || bits > rsa_bits_max)
    throw Wrong("an RSA key of " + std::to_string(bits) + " bits; the gate takes 2048 to 8192");
  if (!is_rsa(n.get(), e.get())) return {nullptr, EVP_PKEY_free};
  return make("RSA", [&](OSSL_PARAM_BLD* out) {
    return OSSL_PARAM_BLD_push_BN(out, OSSL_PKEY_PARAM_RSA_N, n.get()) &&
           OSSL_PARAM_BLD_push_BN(out, OSSL_PKEY_PARAM_RSA_E, e.get());
  });
}

Key ec(dom::object member) {
  const auto x = bytes_member(member, "x"), y = bytes_member(member, "y");
  if (x.size() != coordinate || y.size() != coordinate) throw Wrong("'x' and 'y' are 32 bytes each on P-256");
  const auto point = "\x04" + x + y;  // uncompressed
  auto key = make("EC", [&](OSSL_PARAM_BLD* out) {
    return OSSL_PARAM_BLD_push_utf8_string(out, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
           OSSL_PARAM_BLD_push_octet_string(out, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  });
  if (key && !is_on_its_curve(key)) key.reset();
  return key;
}

Key ed25519(dom::object member) {
  const auto x = bytes_member(member, "x");
  if (x.size() != coordinate) throw Wrong("'x' is 32 bytes for Ed25519");
  PublicKey bytes{};
  std::copy(x.begin(), x.end(), bytes.begin());
  if (is_weak(bytes)) throw Wrong("this is no key that anybody holds: everybody could sign for it");
  return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()), EVP_PKEY_free};
}

struct Kind {
  std::string_view kty, crv;
  Algorithm algorithm;
  Key (*make)(dom::object);
};
constexpr Kind kinds[] = {{"RSA", "", Algorithm::rs256, rsa},
                          {"EC", "P-256", Algorithm::es256, ec},
                          {"OKP", "Ed25519", Algorithm::eddsa, ed25519}};

bool verifies_signatures(dom::object member) {
  if (const auto use = text_member(member, "use"); use && *use != "sig") return false;
  dom::element operations;
  if (member["key_ops"].get(operations)) return true;
  dom::array list;
  if (operations.get(list)) throw Wrong("'key_ops' is no list");
  return std::any_of(list.begin(), list.end(), [](dom::element one) {
    std::string_view text;
    return !one.get(text) && text == "verify";
  });
}

// Nothing: a key that is not for us.
std::optional<Jwk> read_key(dom::element element) {
  dom::object member;
  if (element.get(member)) throw Wrong("a key is an object");
  const auto kty = text_member(member, "kty");
  if (!kty) throw Wrong("it needs 'kty'");
  static constexpr std::string_view secret_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
  for (const auto secret : secret_members)
    if (dom::element found; !member[secret].get(found))
      throw Wrong("it holds the secret '" + std::string(secret) +
                  "': who has this file could make tokens. Give the gate the public keys only");
  const auto crv = text_member(member, "crv").value_or("");
  const auto kind = std::find_if(std::begin(kinds), std::end(kinds),
                                 [&](const Kind& one) { return one.kty == *kty && one.crv == crv; });
  if (kind == std::end(kinds) || !verifies_signatures(member)) return std::nullopt;
  const auto ours = policy::name(kind->algorithm);
  if (const auto alg = text_member(member, "alg"); alg && *alg != ours)
    throw Wrong("its 'alg' is '" + *alg + "'; of this kind of key the gate verifies " + std::string(ours));
  auto key = kind->make(member);
  if (!key) throw Wrong("its numbers make no public key");
  return Jwk{text_member(member, "kid").value_or(""), kind->algorithm, {key.release(), EVP_PKEY_free}};
}

}  // namespace

const Jwk* Jwks::find(std::string_view kid) const {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Jwk& key) { return key.kid == kid; });
  return found == all.end() ? nullptr : &*found;
}

Loaded<Jwks> read_jwks(const std::filesystem::path& name, std::string_view text) {
  Loaded<Jwks> out;
  const auto wrong = [&](std::string why) {
    out.errors.push_back({.file = name.string(), .text = std::move(why)});
  };
  dom::element root;
  dom::array list;
  if (auto refused = policy::read_strict_json(text, root); !refused.empty()) {
    wrong("is no JSON that can be read: " + refused);
  } else if (root["keys"].get(list)) {
    wrong("is no key set: it needs a list 'keys'");
  }
  if (!out.errors.empty()) return out;
  Jwks keys;
  std::size_t place = 0;
  for (dom::element element : list) {
    try {
      auto key = read_key(element);
      if (key && keys.find(key->kid))
        throw Wrong(key->kid.empty() ? "a set of several keys tells them apart by 'kid'"
                                     : "the kid '" + key->kid + "' stands in this set twice");
      if (key) keys.all.push_back(std::move(*key));
    } catch (const Wrong& why) {
      wrong("keys[" + std::to_string(place) + "]: " + why.what());
    }
    ++place;
  }
  if (out.errors.empty() && keys.all.size() > 1 && keys.find(""))
    wrong("a set of several keys tells them apart by 'kid'");
  if (out.errors.empty() && keys.all.empty()) wrong("has no key that the gate could verify a token with");
  if (out.errors.empty()) out.value = std::move(keys);
  return out;
}

Loaded<Jwks> load_jwks(const std::filesystem::path& file, std::string& digest) {
  auto text = read_small_file(file);
  if (!text) return {.errors = std::move(text.errors)};
  digest = sha256_hex(*text.value);
  return read_jwks(file, *text.value);
}

std::optional<std::string> read_base64url(std::string_view text) {
  static constexpr auto values = [] {
    std::array<signed char, 256> out{};
    out.fill(-1);
    signed char value = 0;
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
      out[static_cast<unsigned char>(c)] = value++;
    return out;
  }();
  std::string out;
  out.reserve(text.size() * 3 / 4);
  unsigned bits = 0, held = 0;
  for (const char c : text) {
    const auto value = values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    held = held << 6 | unsigned(value);
    bits += 6;
    if (bits >= 8) out += char(held >> (bits -= 8) & 0xff);
  }
  // What is left over is less than a character, and zero: else another text would have the same bytes.
  if (bits >= 6 || (held & ((1u << bits) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace sekisho::config
