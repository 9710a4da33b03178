// Tokens that were verified once, so that an order costs no signature check each time. A worker's own.
//
// Kept by the SHA-256 of the whole token, and only good ones: a look-up that misses costs what it would
// without the cache. What depends on the time is asked each time.
#pragma once

#include <memory>
#include <string_view>

#include "config/clients.h"
#include "gateway/credentials/token.h"

namespace sekisho::gateway {

class TokenCache {
 public:
  explicit TokenCache(std::size_t most = 10'000) : most_(most) {}

  // Forgets everything when the installation is another one: keys and audiences may be others.
  void belong_to(const std::shared_ptr<const void>& installation);

  struct Answer {
    std::shared_ptr<const Token> token;  // null: see the cause
    Cause cause = Cause::none;
  };
  Answer read(std::string_view text, std::string_view header, const config::Clients& clients,
              policy::Instant now);
  std::size_t size() const { return tokens_.size(); }

 private:
  void make_room(policy::Instant now);

  const std::size_t most_;
  std::shared_ptr<const void> installation_;
  config::ByDigest<std::shared_ptr<const Token>> tokens_;
};

}  // namespace sekisho::gateway
