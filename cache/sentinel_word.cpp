#include "cache/sentinel_word.h"

#include <charconv>

namespace sekisho::cache {
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto word_lasts = 3000ms;  // an older word names nobody to connect to
constexpr auto word_counts = 60s;    // and yet outranks those of older epochs

}  // namespace

std::optional<Named> named_by(const RedisAnswer& address, const RedisAnswer& about, Clock::time_point now) {
  const auto host = address.text(0);
  const auto port = address.integer(1).value_or(0);
  if (!host || host->empty() || port <= 0 || port > 65535) return std::nullopt;
  Named named{.master = {.host = std::string(*host), .port = std::uint16_t(port)}, .at = now};
  for (const auto& [field, value] : about.pairs())
    if (field == "config-epoch") std::from_chars(value.data(), value.data() + value.size(), named.epoch);
  return named;
}

std::optional<config::Address> newest(const std::vector<std::optional<Named>>& said, Clock::time_point now) {
  const Named* best = nullptr;
  for (const auto& word : said) {
    if (!word || now - word->at > word_counts) continue;
    if (!best || word->epoch > best->epoch || (word->epoch == best->epoch && word->at > best->at))
      best = &*word;
  }
  if (!best || now - best->at > word_lasts) return std::nullopt;
  return best->master;
}

}  // namespace sekisho::cache
