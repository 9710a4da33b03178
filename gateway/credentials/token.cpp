#include "gateway/credentials/token.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "gateway/http/message.h"
#include "policy/strict_json.h"

namespace sekisho::gateway {
namespace {

namespace dom = simdjson::dom;
using config::Algorithm;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// What stands in a token before anything of it is believed.
struct Claimed {
  Algorithm algorithm{};
  std::optional<std::string> kid;
  std::string issuer;
  std::vector<std::string> audience;
  std::string_view signed_text;
  std::string signature;
  Token token;
};

std::optional<std::string> text_of(dom::element element) {
  std::string_view text;
  if (element.get(text)) return std::nullopt;
  return std::string(text);
}

// A moment as claims have it: seconds, perhaps with a fraction, and not before 1970 or after the year 9999.
std::optional<double> moment(dom::element element) {
  double value = 0;
  if (element.type() == dom::element_type::BOOL || element.get(value)) return std::nullopt;
  return std::isfinite(value) && value >= 0 && value < 253'402'300'800.0 ? std::optional(value)
                                                                         : std::nullopt;
}

// False: not there, or wrong.
template <class Read, class T>
bool may(dom::object object, std::string_view name, const Read& read, T& out) {
  dom::element member;
  if (object[name].get(member)) return true;
  auto value = read(member);
  if (value) out = std::move(*value);
  return value.has_value();
}

bool read_header(std::string_view json, Claimed& out) {
  dom::element root;
  dom::object object;
  if (!policy::read_strict_json(json, root).empty() || root.get(object)) return false;
  std::string algorithm, type = "JWT";
  if (!may(object, "alg", text_of, algorithm) || !may(object, "typ", text_of, type) ||
      !may(object, "kid", text_of, out.kid))
    return false;
  const auto known = policy::parse_word<Algorithm>(algorithm);
  const bool token = http::same_name(type, "JWT") || http::same_name(type, "at+jwt") ||
                     http::same_name(type, "application/at+jwt");
  // Who says that something is critical, or that the payload is coded otherwise, means what we do not know.
  dom::element there;
  const bool strange = !object["crit"].get(there) || !object["b64"].get(there) || !object["zip"].get(there) ||
                       !object["enc"].get(there);
  if (!known || !token || strange) return false;
  out.algorithm = *known;
  return true;
}

bool read_audience(dom::element element, std::vector<std::string>& out) {
  dom::array list;
  if (element.get(list)) {
    if (auto one = text_of(element)) out.push_back(std::move(*one));
    return out.size() == 1;
  }
  for (dom::element item : list) {
    auto one = text_of(item);
    if (!one) return false;
    out.push_back(std::move(*one));
  }
  return !out.empty();
}

void keep_claim(std::string_view name, dom::element value, Token& token) {
  switch (value.type()) {
    case dom::element_type::STRING:
      token.claims.emplace_back(name, std::string_view(value));
      break;
    case dom::element_type::INT64:
      token.claims.emplace_back(name, std::to_string(std::int64_t(value)));
      break;
    case dom::element_type::UINT64:
      token.claims.emplace_back(name, std::to_string(std::uint64_t(value)));
      break;
    case dom::element_type::BOOL:
      token.claims.emplace_back(name, bool(value) ? "true" : "false");
      break;
    default:
      break;  // a list or an object is no value of an order's field
  }
}

bool read_payload(std::string_view json, Claimed& out) {
  dom::element root, audience;
  dom::object object;
  if (!policy::read_strict_json(json, root).empty() || root.get(object)) return false;
  std::optional<double> expires;
  if (!may(object, "iss", text_of, out.issuer) || !may(object, "exp", moment, expires) || !expires ||
      !may(object, "nbf", moment, out.token.not_before) || !may(object, "iat", moment, out.token.issued))
    return false;
  if (object["aud"].get(audience) || !read_audience(audience, out.audience)) return false;
  out.token.expires = *expires;
  for (const auto& [name, value] : object) keep_claim(name, value, out.token);
  return true;
}

std::optional<Claimed> read_claimed(std::string_view text) {
  if (text.size() > token_bytes_max) return std::nullopt;
  const auto first = text.find('.');
  const auto second = first == text.npos ? first : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return std::nullopt;
  const auto header = config::read_base64url(text.substr(0, first));
  const auto payload = config::read_base64url(text.substr(first + 1, second - first - 1));
  auto signature = config::read_base64url(text.substr(second + 1));
  Claimed out;
  if (!header || !payload || !signature || signature->empty()) return std::nullopt;
  if (!read_header(*header, out) || !read_payload(*payload, out)) return std::nullopt;
  out.signed_text = text.substr(0, second);
  out.signature = std::move(*signature);
  return out;
}

// JWS has the two numbers of an ECDSA signature side by side; OpenSSL wants them in DER.
std::string ecdsa_der(const std::string& raw) {
  if (raw.size() != 64) return "";
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM* r = BN_bin2bn(bytes_of(raw), 32, nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(raw) + 32, 32, nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), r, s) != 1) return BN_free(r), BN_free(s), "";
  std::array<unsigned char, 80> der{};
  unsigned char* end = der.data();
  const int size = i2d_ECDSA_SIG(signature.get(), &end);
  return size > 0 ? std::string(reinterpret_cast<char*>(der.data()), std::size_t(size)) : "";
}

bool is_signed_by(const config::Jwk& key, const Claimed& claimed) {
  const auto signature = key.algorithm == Algorithm::es256 ? ecdsa_der(claimed.signature) : claimed.signature;
  const EVP_MD* hash = key.algorithm == Algorithm::eddsa ? nullptr : EVP_sha256();
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const bool good = context &&
                    EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key.key.get()) == 1 &&
                    EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                     bytes_of(claimed.signed_text), claimed.signed_text.size()) == 1;
  ERR_clear_error();
  return good;
}

// The issuer's key that the token names, if it may be signed with such a key.
const config::Jwk* key_of(const config::TokenIssuer& issuer, const Claimed& claimed) {
  if (!issuer.algorithms.has(claimed.algorithm)) return nullptr;
  const auto& keys = issuer.keys;
  const auto* key = claimed.kid            ? keys.find(*claimed.kid)
                    : keys.all.size() == 1 ? &keys.all.front()
                                           : nullptr;
  return key && key->algorithm == claimed.algorithm ? key : nullptr;
}

// Some key of that algorithm, for the work that a known one would have been.
const config::Jwk* any_key(const std::vector<config::TokenIssuer>& issuers, Algorithm algorithm) {
  for (const auto& issuer : issuers)
    for (const auto& key : issuer.keys.all)
      if (key.algorithm == algorithm) return &key;
  return nullptr;
}

bool is_meant(const config::TokenIssuer& issuer, const std::vector<std::string>& audience) {
  return std::any_of(audience.begin(), audience.end(), [&](const std::string& one) {
    return std::find(issuer.audience.begin(), issuer.audience.end(), one) != issuer.audience.end();
  });
}

}  // namespace

std::optional<std::string_view> Token::claim(std::string_view name) const {
  for (const auto& [own, value] : claims)
    if (own == name) return value;
  return std::nullopt;
}

Cause timely(const Token& token, const config::TokenIssuer& issuer, policy::Instant now) {
  const double at = double(policy::to_ms(now)) / 1000, leeway = double(issuer.leeway.count()) / 1000;
  if (at >= token.expires + leeway) return Cause::expired;
  if (token.not_before && at < *token.not_before - leeway) return Cause::not_yet_valid;
  if (token.issued && at < *token.issued - leeway) return Cause::not_yet_valid;
  if (!issuer.max_age) return Cause::none;
  const bool young = token.issued && at <= *token.issued + double(issuer.max_age->count()) / 1000 + leeway;
  return young ? Cause::none : Cause::too_old;
}

ReadToken read_token(std::string_view text, std::string_view header,
                     const std::vector<config::TokenIssuer>& issuers, policy::Instant now) {
  auto claimed = read_claimed(text);
  if (!claimed) return {.cause = Cause::malformed};
  const auto issuer = std::find_if(issuers.begin(), issuers.end(), [&](const config::TokenIssuer& one) {
    return one.issuer == claimed->issuer && http::same_name(one.header, header);
  });
  const auto* key = issuer == issuers.end() ? nullptr : key_of(*issuer, *claimed);
  const auto* used = key ? key : any_key(issuers, claimed->algorithm);
  const bool good = used && is_signed_by(*used, *claimed);
  if (!key) return {.cause = Cause::unknown};
  if (!good) return {.cause = Cause::wrong};
  if (!is_meant(*issuer, claimed->audience)) return {.cause = Cause::wrong_audience};
  if (const auto cause = timely(claimed->token, *issuer, now); cause != Cause::none) return {.cause = cause};
  claimed->token.issuer = std::size_t(issuer - issuers.begin());
  return {.token = std::move(claimed->token)};
}

}  // namespace sekisho::gateway
