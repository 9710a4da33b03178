#include "gateway/ids.h"

#include <openssl/rand.h>

#include <array>

namespace sekisho::gateway {
namespace {

void append_hex(std::string& out, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(value >> shift) & 15];
}

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

}  // namespace

DecisionIds::DecisionIds() {
  std::array<std::uint32_t, 16> seed;
  RAND_bytes(reinterpret_cast<unsigned char*>(seed.data()), sizeof seed);
  std::seed_seq sequence(seed.begin(), seed.end());
  random_.seed(sequence);
}

std::string DecisionIds::next(policy::Instant now) {
  std::string id(26, '0');
  auto time = std::uint64_t(policy::to_ms(now));
  for (int i = 9; i >= 0; --i, time >>= 5) id[std::size_t(i)] = alphabet[time & 31];
  auto high = random_(), low = random_();
  for (int i = 17; i >= 10; --i, high >>= 5) id[std::size_t(i)] = alphabet[high & 31];
  for (int i = 25; i >= 18; --i, low >>= 5) id[std::size_t(i)] = alphabet[low & 31];
  return id;
}

std::uint64_t DecisionIds::span() {
  const auto id = random_();
  return id == 0 ? 1 : id;
}

std::string DecisionIds::traceparent(bool sampled) {
  std::string out;
  out.reserve(55);
  out += "00-";
  append_hex(out, random_());
  append_hex(out, random_());
  out += '-';
  append_hex(out, span());
  out += sampled ? "-01" : "-00";
  return out;
}

std::optional<policy::Instant> time_of(std::string_view decision) {
  if (decision.size() != 26 || decision.find_first_not_of(alphabet) != decision.npos) return std::nullopt;
  std::int64_t ms = 0;
  for (const char c : decision.substr(0, 10)) ms = ms << 5 | std::int64_t(alphabet.find(c));
  return policy::from_ms(ms & ((std::int64_t(1) << 48) - 1));
}

}  // namespace sekisho::gateway
