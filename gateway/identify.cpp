#include "gateway/identify.h"

#include <algorithm>

#include "config/digest.h"
#include "gateway/credentials/signature.h"

namespace sekisho::gateway {
namespace {

using config::Client;
using config::Clients;

constexpr std::string_view signature_headers[] = {"Signature", "Signature-Input"};

Identity nobody(Credential credential, Cause cause) { return {.credential = credential, .cause = cause}; }

Identity known(Credential credential, const Clients& clients, std::size_t index) {
  return {.credential = credential, .client = &clients.all[index], .cause = Cause::none};
}

// The headers that tokens come in, each once.
std::vector<std::string_view> token_headers(const Clients& clients) {
  std::vector<std::string_view> out;
  for (const auto& issuer : clients.issuers) {
    const auto same = [&](std::string_view name) { return http::same_name(name, issuer.header); };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back(issuer.header);
  }
  return out;
}

bool is_authorization(std::string_view header) { return http::same_name(header, "Authorization"); }

Identity by_api_key(const http::Headers& headers, const Clients& clients) {
  const auto key = given(headers, clients.api_key_header);
  // The digest is computed also when there is no key. The look-up compares digests, whose bytes an attacker
  // cannot steer, so how long it takes tells nothing about any key.
  const auto found = clients.by_key.find(config::sha256(key.first));
  if (key.times == 0) return {};
  if (key.times != 1) return nobody(Credential::api_key, Cause::several);
  if (found == clients.by_key.end()) return nobody(Credential::api_key, Cause::unknown);
  return known(Credential::api_key, clients, found->second);
}

Identity by_token(const http::Headers& headers, std::string_view header, const Clients& clients,
                  policy::Instant now, TokenCache& tokens) {
  const auto values = given(headers, header);
  if (values.times != 1) return nobody(Credential::token, Cause::several);
  auto text = values.first;
  if (is_authorization(header)) {
    static constexpr std::string_view scheme = "Bearer ";
    if (!http::same_name(text.substr(0, scheme.size()), scheme))
      return nobody(Credential::token, Cause::malformed);
    text.remove_prefix(scheme.size());
  }
  const auto [token, cause] = tokens.read(text, header, clients, now);
  if (!token) return nobody(Credential::token, cause);
  const auto& issuer = clients.issuers[token->issuer];
  std::vector<std::string_view> told;
  for (const auto& name : issuer.told_by) {
    const auto value = token->claim(name);
    if (!value) return nobody(Credential::token, Cause::unknown);
    told.push_back(*value);
  }
  const auto found = issuer.clients.find(config::token_identity(told));
  if (found == issuer.clients.end()) return nobody(Credential::token, Cause::unknown);
  auto who = known(Credential::token, clients, found->second);
  who.token = token;
  return who;
}

Identity by_signature(const http::Request& request, const Clients& clients, policy::Instant now) {
  auto read = read_signature(request, clients, now);
  if (!read.key) return nobody(Credential::signature, read.cause);
  auto who = known(Credential::signature, clients, read.key->client);
  who.key_id = std::move(read.key_id);
  who.nonce = std::move(read.nonce);
  return who;
}

// What the request itself presents: exactly one kind.
Identity by_request(const http::Request& request, const Clients& clients, policy::Instant now,
                    TokenCache& tokens) {
  const auto& headers = request.headers;
  const bool signs = !clients.by_key_id.empty() && is_signed(headers);
  std::string_view token_header;
  int kinds = signs + (headers.count(clients.api_key_header) > 0);
  for (const auto name : token_headers(clients)) {
    if (headers.count(name) == 0) continue;
    token_header = name;
    ++kinds;
  }
  if (kinds > 1) return nobody(Credential::several, Cause::several);
  if (signs) return by_signature(request, clients, now);
  if (!token_header.empty()) return by_token(headers, token_header, clients, now, tokens);
  return by_api_key(headers, clients);
}

Identity by_certificate(const PeerCertificate& certificate, const Clients& clients) {
  const auto print = clients.by_certificate.find(certificate.sha256);
  const auto subject = clients.by_subject.find(certificate.subject);
  const bool has_print = print != clients.by_certificate.end(),
             has_subject = subject != clients.by_subject.end();
  if (!has_print && !has_subject) return nobody(Credential::certificate, Cause::unknown);
  if (has_print && has_subject && print->second != subject->second)
    return nobody(Credential::certificate, Cause::other_client);
  return known(Credential::certificate, clients, has_print ? print->second : subject->second);
}

}  // namespace

policy::Given given(const http::Headers& headers, std::string_view name) {
  policy::Given out;
  for (const auto& header : headers.all())
    if (http::same_name(header.name, name) && out.times++ == 0) out.first = header.value;
  return out;
}

Identity identify(const http::Request& request, const Peer& peer, const Clients& clients, policy::Instant now,
                  TokenCache& tokens) {
  auto who = by_request(request, clients, now, tokens);
  if (peer.certificate) {
    auto holder = by_certificate(*peer.certificate, clients);
    const bool shown_alone = who.credential == Credential::none;
    // A certificate that nobody knows says nothing: a network may give one to all of its machines.
    const bool disagree =
        holder.cause == Cause::other_client || (holder.client && holder.client != who.client);
    if (shown_alone)
      who = std::move(holder);
    else if (who.client && disagree)
      who = nobody(who.credential, Cause::other_client);
  }
  if (who.client && !who.client->calls_from(bytes_of(peer)))
    who = nobody(who.credential, Cause::wrong_network);
  return who;
}

std::vector<std::string> challenges(const Clients& clients) {
  const std::string realm = " realm=\"sekisho\"";
  std::vector<std::string> out;
  if (!clients.by_key.empty())
    out.push_back("ApiKey" + realm + ", header=\"" + clients.api_key_header + "\"");
  for (const auto header : token_headers(clients))
    out.push_back("Bearer" + realm +
                  (is_authorization(header) ? "" : ", header=\"" + std::string(header) + "\""));
  if (!clients.by_key_id.empty()) out.push_back("Signature" + realm + ", algorithm=\"hmac-sha256\"");
  if (!clients.by_certificate.empty() || !clients.by_subject.empty())
    out.push_back("ClientCertificate" + realm);
  return out;
}

bool is_signed(const http::Headers& headers) {
  return std::any_of(std::begin(signature_headers), std::end(signature_headers),
                     [&](std::string_view name) { return headers.count(name) > 0; });
}

void drop_credentials(http::Headers& headers, const Clients& clients) {
  headers.remove(clients.api_key_header);
  for (const auto name : token_headers(clients)) headers.remove(name);
  if (clients.by_key_id.empty()) return;
  for (const auto name : signature_headers) headers.remove(name);
}

bool may_use(const Client& client, std::string_view carrier, policy::Operation operation) {
  if (!client.carriers.empty() &&
      std::find(client.carriers.begin(), client.carriers.end(), carrier) == client.carriers.end())
    return false;
  return !client.operations || client.operations->has(operation);
}

}  // namespace sekisho::gateway
