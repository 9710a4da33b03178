// Any bytes as what a carrier answered to an order; the second line is the status. Always: counts are never
// negative; what is unknown grants nothing and says why; a second reading is the same.
#include <charconv>

#include "policy/reading.h"
#include "tests/fuzz/shipped.h"

namespace sekisho::fuzz {
namespace {

using policy::Outcome;

bool same(const Outcome& a, const Outcome& b) {
  return a.kind == b.kind && a.granted == b.granted && a.all == b.all && a.released == b.released &&
         a.order_id == b.order_id && a.numbers == b.numbers && a.detail == b.detail;
}

void run(std::string_view bytes) {
  Input input(bytes);
  const auto call = called(input);
  const auto line = input.line();
  int status = 0;
  std::from_chars(line.data(), line.data() + line.size(), status);
  if (!call || status < 200 || status > 599) return;
  const auto outcome = policy::read_outcome(call->match, status, input.rest());
  must(same(outcome, policy::read_outcome(call->match, status, input.rest())),
       "a second reading is the same");
  must(outcome.kind != Outcome::Kind::unsent, "an answer is none of a call that was not sent");
  must(outcome.granted >= 0 && outcome.released >= 0, "counts are not negative");
  if (outcome.kind == Outcome::Kind::unknown) {
    must(!outcome.detail.empty(), "what is unknown says why");
    must(outcome.granted == 0 && outcome.released == 0 && !outcome.all, "what is unknown counts nothing");
  }
  must_be_national(outcome.numbers);
}

const Target target{"answers", run};

}  // namespace
}  // namespace sekisho::fuzz
