// The same random history on the model and on the real ledger: equal answers, equal counts, at every step.
#include <gtest/gtest.h>

#include <random>

#include "tests/cache/ledgers.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using SK = Settlement::Kind;

class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {
    auto trims = limits("trims", 60, {Period::Kind::days, 3});
    trims.limit->trim = true;
    auto typed = limits("typed", 150, {Period::Kind::month});
    typed.limit->number_types = {NumberType::fixed, NumberType::mobile};
    rules_ = {limits("day", 40, {Period::Kind::day}),
              trims,
              typed,
              limits("year", 600, {Period::Kind::fiscal_year}),
              limits("life", 900, {Period::Kind::lifetime}),
              limits("held", 120, {Period::Kind::held})};
    Rule slow{.id = "slow"}, fast{.id = "fast"};
    slow.throttle = Throttle{3, 60'000, 2};
    fast.throttle = Throttle{7, 1000, 5};
    throttles_ = {slow, fast};
  }

  // One step; what it asks and what both said are told when they differ.
  bool step() {
    now_ += std::chrono::milliseconds(pick(100) < 3 ? pick(40) * 3600'000 : pick(20'000));
    who_ = corporate(1 + std::int64_t(pick(3)));
    asked_.clear();
    switch (pick(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return hold();
      case 4:
      case 5:
      case 6:
        return settle();
      case 7:
        return release();
      case 8:
        return give_up();
      default:
        return look();
    }
  }
  const std::string& asked() const { return asked_; }

 private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[pick(list.size())];
  }

  bool same(const std::string& model, const std::string& real) {
    EXPECT_EQ(model, real) << "asked: " << asked_;
    return model == real;
  }
  bool same_usage() { return same(told(model_.usage(who_)), told(real_.usage(who_))); }

  bool hold() {
    Ask ask{
        .id = "h" + std::to_string(++count_), .quantity = Quantity(1 + pick(30)), .who = who_, .now = now_};
    for (const auto& rule : rules_)
      if (pick(3) == 0) ask.limits.push_back(&rule);
    for (const auto& rule : throttles_)
      if (pick(4) == 0) ask.throttles.push_back(&rule);
    if (pick(2))
      ask.idempotency = Idempotency{"k" + std::to_string(pick(30)), "c" + std::to_string(pick(10) == 0)};
    ask.partial = pick(2);
    ask.type = static_cast<NumberType>(pick(count_of<NumberType>()));
    asked_ = "hold " + ask.id + " " + std::to_string(ask.quantity) + " by " + who_.text();
    const auto model = model_.hold(ask), real = real_.hold(ask);
    if (model.answer.kind == HoldAnswer::Kind::taken) open_.push_back(ask);
    return same(told(model), told(real)) && same_usage();
  }

  bool settle() {
    if (open_.empty()) return true;
    const auto at = pick(open_.size());
    const auto ask = open_[at];
    who_ = ask.who;
    const auto kind = static_cast<SK>(pick(4));
    End end{.id = ask.id, .settlement = {.kind = kind}, .who = who_, .now = now_};
    if (pick(3)) end.settlement.order_id = "o|" + ask.id + "%7C";
    if (kind == SK::granted) {
      end.settlement.granted = Quantity(1 + pick(std::uint64_t(ask.quantity) + 2));
      for (Quantity i = 0; i < end.settlement.granted && i < 4; ++i)
        end.settlement.numbers.push_back("03" + std::to_string(10000 + pick(150)));
      std::sort(end.settlement.numbers.begin(), end.settlement.numbers.end());
      const auto last = std::unique(end.settlement.numbers.begin(), end.settlement.numbers.end());
      end.settlement.numbers.erase(last, end.settlement.numbers.end());
    }
    if (kind != SK::suspense && pick(2)) end.answer = StoredAnswer{.status = 201, .body = "of " + ask.id};
    // A resolved hold stays in the list now and then, so that it is settled once more.
    if ((kind == SK::granted || kind == SK::released) && pick(4))
      open_.erase(open_.begin() + std::ptrdiff_t(at));
    asked_ =
        "settle " + end.id + " " + std::string(name(kind)) + " " + std::to_string(end.settlement.granted);
    return same(std::to_string(int(model_.settle(end))), std::to_string(int(real_.settle(end)))) &&
           same_usage();
  }

  bool release() {
    std::vector<std::string> numbers;
    for (std::uint64_t i = 0; i <= pick(6); ++i) numbers.push_back("03" + std::to_string(10000 + pick(150)));
    asked_ = "release " + numbers.front() + "... by " + who_.text();
    return same(std::to_string(model_.release(who_, numbers, now_)),
                std::to_string(real_.release(who_, numbers, now_))) &&
           same_usage();
  }

  bool give_up() {
    Ask ask{.id = "h" + std::to_string(++count_), .quantity = 3, .who = who_, .now = now_};
    if (!open_.empty() && pick(2)) {
      const auto at = pick(open_.size());
      ask = open_[at];
      open_.erase(open_.begin() + std::ptrdiff_t(at));
      who_ = ask.who;
    }
    asked_ = "give up " + ask.id;
    if (!same(std::to_string(int(model_.give_up(ask))), std::to_string(int(real_.give_up(ask)))))
      return false;
    asked_ += ", and it comes late";
    return same(told(model_.hold(ask)), told(real_.hold(ask))) && same_usage();
  }

  bool look() {
    const auto number = "03" + std::to_string(10000 + pick(150));
    asked_ = "trace " + number;
    if (!same(told(model_.trace(number)), told(real_.trace(number)))) return false;
    asked_ = "numbers of " + who_.text();
    if (!same(told(model_.numbers(who_)), told(real_.numbers(who_)))) return false;
    const auto then = now_ - std::chrono::minutes(pick(30 * 24 * 60));
    asked_ = "numbers of " + who_.text() + " at " + iso_jst(then);
    if (!same(told(model_.numbers(who_, then)), told(real_.numbers(who_, then)))) return false;
    if (open_.empty()) return true;
    const auto& ask = one_of(open_);
    asked_ = "the hold of order of " + ask.id;
    const auto order = "o|" + ask.id + "%7C";
    const auto model = model_.hold_of_order(ask.who, order), real = real_.hold_of_order(ask.who, order);
    return same(model ? model->id : "none", real ? real->id : "none");
  }

  std::mt19937_64 random_;
  std::vector<Rule> rules_, throttles_;
  AnyLedger model_{Which::memory}, real_{Which::redis};
  std::vector<Ask> open_;
  Instant now_ = at("2026-03-20T10:00:00+09:00");
  OperatorId who_;
  std::string asked_;
  std::uint64_t count_ = 0;
};

TEST(LedgerRandom, the_model_and_redis_agree_on_every_step) {
  const char* given = std::getenv("SEKISHO_SEED");
  const auto seed = given ? std::stoull(given) : std::random_device{}();
  std::printf("seed %llu (SEKISHO_SEED repeats it)\n", static_cast<unsigned long long>(seed));
  History history(seed);
  for (int step = 0; step < 4000; ++step) ASSERT_TRUE(history.step()) << "step " << step << ", seed " << seed;
}

}  // namespace
}  // namespace sekisho::cache
