#include "config/register_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <unordered_map>

#include "config/csv.h"
#include "config/digest.h"
#include "config/nearest.h"
#include "config/register_fields.h"
#include "config/text.h"
#include "config/texts.h"

namespace sekisho::config {
namespace {

using policy::EtocState;
using policy::JstDate;
using policy::PlanState;
using policy::Register;

// A wrong mapping makes every row wrong; nobody reads more than this.
constexpr std::size_t errors_max = 200;

// "認証 is not a state; ..." is clearer with the word first, but a cell may hold anything.
std::string shown(const std::string& text) {
  return "'" + (text.size() > 80 ? text.substr(0, valid_utf8_bytes(text.substr(0, 77))) + "..." : text) + "'";
}

class RegisterReader : public TableSink {
 public:
  RegisterReader(const std::filesystem::path& file, const Mapping& mapping)
      : file_(file.string()), mapping_(mapping), plain_(mapping.columns.empty()) {
    made.which = mapping.which;
    made.mapping = mapping.digest;
    made.file = file_;
  }

  RegisterFile made;
  Errors errors;
  const Mapping& mapping() const { return mapping_; }

  void error(int line, int column, std::string text) override {
    if (errors.size() < errors_max) errors.push_back({file_, line, column, std::move(text)});
    if (errors.size() == errors_max) errors.push_back({file_, 0, 0, "has more errors than these"});
  }

  // Finds the column of every field. With a mapping, columns that it does not name are none of our business;
  // without one they are mistakes.
  bool header(const std::vector<Cell>& cells) override {
    std::vector<std::string> names;
    for (const auto& cell : cells) names.push_back(normalised(cell.text));
    const auto before = errors.size();
    std::vector<bool> used(names.size(), false);
    std::vector<std::string> known;
    for (const auto& field : fields_of(mapping_.which)) {
      const auto column = wanted(field, names);
      if (!column.empty()) known.push_back(column);
      const auto first = column.empty() ? names.end() : std::find(names.begin(), names.end(), column);
      if (first == names.end()) {
        const bool by_certificate = field.name == "corporate_number" && mapping_.which == Register::etoc &&
                                    std::find(names.begin(), names.end(), "certificate") != names.end();
        const bool needed = (field.required && !by_certificate) || !plain_;
        if (!column.empty() && needed) missing(field, column, names, cells);
        continue;
      }
      const auto index = std::size_t(first - names.begin());
      const auto twin = std::find(first + 1, names.end(), column);
      if (twin != names.end()) {
        const auto& cell = cells[std::size_t(twin - names.begin())];
        used[std::size_t(twin - names.begin())] = true;
        error(cell.line, cell.column, "the column " + shown(column) + " stands here twice");
      }
      used[index] = true;
      columns_[std::string(field.name)] = index;
    }
    for (std::size_t i = 0; plain_ && i < names.size(); ++i)
      if (!used[i])
        error(cells[i].line, cells[i].column,
              "unknown column " + shown(names[i]) + did_you_mean(names[i], known));
    return errors.size() == before;
  }

  void row(const std::vector<Cell>& cells) override {
    cells_ = &cells;
    const auto before = errors.size();
    RegisterRow row{.line = cells.front().line};
    read_id(row);
    switch (mapping_.which) {
      case Register::etoc:
        read_etoc(row);
        break;
      case Register::plan:
        read_plan(row);
        break;
      case Register::refusals:
        read_refusal(row);
        break;
      case Register::track_record:
        read_track_record(row);
        break;
    }
    if (errors.size() == before && errors.size() < errors_max) made.rows.push_back(std::move(row));
  }

 private:
  // The heading under which a field is looked for; empty: the mapping leaves the field out.
  std::string wanted(const RegisterField& field, const std::vector<std::string>& names) const {
    if (!plain_) {
      const auto column = mapping_.columns.find(std::string(field.name));
      return column == mapping_.columns.end() ? "" : column->second;
    }
    const bool other = !field.also.empty() &&
                       std::find(names.begin(), names.end(), field.name) == names.end() &&
                       std::find(names.begin(), names.end(), field.also) != names.end();
    return std::string(other ? field.also : field.name);
  }

  void missing(const RegisterField& field, const std::string& column, const std::vector<std::string>& names,
               const std::vector<Cell>& cells) {
    std::string text = "the column " + shown(column);
    if (column != field.name) text += " (" + std::string(field.name) + ")";
    error(cells.front().line, 1, text + " is missing" + did_you_mean(column, names));
  }

  const Cell* cell(const std::string& field) const {
    const auto column = columns_.find(field);
    return column == columns_.end() ? nullptr : &(*cells_)[column->second];
  }
  std::string text(const std::string& field) {
    const Cell* found = cell(field);
    if (!found) return {};
    auto text = normalised(found->text);
    const auto is_control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; };
    if (std::any_of(text.begin(), text.end(), is_control))
      wrong(field, "a line break or another control character stands in this field");
    return text;
  }
  void wrong(const std::string& field, std::string text) {
    const Cell* found = cell(field);
    error(found ? found->line : cells_->front().line, found ? found->column : 1, std::move(text));
  }

  void read_id(RegisterRow& row) {
    auto number = text("corporate_number");
    if (const Cell* found = cell("corporate_number")) row.line = found->line, row.column = found->column;
    const bool may_lack = mapping_.which == Register::etoc && !(text("certificate") + text("name")).empty();
    if (number.empty() && may_lack) return;  // the plan finds whose row it is, or says that it cannot
    if (number.empty()) return wrong("corporate_number", "the corporate number is missing");
    // Operators abroad have none; their id stands here as it is, such as "gb:01234567".
    const bool is_id = number.find(':') != number.npos;
    // An invoice registration number is "T" and the corporate number.
    if (!is_id && (number[0] == 'T' || number[0] == 't')) number.erase(0, 1);
    auto id = policy::OperatorId::parse(is_id ? number : "jp:" + number);
    if (!id) {
      const bool digits = number.size() == 13 && number.find_first_not_of("0123456789") == number.npos;
      return wrong("corporate_number", shown(number) + (digits ? " fails the check digit of corporate numbers"
                                                               : " is not a corporate number of 13 digits"));
    }
    row.id = std::move(*id);
    // The refusal list alone may name an operator several times.
    if (mapping_.which == Register::refusals) return;
    const auto [entry, fresh] = lines_.emplace(row.id, row.line);
    if (!fresh)
      wrong("corporate_number", row.id.text() + " stands on line " + std::to_string(entry->second) +
                                    " already, and again on line " + std::to_string(row.line));
  }

  template <class State>
  State state(const std::string& field, const std::map<std::string, State>& words) {
    const auto word = text(field);
    if (const auto entry = words.find(word); entry != words.end()) return entry->second;
    if (const auto own = policy::parse_word<State>(word)) return *own;
    std::vector<std::string> known;
    for (const auto& entry : words) known.push_back(entry.first);
    for (auto own : words_of(State{})) known.emplace_back(own);
    std::string all;
    for (const auto& entry : known) all += (all.empty() ? "" : ", ") + entry;
    if (word.empty())
      wrong(field, "the state is missing; known are " + all);
    else
      wrong(field, shown(word) + " is not a known state" + did_you_mean(word, known) + "; known are " + all);
    return State{};
  }

  std::optional<JstDate> date(const std::string& field) {
    const auto word = text(field);
    if (word.empty()) return std::nullopt;
    const auto day = parse_date(word);
    if (!day) wrong(field, shown(word) + " is not a date such as 2026-02-01, 2026/2/1 or 令和8年2月1日");
    return day;
  }

  bool yes(const std::string& field, bool otherwise) {
    const auto word = text(field);
    if (word == "yes" || word == "true") return true;
    if (word == "no" || word == "false") return false;
    if (!word.empty()) wrong(field, shown(word) + " is neither yes nor no");
    return otherwise;
  }

  // Separated by spaces or semicolons.
  policy::NumberTypes number_types() {
    policy::NumberTypes types;
    auto list = text("number_types");
    std::replace(list.begin(), list.end(), ';', ' ');
    for (std::size_t at = 0; at < list.size();) {
      const auto end = std::min(list.find(' ', at), list.size());
      const auto word = list.substr(at, end - at);
      at = end + 1;
      if (word.empty()) continue;
      if (const auto type = policy::parse_word<policy::NumberType>(word)) {
        types.add(*type);
        continue;
      }
      std::vector<std::string> known;
      for (auto own : words_of(policy::NumberType{})) known.emplace_back(own);
      wrong("number_types", shown(word) + " is not a number type" + did_you_mean(word, known) +
                                "; known are " + policy::all_words<policy::NumberType>());
    }
    return types;
  }

  void read_etoc(RegisterRow& row) {
    row.names = {.ja = text("name"), .kana = text("name_kana"), .en = text("name_en")};
    row.etoc = {.state = state("state", mapping_.etoc_states),
                .certificate = text("certificate"),
                .certified_on = date("certified_on"),
                .valid_until = date("valid_until")};
    auto& until = row.etoc.valid_until;
    // We keep the last valid day; some lists give the first day without.
    if (until && !mapping_.last_day_included) until = until->plus(-1);
    if (until && row.etoc.certified_on && *until < *row.etoc.certified_on)
      wrong("valid_until", "the certificate ends on " + until->text() + ", before it begins on " +
                               row.etoc.certified_on->text());
  }

  void read_plan(RegisterRow& row) {
    row.plan = {.state = state("plan_state", mapping_.plan_states),
                .number_types = number_types(),
                .forwards_calls = yes("forwards_calls", false),
                .checked_on = date("checked_on"),
                .checked_by = text("checked_by")};
  }

  void read_refusal(RegisterRow& row) {
    row.refusal = {.action = state<policy::RefusalAction>("action", {}),
                   .number_types = number_types(),
                   .from = date("from"),
                   .until = date("until"),
                   .reference = text("reference"),
                   .confidential = yes("confidential", true)};
    if (row.refusal.from && row.refusal.until && *row.refusal.until < *row.refusal.from)
      wrong("until", "the refusal ends before it begins");
  }

  void read_track_record(RegisterRow& row) {
    row.track_record.first_supply = date("first_supply");
    row.owner_group = text("owner_group");
    row.domestic_agent = text("domestic_agent");
    row.notification_number = text("notification_number");
    const auto count = text("numbers_elsewhere");
    const bool plain = count.size() <= 12 && count.find_first_not_of("0123456789") == count.npos;
    if (!plain) return wrong("numbers_elsewhere", shown(count) + " is not a plain whole number");
    if (!count.empty()) row.track_record.numbers_elsewhere = std::stoll(count);
  }

  const std::string file_;
  const Mapping& mapping_;
  const bool plain_;  // no mapping file: columns are named as the fields are
  std::unordered_map<std::string, std::size_t> columns_;
  std::unordered_map<policy::OperatorId, int> lines_;
  const std::vector<Cell>* cells_ = nullptr;  // of the row being read
};

// The file's text in UTF-8, or an error.
bool decode(std::string& bytes, RegisterReader& reader) {
  const Mapping& mapping = reader.mapping();
  const bool marked = bytes.starts_with("\xef\xbb\xbf");
  if (marked) bytes.erase(0, 3);
  const auto at = [&](std::size_t offset, const std::string& text) {
    Walker walker(bytes);
    walker.walk_to(offset);
    reader.error(walker.line(), walker.column(), text);
    return false;
  };
  if (mapping.shift_jis && !marked) {
    auto converted = from_shift_jis(bytes);
    bytes = std::move(converted.text);
    return converted.good || at(bytes.size(), "is not Shift-JIS text from here on");
  }
  if (mapping.shift_jis) return at(0, "begins with the mark of UTF-8, but the mapping says shift_jis");
  const auto valid = valid_utf8_bytes(bytes);
  return valid == bytes.size() || at(valid,
                                     "is not UTF-8 text from here on; if it is Shift-JIS, the mapping has to "
                                     "say so (encoding: shift_jis)");
}

Loaded<RegisterFile> read(RegisterReader reader, std::string text, const Progress& progress) {
  reader.made.digest = sha256_hex(text);
  if (reader.errors.empty() && decode(text, reader)) {
    const auto first = text.find_first_not_of(" \t\r\n");
    const bool json = first != text.npos && (text[first] == '[' || text[first] == '{');
    if (first == text.npos)
      reader.error(0, 0, "is empty");
    else
      json ? read_json_table(text, reader, progress) : read_csv(text, reader, progress);
  }
  if (!reader.errors.empty()) return {.errors = std::move(reader.errors)};
  return {.value = std::move(reader.made)};
}

}  // namespace

Loaded<RegisterFile> load_register(const std::filesystem::path& file, const Mapping& mapping,
                                   const Progress& progress) {
  RegisterReader reader(file, mapping);
  std::error_code failure;
  if (std::filesystem::is_directory(file, failure)) {
    reader.error(0, 0, "is a directory, not a file");
    return {.errors = std::move(reader.errors)};
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    reader.error(0, 0, std::string("cannot be read: ") + std::strerror(errno));
    return {.errors = std::move(reader.errors)};
  }
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) reader.error(0, 0, "cannot be read to its end");
  const auto size = std::filesystem::file_size(file, failure);
  if (!failure && size != text.size())
    reader.error(0, 0, "is being written to: it grew while it was read; import it when it is whole");
  return read(std::move(reader), std::move(text), progress);
}

Loaded<RegisterFile> read_register_text(const std::filesystem::path& name, std::string text,
                                        const Mapping& mapping) {
  return read(RegisterReader(name, mapping), std::move(text), {});
}

}  // namespace sekisho::config
