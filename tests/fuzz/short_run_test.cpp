// A short run of every target by gcc alone: kept inputs with a few bytes changed, the same ones each time.
// SEKISHO_SEED=7 takes others, SEKISHO_SEED=random whichever. What libFuzzer finds in minutes this does not;
// it finds what a change of today breaks at once.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/fuzz/kept.h"

namespace sekisho::fuzz {
namespace {

using namespace std::string_view_literals;

constexpr int runs = 5000;  // of one target

unsigned seed() {
  const char* asked = std::getenv("SEKISHO_SEED");
  if (!asked) return 1;
  return std::string_view(asked) == "random" ? std::random_device{}()
                                             : unsigned(std::strtoul(asked, nullptr, 10));
}

class Mutator {
 public:
  Mutator(const Target& target, unsigned seed) : random_(seed) {
    for (const auto& file : kept(target)) inputs_.push_back(bytes_of(file));
  }

  std::vector<char> next() {
    auto input = any();
    for (auto changes = 1 + below(4); changes > 0; --changes) change(input);
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::vector<char>& any() { return inputs_[below(inputs_.size())]; }

  void change(std::vector<char>& input) {
    static constexpr auto telling = "\0\n\r\t \"'\\{}[]<>:;,&=%#|/-+.0129azAZ\x7f\x80\xff"sv;
    const auto at = below(input.size() + 1);
    const auto stretch = below(std::min<std::size_t>(input.size() - at, 40) + 1);
    const auto place = input.begin() + std::ptrdiff_t(at);
    switch (below(5)) {
      case 0:
        if (at < input.size()) *place = char(*place ^ (1 << below(8)));
        break;
      case 1:
        input.insert(place, telling[below(telling.size())]);
        break;
      case 2:
        input.erase(place, place + std::ptrdiff_t(stretch));
        break;
      case 3: {
        const std::vector<char> again(place, place + std::ptrdiff_t(stretch));
        input.insert(place, again.begin(), again.end());
        break;
      }
      default: {
        const auto& other = any();
        const auto from = below(other.size() + 1);
        const auto length = below(std::min<std::size_t>(other.size() - from, 40) + 1);
        const std::vector<char> piece(other.begin() + std::ptrdiff_t(from),
                                      other.begin() + std::ptrdiff_t(from + length));
        input.insert(place, piece.begin(), piece.end());
      }
    }
  }

  std::mt19937 random_;
  std::vector<std::vector<char>> inputs_;
};

// To be kept by hand: the bytes as they are may be nothing that a terminal shows.
std::string written_down(const Target& target, const std::vector<char>& input) {
  const auto file = std::filesystem::temp_directory_path() / ("sekisho-fuzz-" + std::string(target.name));
  std::ofstream(file, std::ios::binary).write(input.data(), std::streamsize(input.size()));
  return file.string();
}

class ShortRun : public testing::TestWithParam<const Target*> {};

TEST_P(ShortRun, finds_nothing) {
  const Target& target = *GetParam();
  const auto chosen = seed();
  SCOPED_TRACE("SEKISHO_SEED=" + std::to_string(chosen));
  Mutator mutator(target, chosen);
  for (int n = 0; n < runs; ++n) {
    const auto input = mutator.next();
    try {
      run(target, {input.data(), input.size()});
    } catch (const std::exception& broken) {
      ADD_FAILURE() << broken.what() << ": " << written_down(target, input);
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, ShortRun, testing::ValuesIn(targets()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace sekisho::fuzz
