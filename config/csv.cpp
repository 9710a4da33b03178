#include "config/csv.h"

namespace sekisho::config {
namespace {

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }
bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

class CsvReader {
 public:
  CsvReader(std::string_view text, TableSink& sink, const Progress& progress)
      : text_(text), sink_(sink), progress_(progress) {}

  void read() {
    if (progress_) progress_(0, text_.size());
    bool has_header = false;
    std::size_t width = 0, rows = 0;
    while (at_ < text_.size()) {
      if (take_line_end()) continue;
      if (progress_ && ++rows % rows_between == 0) progress_(at_, text_.size());
      const int line = line_;
      if (!read_row()) return;
      if (!has_header) {
        has_header = true;
        width = cells_.size();
        if (!sink_.header(cells_)) return;
      } else if (cells_.size() == width) {
        sink_.row(cells_);
      } else {
        std::string text = "this row has " + std::to_string(cells_.size()) + " fields, the header has " +
                           std::to_string(width);
        if (at_ == text_.size() && cells_.size() < width) text += "; the file seems to be cut";
        // A surplus is shown where it begins.
        sink_.error(line, cells_.size() > width ? cells_[width].column : 1, std::move(text));
      }
    }
    if (!has_header) sink_.error(0, 0, "is empty");
    if (progress_) progress_(text_.size(), text_.size());
  }

 private:
  void advance() {
    if (text_[at_] == '\n') {
      ++line_;
      column_ = 1;
    } else if (starts_character(text_[at_])) {
      ++column_;
    }
    ++at_;
  }
  bool take_line_end() {
    const auto rest = text_.substr(at_, 2);
    if (rest != "\r\n" && !rest.starts_with('\n')) return false;
    while (text_[at_] == '\r') advance();
    advance();
    return true;
  }

  // One row into cells_, with its line end. False: nothing sensible can follow.
  bool read_row() {
    cells_.clear();
    while (true) {
      Cell cell{.line = line_, .column = column_};
      const bool quoted = at_ < text_.size() && text_[at_] == '"';
      if (!(quoted ? read_quoted(cell) : read_plain(cell))) return false;
      cells_.push_back(std::move(cell));
      if (at_ == text_.size() || take_line_end()) return true;
      advance();  // the comma
    }
  }

  bool read_plain(Cell& cell) {
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_.substr(at_, 2) != "\r\n") {
      const char c = text_[at_];
      if (c == '"') return stop("a quote stands inside a field that is not quoted; write \"...\"\"...\"");
      if (is_control(c)) return stop("a control character stands here");
      cell.text += c;
      advance();
    }
    return true;
  }

  bool read_quoted(Cell& cell) {
    advance();
    while (true) {
      if (at_ == text_.size()) {
        sink_.error(cell.line, cell.column, "this quoted field never ends; the file seems to be cut");
        return false;
      }
      const char c = text_[at_];
      if (c == '"') {
        advance();
        if (at_ == text_.size() || text_[at_] != '"') break;
      } else if (is_control(c) && c != '\n' && text_.substr(at_, 2) != "\r\n") {
        return stop("a control character stands here");
      }
      cell.text += c;
      advance();
    }
    if (at_ == text_.size() || text_[at_] == ',' || text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n")
      return true;
    return stop("text stands behind the closing quote of a field");
  }

  bool stop(std::string text) {
    sink_.error(line_, column_, std::move(text));
    return false;
  }

  static constexpr std::size_t rows_between = 4096;  // between two words of progress

  std::string_view text_;
  TableSink& sink_;
  const Progress& progress_;
  std::size_t at_ = 0;
  int line_ = 1, column_ = 1;
  std::vector<Cell> cells_;
};

}  // namespace

void read_csv(std::string_view text, TableSink& sink, const Progress& progress) {
  CsvReader(text, sink, progress).read();
}

}  // namespace sekisho::config
