// What a fuzz target is: a name, and a function that takes any bytes and throws when something is not as it
// must always be.
//
// A target is one file in tests/fuzz/targets. It is linked with libfuzzer.cpp into a program that looks for
// bytes (tests/fuzz/run), and all of them with corpus_test.cpp and short_run_test.cpp into a test that feeds
// them those which are kept, and some that are nearly those.
#pragma once

#include <cstdint>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);

  Target(std::string_view called, void (*run)(std::string_view)) : name(called), run(run) {
    all().push_back(this);
  }
  static std::vector<const Target*>& all() {  // that are linked in
    static std::vector<const Target*> targets;
    return targets;
  }
};

// `always`: what must be true, as a sentence.
inline void must(bool holds, const char* always) {
  if (!holds) throw std::logic_error(always);
}
template <class T>
void must_equal(const T& a, const T& b, const char* always) {
  must(a == b, always);
}

// Seconds of the processor, so that a busy machine finds nothing that is not there.
inline constexpr int patience = 5;

inline void run(const Target& target, std::string_view input) {
  const auto begin = std::clock();
  target.run(input);
  must(std::clock() - begin < patience * CLOCKS_PER_SEC, "an input takes less than five seconds");
}

// Takes an input apart. What is left at the end is the text itself, so that a kept input can be read and
// written by hand.
class Input {
 public:
  explicit Input(std::string_view bytes) : left_(bytes) {}

  std::string_view until(char end) {  // and beyond it
    const auto at = left_.find(end);
    const auto piece = left_.substr(0, at);
    left_.remove_prefix(at == left_.npos ? left_.size() : at + 1);
    return piece;
  }
  std::string_view line() { return until('\n'); }
  std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

// Numbers that the input decides on, all of it: the same in every run of the same bytes.
class Dice {
 public:
  explicit Dice(std::string_view input) {
    for (const char c : input) next(static_cast<unsigned char>(c));
  }
  std::size_t below(std::size_t limit) {
    next(0);
    return static_cast<std::size_t>(state_ >> 33) % limit;
  }

 private:
  void next(std::uint64_t value) { state_ = (state_ ^ value) * 6364136223846793005u + 1442695040888963407u; }
  std::uint64_t state_ = 1;
};

}  // namespace sekisho::fuzz
