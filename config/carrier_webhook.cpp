#include "config/carrier_routes.h"
#include "config/ed25519.h"
#include "config/kinds.h"

namespace sekisho::config {
namespace {

using policy::Webhook;
using namespace std::chrono_literals;

constexpr std::string_view body = "{body}", timestamp = "{timestamp}";

std::size_t times(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

void read_key(Fields& fields, Webhook& webhook) {
  if (webhook.scheme == Webhook::Scheme::hmac_sha256) {
    fields.need("secret", Text{}, webhook.key);
    if (const auto* other = fields.find("public_key"); other)
      fields.error("public_key", "hmac-sha256 has a secret that both sides know: write 'secret'");
    return;
  }
  std::string text;
  PublicKey key{};
  if (fields.need("public_key", Text{}, text)) {
    if (!read_base64(text, key) || is_weak(key))
      fields.error("public_key", "expected an Ed25519 public key, 32 bytes in base64 (44 characters)");
    webhook.key.assign(key.begin(), key.end());
  }
  if (const auto* other = fields.find("secret"); other)
    fields.error("secret", "ed25519 needs no secret: write the carrier's 'public_key'");
}

}  // namespace

bool read_webhook(Document& document, const Node& node, Webhook& webhook) {
  Fields fields(document, node, "'webhook'");
  const bool known = fields.need("signature", Word<Webhook::Scheme>{}, webhook.scheme);
  fields.need("header", HeaderName{}, webhook.header);
  fields.may("prefix", Text{}, webhook.prefix);
  std::string encoding = webhook.scheme == Webhook::Scheme::ed25519 ? "base64" : "hex";
  fields.may("encoding", OneOf{{"hex", "base64"}}, encoding);
  webhook.base64 = encoding == "base64";
  if (known) {
    read_key(fields, webhook);
  } else {
    fields.find("secret");  // one of the two is meant
    fields.find("public_key");
  }

  fields.may("covers", Text{}, webhook.covers);
  fields.may("timestamp", HeaderName{}, webhook.timestamp);
  const bool timed = times(webhook.covers, timestamp) == 1;
  if (times(webhook.covers, body) != 1 || times(webhook.covers, timestamp) > 1)
    fields.error("covers", "expected what is signed, with {body} once and perhaps {timestamp} once");
  else if (timed && webhook.timestamp.empty())
    fields.error("covers", "signs a time: name the header in which it comes as 'timestamp'");
  else if (!timed && !webhook.timestamp.empty())
    fields.error("timestamp", "is not signed: let 'covers' name it, as in '{timestamp}.{body}'");
  Milliseconds within = webhook.within;
  if (fields.may("within", Duration{1s, 24h}, within))
    webhook.within = std::chrono::duration_cast<std::chrono::seconds>(within);
  return fields.is_map();
}

}  // namespace sekisho::config
