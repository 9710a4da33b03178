// Who calls: one place, and one answer, a client or nobody.
//
// A caller presents one kind of credential: an API key, a token or a signature. A client certificate may come
// with it, and is then of the same client; alone it is enough. Whatever is wrong makes the caller nobody,
// after the same work as a good credential of its kind, and the answer is the same for all.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "config/clients.h"
#include "gateway/credentials/cause.h"
#include "gateway/credentials/token.h"
#include "gateway/http/message.h"
#include "gateway/peer.h"
#include "gateway/token_cache.h"
#include "policy/reading.h"

namespace sekisho::gateway {

enum class Credential : std::uint8_t { none, api_key, token, signature, certificate, several };
inline constexpr std::string_view credential_words[] = {"none",      "api_key",     "token",
                                                        "signature", "certificate", "several"};
constexpr auto& words_of(Credential) { return credential_words; }

struct Identity {
  Credential credential = Credential::none;  // what was presented
  const config::Client* client = nullptr;    // null: nobody, by this cause
  Cause cause = Cause::missing;
  std::shared_ptr<const Token> token;  // whose claims an order's fields may be read from
  std::string key_id, nonce;           // of a signed request: good once, and not yet asked
};

Identity identify(const http::Request& request, const Peer& peer, const config::Clients& clients,
                  policy::Instant now, TokenCache& tokens);

// How credentials may be presented here, as WWW-Authenticate has it.
std::vector<std::string> challenges(const config::Clients& clients);

// Whether it presents a signature, which only the whole request can prove.
bool is_signed(const http::Headers& headers);

// Removes what callers show to the gate alone.
void drop_credentials(http::Headers& headers, const config::Clients& clients);

// What the client may use: carriers and operations of the clients file.
bool may_use(const config::Client& client, std::string_view carrier, policy::Operation operation);

policy::Given given(const http::Headers& headers, std::string_view name);

}  // namespace sekisho::gateway
