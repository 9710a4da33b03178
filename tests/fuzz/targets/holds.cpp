// The small records of the ledger: a hold, a number that is held, one that was, a stored answer, a bucket's
// field. Always: what can be read is written and read again as the same.
#include "cache/bucket_field.h"
#include "cache/hold_record.h"
#include "cache/ledger.h"
#include "cache/tenure_record.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {
namespace {

void run(std::string_view input) {
  if (const auto hold = cache::decode_hold("01D", input)) {
    const auto text = cache::encode(*hold);
    const auto again = cache::decode_hold("01D", text);
    must(again && cache::encode(*again) == text, "a hold that is written reads back");
    must(
        again->quantity == hold->quantity && again->order_id == hold->order_id && again->group == hold->group,
        "a hold keeps its count and its order");
  }
  must_equal(cache::unescape_order_id(cache::escape_order_id(input)), std::string(input),
             "an id survives escaping");
  must(cache::escape_order_id(input).find('|') == std::string::npos, "no bar in an escaped id");

  if (const auto number = cache::decode_present("0312345678", input))
    must(!number->until, "what is held has no end");
  if (const auto number = cache::decode_past("0312345678|01D", input))
    must(number->number == "0312345678" && number->decision == "01D" && number->until,
         "what was held has an end");
  cache::decode_past(input, "fixed|0|0||x");

  if (const auto answer = cache::decode_answer(input)) {
    const auto text = cache::encode(*answer);
    const auto again = cache::decode_answer(text);
    must(again && again->body == answer->body && again->headers == answer->headers &&
             again->status == answer->status,
         "an answer that is stored reads back");
  }
  for (const auto in : {cache::Counts::usage, cache::Counts::days, cache::Counts::months})
    if (const auto bucket = cache::bucket_of(in, input)) {
      const auto field = cache::field_of(*bucket);
      must(field.in == in && std::string_view(field.name) == input, "a bucket has one field");
    }
}

const Target target{"holds", run};

}  // namespace
}  // namespace sekisho::fuzz
