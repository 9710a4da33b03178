#include "gateway/token_cache.h"

#include "config/digest.h"
#include "gateway/http/message.h"

namespace sekisho::gateway {

void TokenCache::belong_to(const std::shared_ptr<const void>& installation) {
  if (installation == installation_) return;
  tokens_.clear();
  installation_ = installation;
}

TokenCache::Answer TokenCache::read(std::string_view text, std::string_view header,
                                    const config::Clients& clients, policy::Instant now) {
  const auto digest = config::sha256(text);
  if (const auto kept = tokens_.find(digest); kept != tokens_.end()) {
    const auto& issuer = clients.issuers[kept->second->issuer];
    if (!http::same_name(issuer.header, header)) return {.cause = Cause::unknown};
    const auto cause = timely(*kept->second, issuer, now);
    if (cause == Cause::none) return {.token = kept->second};
    tokens_.erase(kept);
    return {.cause = cause};
  }
  auto [token, cause] = read_token(text, header, clients.issuers, now);
  if (!token) return {.cause = cause};
  make_room(now);
  return {.token = tokens_[digest] = std::make_shared<const Token>(std::move(*token))};
}

// What has expired goes first; among good tokens, any.
void TokenCache::make_room(policy::Instant now) {
  if (tokens_.size() < most_) return;
  const double at = double(policy::to_ms(now)) / 1000;
  std::erase_if(tokens_, [&](const auto& entry) { return entry.second->expires < at; });
  if (tokens_.size() >= most_) tokens_.erase(tokens_.begin());
}

}  // namespace sekisho::gateway
