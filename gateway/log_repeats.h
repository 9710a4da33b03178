// Lets the same message into the log so often and no more: a fault that strikes a thousand times a second is
// said twenty times, and then once a window how often it was. Pure: time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sekisho::gateway::log {

class Repeats {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr auto window = std::chrono::seconds(10);
  static constexpr std::uint64_t most = 20;      // of one message in a window
  static constexpr std::size_t messages = 1000;  // told apart; beyond that all begin anew

  // Nothing: it is left out. Else how many of this message were, since it was last written.
  std::optional<std::uint64_t> left_out(std::string_view message, Time now) {
    auto found = seen_.find(message);
    if (found == seen_.end()) {
      if (seen_.size() >= messages) seen_.clear();
      found = seen_.emplace(std::string(message), Seen{now, 0, 0}).first;
    }
    auto& seen = found->second;
    if (now - seen.begins >= window) seen = {now, 0, seen.left_out};
    if (seen.written >= most) return ++seen.left_out, std::nullopt;
    ++seen.written;
    return std::exchange(seen.left_out, 0);
  }

 private:
  struct Seen {
    Time begins;
    std::uint64_t written, left_out;
  };
  std::map<std::string, Seen, std::less<>> seen_;
};

}  // namespace sekisho::gateway::log
