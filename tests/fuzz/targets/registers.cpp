// Any bytes as a register's list: the name of a register, or a mapping, then a line "%%", then the table (CSV
// or JSON, UTF-8 or Shift-JIS). Always, beside what tests/fuzz/files.h says: every row tells whose it is, and
// no text in it holds a control character.
#include "config/texts.h"
#include "tests/fuzz/files.h"

namespace sekisho::fuzz {
namespace {

constexpr std::string_view between = "\n%%\n";

std::optional<config::Mapping> mapping_of(std::string_view text) {
  if (const auto which = policy::parse_word<policy::Register>(text)) return config::plain_mapping(*which);
  return loaded<config::Mapping>([&] { return config::read_mapping_text("mapping.yaml", std::string(text)); })
      .value;
}

void check(const config::RegisterRow& row, policy::Register which) {
  const bool by_certificate =
      which == policy::Register::etoc && !(row.etoc.certificate + row.names.ja).empty();
  must(!row.id.empty() || by_certificate, "a row tells whose it is");
  must(row.id.empty() || policy::OperatorId::parse(row.id.text()) == row.id, "an operator's id is one");
  must(row.line > 0 && row.column > 0, "a row stands somewhere");
  must(row.track_record.numbers_elsewhere >= 0, "no negative count of numbers");
  for (const auto* text :
       {&row.names.ja, &row.names.kana, &row.names.en, &row.etoc.certificate, &row.plan.checked_by,
        &row.refusal.reference, &row.owner_group, &row.domestic_agent})
    for (const char c : *text) must(c < 0 || (c >= 0x20 && c != 0x7f), "no control character in a text");
}

void run(std::string_view input) {
  const auto at = input.find(between);
  if (at == input.npos) return;
  const auto mapping = mapping_of(input.substr(0, at));
  if (!mapping) return;
  const std::string table(input.substr(at + between.size()));
  const auto list =
      loaded<config::RegisterFile>([&] { return config::read_register_text("list", table, *mapping); });
  if (!list) return;
  for (const auto& row : list.value->rows) check(row, list.value->which);
}

const Target target{"registers", run};

}  // namespace
}  // namespace sekisho::fuzz
