#include "gateway/webhook.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>

#include "config/ed25519.h"

namespace sekisho::gateway {
namespace {

using policy::Webhook;

std::optional<std::string_view> only(const policy::Lookup& headers, std::string_view name) {
  const auto [value, times] = headers(name);
  if (times != 1) return std::nullopt;
  return value;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = char(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

template <std::size_t N>
bool decode(std::string_view text, bool base64, std::array<unsigned char, N>& bytes) {
  if (base64) return config::read_base64(text, bytes);
  if (text.size() != 2 * N) return false;
  for (std::size_t i = 0; i < N; ++i) {
    const int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

void put(std::string& text, std::string_view place, std::string_view value) {
  if (const auto at = text.find(place); at != text.npos) text.replace(at, place.size(), value);
}

bool is_right(const Webhook& webhook, std::string_view given, const std::string& message) {
  if (webhook.scheme == Webhook::Scheme::ed25519) {
    config::PublicKey key{};
    config::Signature signature{};
    if (webhook.key.size() != key.size() || !decode(given, webhook.base64, signature)) return false;
    std::copy(webhook.key.begin(), webhook.key.end(), key.begin());
    return config::verifies(key, message, signature);
  }
  std::array<unsigned char, 32> said{}, ours{};
  if (!decode(given, webhook.base64, said)) return false;
  unsigned length = 0;
  HMAC(EVP_sha256(), webhook.key.data(), int(webhook.key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), ours.data(), &length);
  return length == ours.size() && CRYPTO_memcmp(said.data(), ours.data(), ours.size()) == 0;
}

}  // namespace

bool is_from_carrier(const Webhook& webhook, const policy::Lookup& headers, std::string_view body,
                     policy::Instant now) {
  auto signature = only(headers, webhook.header);
  if (!signature || !signature->starts_with(webhook.prefix)) return false;
  signature->remove_prefix(webhook.prefix.size());

  // The body last: it is foreign text, and may hold "{timestamp}" itself.
  std::string message = webhook.covers;
  if (!webhook.timestamp.empty()) {
    const auto time = only(headers, webhook.timestamp);
    std::int64_t seconds = 0;
    if (!time) return false;
    const auto [end, failed] = std::from_chars(time->data(), time->data() + time->size(), seconds);
    if (failed != std::errc() || end != time->data() + time->size()) return false;
    if (std::abs(policy::to_ms(now) / 1000 - seconds) > webhook.within.count()) return false;
    put(message, "{timestamp}", *time);
  }
  put(message, "{body}", body);
  return is_right(webhook, *signature, message);
}

}  // namespace sekisho::gateway
