#include "config/file_error.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>

namespace sekisho::config {
namespace {

constexpr int most_columns = 100;  // of a line that is shown

struct Character {
  std::size_t at = 0, length = 1;
  int width = 1;  // columns of a terminal: a full-width one takes two
};

std::vector<Character> characters(const std::string& line) {
  std::vector<Character> out;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(line.data());
  for (std::size_t at = 0; at < line.size();) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(line.size() - at), &code);
    const bool good = length > 0;
    out.push_back(
        {at, good ? static_cast<std::size_t>(length) : 1, good ? std::max(0, utf8proc_charwidth(code)) : 1});
    at += out.back().length;
  }
  return out;
}

}  // namespace

std::string FileError::print() const {
  if (line == 0) return file + ": " + text;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text;
}

std::string FileError::print_with_line() const {
  if (line == 0 || source.empty()) return print();
  const auto all = characters(source);
  const auto place =
      static_cast<std::size_t>(std::find_if(all.begin(), all.end(),
                                            [&](const Character& one) {
                                              return one.at + one.length >= static_cast<std::size_t>(column);
                                            }) -
                               all.begin());
  // Of a long line, the part around the place.
  std::size_t first = 0;
  int before = 0;
  for (std::size_t i = 0; i < place; ++i) before += all[i].width;
  while (before > most_columns / 2 && place - first > 1) before -= all[first++].width;
  std::string shown = first > 0 ? "…" : "", mark = first > 0 ? " " : "";
  int columns = 0;
  std::size_t last = first;
  for (; last < all.size() && columns < most_columns; ++last) {
    const auto& one = all[last];
    shown += source.substr(one.at, one.length);
    // A tab stays a tab below, so that the mark stands where the place is.
    if (last < place)
      mark += source[one.at] == '\t' ? "\t" : std::string(static_cast<std::size_t>(one.width), ' ');
    columns += one.width;
  }
  if (last < all.size()) shown += "…";
  // Sentences of several lines (a counterexample as a test) stand below the line they are about.
  const auto break_at = text.find('\n');
  const auto head =
      file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text.substr(0, break_at);
  return fmt::format("{}\n{:5} | {}\n{:5} | {}^{}", head, line, shown, "", mark,
                     break_at == text.npos ? "" : text.substr(break_at));
}

bool only_broken_promises(const Errors& errors) {
  return !errors.empty() &&
         std::all_of(errors.begin(), errors.end(), [](const FileError& one) { return one.broken_promise; });
}

}  // namespace sekisho::config
