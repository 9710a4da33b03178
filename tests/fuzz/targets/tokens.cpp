// Callers' tokens: a line of JSON as the header, a line as the payload, and the signature's bytes; where the
// signature is empty, the one that the issuer would have made. Always: a token is a caller's or it is said
// why not; only what the issuer's key signed is taken, and no change to it; what was taken is in time.
#include "gateway/credentials/token.h"

#include "tests/fuzz/target.h"
#include "tests/gateway/tokens.h"

namespace sekisho::fuzz {
namespace {

using namespace std::chrono_literals;
using gateway::base64url;
using gateway::Cause;

const policy::Instant now{1'795'500'000'000ms};

// The same key in every run, so that a kept input means the same for ever.
const gateway::SigningKey& key() {
  static const gateway::SigningKey made = [] {
    const unsigned char seed[32] = {'s', 'e', 'k', 'i', 's', 'h', 'o'};
    return gateway::SigningKey{
        {EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, sizeof seed), EVP_PKEY_free}, "EdDSA"};
  }();
  return made;
}

const std::vector<config::TokenIssuer>& issuers() {
  static const std::vector<config::TokenIssuer> known = [] {
    config::TokenIssuer issuer;
    issuer.name = "idp";
    issuer.issuer = "https://idp.example";
    issuer.audience = {"sekisho"};
    issuer.told_by = {"sub"};
    issuer.keys = *config::read_jwks("jwks.json", R"({"keys":[)" + key().jwk("k1") + "]}").value;
    return std::vector{issuer};
  }();
  return known;
}

gateway::ReadToken read(std::string_view token) {
  auto read = gateway::read_token(token, "authorization", issuers(), now);
  must(read.token.has_value() == (read.cause == Cause::none), "a token, or why it is none");
  return read;
}

void run(std::string_view bytes) {
  read(bytes);
  Input input(bytes);
  const std::string header(input.line()), payload(input.line());
  const auto signed_text = base64url(header) + "." + base64url(payload);
  const auto right = key().sign(signed_text);
  const std::string given(input.rest());
  const auto token = signed_text + "." + base64url(given.empty() ? right : given);
  const auto taken = read(token);
  if (!taken.token) return;
  must(given.empty() || given == right, "only what the issuer's key signed is taken");
  must(taken.token->expires + 30 >= 1'795'500'000, "a token that is taken has not expired");
  must(timely(*taken.token, issuers()[0], now) == Cause::none, "a token that is taken is in time");
  Dice dice(bytes);
  auto changed = token;
  auto& one = changed[dice.below(changed.size())];
  one = one == 'A' ? 'B' : 'A';
  must(changed == token || !read(changed).token, "no change to it is taken");
}

const Target target{"tokens", run};

}  // namespace
}  // namespace sekisho::fuzz
