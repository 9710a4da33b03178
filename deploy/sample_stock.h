// The sample carrier's stock of numbers and its book of orders, with no socket in sight.
//
// It promises what a careful carrier would: a number is given once and never again, also over restarts, and
// every number given stands in the log (one JSON line an order, flushed) before the answer is made. What the
// gate counted can therefore be held against the log, whatever was killed in between. `POST /control` makes
// it misbehave.
#pragma once

#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/http/message.h"

namespace sekisho::sample {

using std::chrono::milliseconds;

// How the next orders end.
enum class Mode : std::uint8_t {
  ok,
  refuse,
  silence,
  slow,
  error500,
  garbage,
  reset,
  pending,
  partial,
  over
};
inline constexpr std::string_view mode_words[] = {"ok",      "refuse", "silence", "slow",    "error500",
                                                  "garbage", "reset",  "pending", "partial", "over"};
constexpr auto& words_of(Mode) { return mode_words; }

// What becomes of the connection once a request was worked on.
enum class Ending { answer, silence, garbage, reset };

struct Reply {
  http::Response response;
  Ending ending = Ending::answer;
};

struct Order {
  std::string id, state, decision, operator_id;
  std::string prefix;      // the numbers' first digits
  std::size_t digits = 0;  // of a whole number
  std::int64_t quantity = 0;
  std::vector<std::string> numbers;
  std::chrono::steady_clock::time_point ready_at{};  // of a pending order: a GET from then on completes it
};

class Stock {
 public:
  // Reads the log's earlier entries, so that what was given stays given. Throws when the log cannot be used.
  Stock(std::string log_path, milliseconds delay);

  // How a request will be treated: fixed when it arrives, before any waiting.
  struct Course {
    Mode mode = Mode::ok;
    milliseconds wait{0};
  };
  Course course(const http::Request& request);
  Reply handle(const http::Request& request, const Course& course);

  std::int64_t waiting = 0;  // requests between `course` and `handle`

 private:
  Reply route(const http::Request& request, const Course& course);
  Reply take_order(const http::Request& request, Mode mode);
  void give(Order& order);
  http::Response show_order(const std::string& id);
  http::Response take_back(const std::string& number);
  http::Response set_control(const http::Request& request);
  http::Response control() const;
  void read_log();

  const std::string log_path_;
  const milliseconds delay_;
  std::ofstream log_;

  std::map<std::string, Order> orders_;
  std::unordered_map<std::string, bool> given_;  // number -> still out (false: taken back)
  std::map<std::string, std::uint64_t> next_;    // by prefix
  long last_order_ = 0;

  Mode mode_ = Mode::ok;
  milliseconds mode_delay_{0};
  std::int64_t times_left_ = 0;  // 0: for good

  std::int64_t orders_seen_ = 0, numbers_given_ = 0, requests_ = 0;
  http::Request last_;
  std::string last_answer_;
};

http::Response complaint(int status, std::string_view text);

}  // namespace sekisho::sample
