#include "cache/redis_command.h"

namespace sekisho::cache {
namespace {

// The part that begins at `at`, which goes to the beginning of the next one.
std::string_view next_part(std::string_view parts, std::size_t& at) {
  std::size_t bytes = 0;
  const auto* digits = parts.data() + at + 1;
  const auto* end = std::from_chars(digits, parts.data() + parts.size(), bytes).ptr;
  const auto begin = static_cast<std::size_t>(end - parts.data()) + 2;
  at = begin + bytes + 2;
  return parts.substr(begin, bytes);
}

}  // namespace

Command& Command::join_long(std::string_view line, std::initializer_list<std::string_view> pieces) {
  parts_ += line;
  for (const auto piece : pieces) parts_ += piece;
  parts_ += "\r\n";
  ++size_;
  return *this;
}

std::size_t Command::place_of(std::size_t part) const {
  std::size_t at = 0;
  for (; part > 0; --part) next_part(parts_, at);
  return at;
}

Command& Command::add_from(const Command& other, std::size_t first) {
  parts_.append(other.parts_, other.place_of(first));
  size_ += other.size_ - first;
  return *this;
}

std::string_view Command::operator[](std::size_t part) const {
  auto at = place_of(part);
  return next_part(parts_, at);
}

std::size_t Command::find(std::string_view part) const {
  std::size_t at = 0;
  for (std::size_t i = 0; i < size_; ++i)
    if (next_part(parts_, at) == part) return i;
  return size_;
}

void Command::write_to(std::string& out) const {
  char line[line_bytes];
  out.append(line, static_cast<std::size_t>(write_line(line, '*', size_) - line));
  out += parts_;
}

}  // namespace sekisho::cache
