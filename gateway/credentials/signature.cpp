#include "gateway/credentials/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "config/ed25519.h"
#include "gateway/credentials/fields.h"
#include "policy/text_rules.h"

namespace sekisho::gateway {
namespace {

const std::string nobodys_secret(64, '\0');  // a file's secret has no such character

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool same_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hash(const EVP_MD* algorithm, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &size, algorithm, nullptr);
  return {reinterpret_cast<char*>(out.data()), size};
}

std::optional<std::string_view> only(const http::Headers& headers, std::string_view name) {
  if (headers.count(name) != 1) return std::nullopt;
  return headers.find(name);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = char(c | 0x20);
  return out;
}

// The host without the port that it has anyway, so that both sides write the same.
std::string authority(std::string_view host) {
  auto out = lower(host);
  for (const std::string_view usual : {":80", ":443"})
    if (out.ends_with(usual)) return out.substr(0, out.size() - usual.size());
  return out;
}

std::optional<std::string> component(const http::Request& request, const std::string& name) {
  if (name == "@method") return request.method;
  if (name == "@path") return std::string(request.path());
  if (name == "@query") return "?" + std::string(request.query());
  if (name == "@authority") {
    const auto host = only(request.headers, "Host");
    return host ? std::optional(authority(*host)) : std::nullopt;
  }
  if (name.empty() || name.front() == '@' || name != lower(name)) return std::nullopt;
  std::optional<std::string> value;
  for (const auto& header : request.headers.all()) {
    if (!http::same_name(header.name, name)) continue;
    value = value ? *value + ", " : "";
    *value += header.value;
  }
  return value;
}

bool has_query(const http::Request& request) { return request.target.find('?') != std::string::npos; }

std::vector<std::string> to_cover(const http::Request& request) {
  std::vector<std::string> out = {"@method", "@authority", "@path"};
  if (has_query(request)) out.push_back("@query");
  if (!request.body.empty()) out.push_back("content-digest");
  return out;
}

bool covers_enough(const http::Request& request, std::vector<std::string> components) {
  const auto has = [&](const std::string& one) {
    return std::count(components.begin(), components.end(), one) == 1;
  };
  const auto needed = to_cover(request);
  if (!std::all_of(needed.begin(), needed.end(), has)) return false;
  std::sort(components.begin(), components.end());
  return std::adjacent_find(components.begin(), components.end()) == components.end();
}

// The body is the one whose digest the header has. Other algorithms beside ours are passed over.
Cause check_digest(const http::Request& request) {
  if (request.headers.count("Content-Digest") == 0)
    return request.body.empty() ? Cause::none : Cause::not_covered;
  const auto header = only(request.headers, "Content-Digest");
  const auto digests = header ? all_bytes(*header) : std::nullopt;
  if (!digests) return Cause::malformed;
  bool known = false, good = true;
  for (const auto& [name, digest] : *digests) {
    const EVP_MD* algorithm = name == "sha-256" ? EVP_sha256() : name == "sha-512" ? EVP_sha512() : nullptr;
    if (!algorithm) continue;
    known = true;
    good &= same_bytes(hash(algorithm, request.body), digest);
  }
  return !known ? Cause::malformed : good ? Cause::none : Cause::altered;
}

bool knows_all(const Parameters& parameters) {
  static constexpr std::string_view known[] = {"created", "expires", "nonce", "alg", "keyid", "tag"};
  return std::all_of(parameters.all.begin(), parameters.all.end(), [](const auto& one) {
    return std::find(std::begin(known), std::end(known), one.first) != std::end(known);
  });
}

Cause check_time(const Parameters& parameters, std::int64_t created, std::chrono::milliseconds window,
                 policy::Instant now) {
  const auto at = policy::to_ms(now), signed_at = created * 1000, most = std::int64_t(window.count());
  if (signed_at - at > most) return Cause::not_yet_valid;
  if (at - signed_at > most) return Cause::expired;
  const auto expires = parameters.integer("expires");
  return expires && at >= *expires * 1000 ? Cause::expired : Cause::none;
}

}  // namespace

std::string hmac_sha256(std::string_view secret, std::string_view text) {
  std::array<unsigned char, 32> out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), int(secret.size()), bytes_of(text), text.size(), out.data(), &size);
  return {reinterpret_cast<char*>(out.data()), size};
}

std::optional<std::string> signature_base(const http::Request& request,
                                          const std::vector<std::string>& components,
                                          std::string_view parameters) {
  std::string out;
  for (const auto& name : components) {
    const auto value = component(request, name);
    if (!value) return std::nullopt;
    out += '"' + name + "\": " + *value + '\n';
  }
  return out + "\"@signature-params\": " + std::string(parameters);
}

SignedRequest read_signature(const http::Request& request, const config::Clients& clients,
                             policy::Instant now) {
  const auto refused = [](Cause cause) { return SignedRequest{.cause = cause}; };
  const auto input_header = only(request.headers, "Signature-Input");
  const auto signature_header = only(request.headers, "Signature");
  const auto input = input_header ? only_list(*input_header) : std::nullopt;
  const auto signature = signature_header ? only_bytes(*signature_header) : std::nullopt;
  if (!input || !signature || input->first != signature->first) return refused(Cause::malformed);

  const auto& [components, parameters, text] = input->second;
  const auto created = parameters.integer("created");
  const auto key_id = parameters.text("keyid"), nonce = parameters.text("nonce");
  const bool timed = !parameters.has("expires") || parameters.integer("expires");
  const bool ours = !parameters.has("alg") || parameters.text("alg") == "hmac-sha256";
  if (!created || !key_id || !nonce || nonce->empty() || nonce->size() > nonce_bytes_max || !timed || !ours ||
      !knows_all(parameters))
    return refused(Cause::malformed);

  const auto key = clients.by_key_id.find(*key_id);
  const bool known = key != clients.by_key_id.end();
  const auto base = signature_base(request, components, text);
  const auto expected = hmac_sha256(known ? key->second.secret : nobodys_secret, base.value_or(""));
  const bool good = same_bytes(expected, signature->second);
  const auto digest = check_digest(request);  // for everybody: it is most of the work
  if (!known) return refused(Cause::unknown);
  if (!base || !covers_enough(request, components)) return refused(Cause::not_covered);
  if (!good) return refused(Cause::wrong);
  if (digest != Cause::none) return refused(digest);
  if (const auto cause = check_time(parameters, *created, clients.signature_window, now);
      cause != Cause::none)
    return refused(cause);
  return {.key = &key->second, .key_id = *key_id, .nonce = *nonce};
}

http::Headers sign(const http::Request& request, const std::string& key_id, const std::string& secret,
                   policy::Instant now, const std::string& nonce) {
  auto complete = request;
  http::Headers out;
  const auto base64 = [](const std::string& bytes) { return config::base64(bytes_of(bytes), bytes.size()); };
  const auto add = [&](std::string_view name, const std::string& value) {
    out.add(name, value);
    complete.headers.set(name, value);
  };
  if (!request.body.empty())
    add("Content-Digest", "sha-256=:" + base64(hash(EVP_sha256(), request.body)) + ":");
  const auto components = to_cover(request);
  std::string parameters = "(";
  for (const auto& one : components) parameters += (parameters.size() > 1 ? " \"" : "\"") + one + "\"";
  parameters += ");created=" + std::to_string(policy::to_ms(now) / 1000) + ";keyid=\"" + key_id +
                "\";nonce=\"" + nonce + "\";alg=\"hmac-sha256\"";
  const auto base = signature_base(complete, components, parameters);
  add("Signature-Input", "sig=" + parameters);
  add("Signature", "sig=:" + base64(hmac_sha256(secret, base.value_or(""))) + ":");
  return out;
}

}  // namespace sekisho::gateway
