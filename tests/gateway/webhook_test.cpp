// Signatures of webhooks: what is the carrier's, and what is not. The HMACs were
// made by Python's `hmac`.
#include "gateway/webhook.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "config/ed25519.h"

namespace sekisho::gateway {
namespace {

using policy::Webhook;

constexpr std::string_view body = R"({"order":"o-1","state":"done"})";
const auto now = policy::from_ms(1'700'000'000'000);

policy::Lookup of(std::multimap<std::string, std::string> headers) {
  const auto kept = std::make_shared<const std::multimap<std::string, std::string>>(std::move(headers));
  return [kept](std::string_view name) {
    const auto [first, last] = kept->equal_range(std::string(name));
    const auto times = std::size_t(std::distance(first, last));
    return policy::Given{times > 0 ? std::string_view(first->second) : std::string_view(), times};
  };
}

// hmac.new(b"secret", b"1700000000." + body, "sha256").hexdigest()
constexpr const char* mac = "4c926665bef5b10ac0fd0f9a93f09542c0fd6b70cd13c1ba887cfcc9778b8410";
constexpr const char* mac_of_body = "tabMkgf8qjD5yt9AY0HK9ha87tacMTIV2FHE1Kv0mik=";

Webhook timed() {
  return {.header = "X-Signature",
          .prefix = "sha256=",
          .key = "secret",
          .covers = "{timestamp}.{body}",
          .timestamp = "X-Time"};
}

TEST(Webhooks, a_right_signature_is_the_carriers) {
  EXPECT_TRUE(is_from_carrier(
      timed(), of({{"X-Signature", std::string("sha256=") + mac}, {"X-Time", "1700000000"}}), body, now));
  const Webhook plain{.header = "S", .base64 = true, .key = "secret"};
  EXPECT_TRUE(is_from_carrier(plain, of({{"S", mac_of_body}}), body, now));
}

TEST(Webhooks, whatever_else_is_not) {
  const std::string good = std::string("sha256=") + mac;
  const std::vector<std::pair<std::string, std::multimap<std::string, std::string>>> rows = {
      {"none", {{"X-Time", "1700000000"}}},
      {"twice", {{"X-Signature", good}, {"X-Signature", good}, {"X-Time", "1700000000"}}},
      {"without its prefix", {{"X-Signature", mac}, {"X-Time", "1700000000"}}},
      {"empty", {{"X-Signature", ""}, {"X-Time", "1700000000"}}},
      {"shorter", {{"X-Signature", good.substr(0, good.size() - 2)}, {"X-Time", "1700000000"}}},
      {"no hex", {{"X-Signature", good.substr(0, good.size() - 1) + "g"}, {"X-Time", "1700000000"}}},
      {"another time", {{"X-Signature", good}, {"X-Time", "1700000001"}}},
      {"no time", {{"X-Signature", good}}},
      {"a time with a space", {{"X-Signature", good}, {"X-Time", " 1700000000"}}},
      {"two times", {{"X-Signature", good}, {"X-Time", "1700000000"}, {"X-Time", "1700000000"}}}};
  for (const auto& [what, headers] : rows)
    EXPECT_FALSE(is_from_carrier(timed(), of(headers), body, now)) << what;
  const std::multimap<std::string, std::string> all{{"X-Signature", good}, {"X-Time", "1700000000"}};
  EXPECT_FALSE(is_from_carrier(timed(), of(all), std::string(body) + " ", now)) << "another body";
  EXPECT_TRUE(is_from_carrier(timed(), of(all), body, now + std::chrono::seconds(300)));
  EXPECT_FALSE(is_from_carrier(timed(), of(all), body, now + std::chrono::seconds(301))) << "an old one";
  EXPECT_FALSE(is_from_carrier(timed(), of(all), body, now - std::chrono::seconds(301)));
}

TEST(Webhooks, ed25519_signs_as_well) {
  std::array<unsigned char, 32> seed{};
  seed[0] = 7;
  const auto key = config::PrivateKey::of_seed(seed);
  const auto public_key = key.public_key();
  Webhook webhook{.scheme = Webhook::Scheme::ed25519,
                  .header = "S",
                  .base64 = true,
                  .covers = "{timestamp}|{body}",
                  .timestamp = "T"};
  webhook.key.assign(public_key.begin(), public_key.end());
  const auto signature = config::base64(key.sign("1700000000|" + std::string(body)));
  EXPECT_TRUE(is_from_carrier(webhook, of({{"S", signature}, {"T", "1700000000"}}), body, now));
  auto other = signature;
  other[10] = other[10] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(is_from_carrier(webhook, of({{"S", other}, {"T", "1700000000"}}), body, now));
}

TEST(Webhooks, a_body_that_speaks_of_the_time_is_signed_as_it_is) {
  // hmac.new(b"secret", b'1700000000.{"a":"{timestamp}{body}"}', "sha256").hexdigest()
  const std::string odd = R"({"a":"{timestamp}{body}"})";
  EXPECT_TRUE(is_from_carrier(
      timed(),
      of({{"X-Signature", "sha256=b97996bfc0239940d9e99db0e8a7e735a0c4d843633dfb8d1d71df9b9148930b"},
          {"X-Time", "1700000000"}}),
      odd, now));
}

}  // namespace
}  // namespace sekisho::gateway
