#include <algorithm>
#include <boost/json.hpp>

#include "config/csv.h"
#include "config/text.h"
#include "policy/strict_json.h"

namespace sekisho::config {
namespace {

namespace ondemand = simdjson::ondemand;

// simdjson's on-demand reader knows where every value stands. The text was read strictly before, so that a
// repeated key or a broken end cannot hide here.
class JsonTable {
 public:
  JsonTable(std::string_view text, TableSink& sink, const Progress& progress)
      : padded_(text), sink_(sink), progress_(progress) {}

  bool read_columns() {
    if (progress_) progress_(0, padded_.size());
    return each_field(0, [&](std::size_t, std::string key, ondemand::value) {
      if (std::find(columns_.begin(), columns_.end(), key) == columns_.end())
        columns_.push_back(std::move(key));
    });
  }

  void read_rows() {
    if (columns_.empty()) return tell_all();  // "[]": a register without rows
    std::vector<Cell> names;
    for (const auto& column : columns_) names.push_back({.text = column, .line = 1, .column = 1});
    if (!sink_.header(names)) return;
    Walker walker({padded_.data(), padded_.size()});
    std::vector<Cell> cells;
    std::size_t current = std::size_t(-1);
    const auto hand_on = [&] {
      if (!cells.empty()) sink_.row(cells);
    };
    const auto read_before = padded_.size() / 2;  // for the columns
    const bool whole =
        each_field(read_before, [&](std::size_t row_offset, std::string key, ondemand::value value) {
          if (row_offset != current) {
            hand_on();
            current = row_offset;
            walker.walk_to(row_offset);
            cells.assign(columns_.size(), Cell{.line = walker.line(), .column = walker.column()});
          }
          walker.walk_to(std::size_t(value.raw_json_token().data() - padded_.data()));
          auto& cell =
              cells[std::size_t(std::find(columns_.begin(), columns_.end(), key) - columns_.begin())];
          cell.line = walker.line();
          cell.column = walker.column();
          // Keys that were apart before normalising.
          if (!cell.text.empty()) sink_.error(cell.line, cell.column, "'" + key + "' is given twice");
          if (!text_of(value, cell.text))
            sink_.error(cell.line, cell.column,
                        "'" + key + "' must be text, a whole number, true, false, null or a list of texts");
        });
    hand_on();
    if (whole) tell_all();
  }

 private:
  static constexpr std::size_t rows_between = 4096;  // between two words of progress

  void tell_all() {
    if (progress_) progress_(padded_.size(), padded_.size());
  }

  // Visits every key of every object, with where its object begins. False: the shape is wrong, and reported.
  // The text is read twice: what one reading tells is half of it, beside what was read before.
  template <class F>
  bool each_field(std::size_t read_before, F&& visit) {
    std::size_t rows = 0;
    ondemand::document document;
    ondemand::array array;
    if (parser_.iterate(padded_).get(document) || document.get_array().get(array)) {
      sink_.error(1, 1, "expected a list of objects: [{\"corporate_number\": ...}, ...]");
      return false;
    }
    for (auto element : array) {
      ondemand::value value;
      ondemand::object object;
      if (element.get(value)) return false;
      const auto offset = std::size_t(value.raw_json_token().data() - padded_.data());
      bool empty = true;
      if (value.get_object().get(object) || object.is_empty().get(empty) || empty) {
        Walker walker({padded_.data(), padded_.size()});
        walker.walk_to(offset);
        sink_.error(walker.line(), walker.column(), "expected an object with the fields of one operator");
        return false;
      }
      if (progress_ && ++rows % rows_between == 0) progress_(read_before + offset / 2, padded_.size());
      for (auto field : object) {
        std::string_view key;
        if (field.unescaped_key().get(key)) return false;
        visit(offset, normalised(key), field.value());
      }
    }
    return true;
  }

  static bool text_of(ondemand::value value, std::string& out) {
    ondemand::json_type type;
    std::string_view text;
    bool truth = false;
    if (value.type().get(type)) return false;
    switch (type) {
      case ondemand::json_type::null:
        return true;
      case ondemand::json_type::string:
        if (value.get_string().get(text)) return false;
        out = text;
        return true;
      case ondemand::json_type::boolean:
        if (value.get_bool().get(truth)) return false;
        out = truth ? "yes" : "no";
        return true;
      case ondemand::json_type::number:
        text = value.raw_json_token();
        text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
        out = text;
        return text.find_first_not_of("0123456789") == text.npos;
      case ondemand::json_type::array: {
        ondemand::array array;
        if (value.get_array().get(array)) return false;
        for (auto item : array) {
          if (item.get_string().get(text)) return false;
          if (!out.empty()) out += ' ';
          out += text;
        }
        return true;
      }
      default:
        return false;
    }
  }

  ondemand::parser parser_;
  simdjson::padded_string padded_;
  TableSink& sink_;
  const Progress& progress_;
  std::vector<std::string> columns_;
};

// Where the text stops being JSON, or nothing.
std::optional<std::size_t> syntax_error_at(std::string_view text) {
  boost::json::stream_parser parser;
  boost::json::error_code error;
  const auto taken = parser.write_some(text.data(), text.size(), error);
  if (!error && taken == text.size()) parser.finish(error);
  if (!error && taken == text.size()) return std::nullopt;
  return taken;
}

}  // namespace

void read_json_table(std::string_view text, TableSink& sink, const Progress& progress) {
  simdjson::dom::element root;
  const auto refused = policy::read_strict_json(text, root);
  if (!refused.empty()) {
    Walker walker(text);
    if (const auto at = syntax_error_at(text)) walker.walk_to(*at);
    return sink.error(walker.line(), walker.column(), "cannot be read as JSON: " + refused);
  }
  JsonTable table(text, sink, progress);
  if (table.read_columns()) table.read_rows();
}

}  // namespace sekisho::config
