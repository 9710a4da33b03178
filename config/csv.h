// Tables out of files: CSV (RFC 4180) and JSON (an array of flat objects), every cell with its place.
//
// A table is read as a stream, so a million rows cost no second copy. The first row names the columns; every
// row that is handed on has as many cells.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/progress.h"

namespace sekisho::config {

struct Cell {
  std::string text;
  int line = 0, column = 0;  // from 1; columns count characters
};

class TableSink {
 public:
  virtual ~TableSink() = default;
  virtual bool header(const std::vector<Cell>& names) = 0;  // false: read no rows
  virtual void row(const std::vector<Cell>& cells) = 0;
  virtual void error(int line, int column, std::string text) = 0;
};

// The text is UTF-8 without a byte order mark. Lines end in LF or CRLF; empty lines are passed over. A quoted
// field that never ends, text behind a closing quote, and rows of another length are errors.
void read_csv(std::string_view text, TableSink& sink, const Progress& progress = {});  // told bytes

// Values may be strings, whole numbers, true and false (as yes and no), null (as empty) and lists of strings
// (joined by spaces). The columns are the keys of all objects in their order of appearance.
void read_json_table(std::string_view text, TableSink& sink, const Progress& progress = {});  // told bytes

}  // namespace sekisho::config
