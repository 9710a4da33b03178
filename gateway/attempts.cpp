#include "gateway/attempts.h"

#include <algorithm>

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto forgotten_after = 10s;  // one failure
constexpr int remembered_most = 60;    // so that a source is never slow for longer than ten minutes
constexpr auto first = 50ms, longest = 2000ms;

}  // namespace

Attempts::Milliseconds Attempts::failed(const config::AddressBytes& source, Time now) {
  const std::lock_guard locked(lock_);
  auto& empty_at = sources_.empty_at(source);
  empty_at = std::min(std::max(empty_at, now) + forgotten_after, now + remembered_most * forgotten_after);
  const auto failures = (empty_at - now + forgotten_after - 1ns) / forgotten_after;
  if (failures <= burst) return 0ms;
  const auto doublings = std::min<std::int64_t>(failures - burst - 1, 10);
  return std::min<Milliseconds>(first * (1 << doublings), longest);
}

std::optional<Attempts::Seat> Attempts::seat() {
  if (waiting_.fetch_add(1) < waiting_most) return std::optional<Seat>(std::in_place, waiting_);
  --waiting_;
  return std::nullopt;
}

}  // namespace sekisho::gateway
