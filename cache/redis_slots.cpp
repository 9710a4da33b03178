#include "cache/redis_slots.h"

#include <algorithm>
#include <bitset>
#include <charconv>

namespace sekisho::cache {
namespace {

// CRC-16/XMODEM, a bit at a time: a key is short, and a slot is asked for once a command.
std::uint16_t crc16(std::string_view bytes) {
  std::uint16_t crc = 0;
  for (const char byte : bytes) {
    crc ^= std::uint16_t(static_cast<unsigned char>(byte) << 8);
    for (int bit = 0; bit < 8; ++bit) crc = std::uint16_t(crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1);
  }
  return crc;
}

// What lies between the first "{" and the next "}", unless that is empty.
std::string_view hashed_part(std::string_view key) {
  const auto open = key.find('{');
  if (open == key.npos) return key;
  const auto close = key.find('}', open + 1);
  if (close == key.npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

template <class T>
std::optional<T> number(std::string_view digits) {
  T value{};
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// "host:port"; an IPv6 host has colons of its own, and Redis writes no brackets around it.
std::optional<config::Address> address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0) return std::nullopt;
  return config::Address{.host = std::string(text.substr(0, colon)), .port = *port};
}

// [host, port, id, ...]
std::optional<config::Address> node(const redisReply* fields, const std::string& asked) {
  const auto port = integer_at(fields, 1);
  const auto host = text_at(fields, 0);
  if (port <= 0 || port > 65535) return std::nullopt;
  return config::Address{.host = host.empty() || host == "?" ? asked : std::string(host),
                         .port = std::uint16_t(port)};
}

std::bitset<slot_count> slots_in(std::string_view words) {
  std::bitset<slot_count> out;
  while (!words.empty()) {
    const auto word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    const auto dash = word.find('-');
    const auto first = number<std::uint16_t>(word.substr(0, dash));
    const auto last = dash == word.npos ? first : number<std::uint16_t>(word.substr(dash + 1));
    if (!first || !last || *last >= slot_count) continue;
    for (std::size_t slot = *first; slot <= *last; ++slot) out.set(slot);
  }
  return out;
}

}  // namespace

std::uint16_t slot_of(std::string_view key) { return crc16(hashed_part(key)) % slot_count; }

std::string tag_in(std::uint16_t slot) {
  for (std::uint32_t number = 0;; ++number)  // some ten thousand tries, each some nanoseconds
    if (auto tag = std::to_string(number); slot_of(tag) == slot) return tag;
}

bool has_all_of(std::string_view slots, std::string_view others) {
  return (slots_in(others) & ~slots_in(slots)).none();
}

std::string_view key_of(const Command& command) {
  if (command.size() < 2) return "";
  const std::string_view word = command[0];
  if (is_one_of(word, {"EVALSHA", "EVAL"})) {
    const bool keyed = command.size() > 3 && command[2] != "0";
    return keyed ? command[3] : std::string_view();
  }
  if (is_one_of(word, {"XREAD", "XREADGROUP"})) {
    const auto streams = command.find("STREAMS");
    return streams + 1 < command.size() ? command[streams + 1] : std::string_view();
  }
  if (is_one_of(word, {"PING", "ECHO", "INFO", "CONFIG", "CLIENT", "CLUSTER", "SCRIPT", "SCAN", "WAIT",
                       "AUTH", "SELECT", "DEBUG", "KEYS", "FLUSHALL", "FLUSHDB", "ROLE", "TIME", "DBSIZE"}))
    return "";
  return is_one_of(word, {"OBJECT", "MEMORY"}) && command.size() > 2 ? command[2] : command[1];
}

bool SlotMap::complete() const {
  std::uint32_t next = 0;
  for (const auto& range : ranges) {
    if (range.first != next) return false;
    next = std::uint32_t(range.last) + 1;
  }
  return next == slot_count;
}

const config::Address* SlotMap::master_of(std::uint16_t slot) const {
  const auto behind = std::upper_bound(ranges.begin(), ranges.end(), slot,
                                       [](std::uint16_t at, const SlotRange& one) { return at < one.first; });
  if (behind == ranges.begin()) return nullptr;
  const auto& range = *std::prev(behind);
  return slot <= range.last ? &range.master : nullptr;
}

std::optional<SlotMap> SlotMap::parse(const RedisAnswer& cluster_slots, const std::string& asked) {
  if (!cluster_slots.ok()) return std::nullopt;
  SlotMap out;
  for (std::size_t i = 0; i < cluster_slots.size(); ++i) {
    const auto* entry = cluster_slots.element(i);
    const auto first = integer_at(entry, 0), last = integer_at(entry, 1);
    const auto master = node(inner(entry, 2), asked);
    if (elements(entry) < 3 || !master || first < 0 || last < first || last >= slot_count)
      return std::nullopt;
    out.ranges.push_back({std::uint16_t(first), std::uint16_t(last), *master});
    for (std::size_t j = 3; j < elements(entry); ++j)
      if (auto replica = node(inner(entry, j), asked)) out.replicas.push_back(std::move(*replica));
  }
  std::sort(out.ranges.begin(), out.ranges.end(),
            [](const SlotRange& a, const SlotRange& b) { return a.first < b.first; });
  for (std::size_t i = 1; i < out.ranges.size(); ++i)
    if (out.ranges[i].first <= out.ranges[i - 1].last) return std::nullopt;
  return out;
}

Refusal refusal_of(std::string_view error) {
  using Kind = Refusal::Kind;
  const auto word = error.substr(0, error.find(' '));
  if (is_one_of(word, {"TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN"})) return {.kind = Kind::later};
  if (word == "READONLY") return {.kind = Kind::demoted};
  const bool moved = word == "MOVED";
  if (!moved && word != "ASK") return {};
  // "MOVED 3999 127.0.0.1:6381"
  auto rest = error.substr(std::min(error.size(), word.size() + 1));
  const auto slot = number<std::uint16_t>(rest.substr(0, rest.find(' ')));
  const auto space = rest.find(' ');
  const auto at = space == rest.npos ? std::nullopt : address(rest.substr(space + 1));
  if (!slot || *slot >= slot_count || !at) return {.kind = Kind::later};  // refused all the same
  return {.kind = moved ? Kind::moved : Kind::ask, .slot = *slot, .at = *at};
}

}  // namespace sekisho::cache
