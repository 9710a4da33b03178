// Any bytes as an operator's record, as it lies in Redis, in the copy on disk and in the journal. Always:
// what can be read is written and read again as the same, also packed, and one by one or many at once.
#include "cache/record_codec.h"
#include "policy/packed_record.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {
namespace {

void run(std::string_view input) {
  const auto record = cache::decode(input);
  const std::string_view lines[] = {input};
  const auto together = cache::decode_all(lines);
  must(together.size() == 1 && (together[0] != nullptr) == record.has_value(), "many at once as one by one");
  if (!record) return;
  must(!record->id.empty(), "a record tells whose it is");
  must(together[0]->unpack() == *record, "many at once as one by one");
  must(policy::PackedRecord::of(*record)->unpack() == *record, "packing loses nothing");
  const auto text = cache::encode(*record);
  must(text.find('\n') == text.npos, "a record is one line");
  must(cache::decode(text) == record, "what is written reads back");
  must_equal(cache::encode(*cache::decode(text)), text, "and is written the same again");
}

const Target target{"operators", run};

}  // namespace
}  // namespace sekisho::fuzz
