// Any line as a record of the journal. Always: the parts that are told of it lie in it, and make it up;
// whoever reads it says what it is or refuses it by std::runtime_error.
#include "cache/journal_chain.h"
#include "cache/ledger_records.h"
#include "cache/replay_record.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {
namespace {

bool within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void read_values(std::string_view line, cache::RecordKind kind) {
  static cache::RecordReader reader;  // as a replay has it: one for all lines
  try {
    must(reader.read(line) == kind, "both readers see the same kind");
    must(reader.settled.granted >= 0 || kind != cache::RecordKind::settled,
         "a settlement grants no negative count");
  } catch (const std::runtime_error&) {  // not what `must` throws
  }
}

void read_orders(std::string_view line, cache::RecordKind kind) {
  cache::OrderReader reader;
  try {
    reader.read(kind, line);
    reader.read(kind, line);
  } catch (const std::runtime_error&) {
    return;
  }
  for (const auto& telling : cache::retell(reader.take(), "gw-0000000000000001/2"))
    must(!telling.request.operator_id.empty(), "what is told again is of somebody");
}

void run(std::string_view line) {
  if (line.find('\n') != line.npos) return;
  const auto form = cache::read_form(line);
  if (!form) return;
  must(form->seq > 0, "records count from 1");
  must(within(form->at, line) && within(form->sealed, line) && within(form->mac, line),
       "parts lie in the line");
  must(std::string(form->sealed) + ",\"mac\":\"" + std::string(form->mac) + "\"}" == line,
       "parts make up the line");
  if (const auto checkpoint = cache::read_checkpoint(line))
    must(within(checkpoint->signed_part, form->sealed), "a signature is over what is sealed");
  cache::read_stated_hole(*form, line);
  read_values(line, form->kind);
  read_orders(line, form->kind);
}

const Target target{"records", run};

}  // namespace
}  // namespace sekisho::fuzz
