// A command for Redis, kept as it goes over the wire: each of its parts is written once, into one string.
#pragma once

#include <charconv>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "cache/keys.h"

namespace sekisho::cache {

template <class T>
concept CommandPart =
    std::convertible_to<T, std::string_view> || std::integral<T> || std::same_as<T, keys::Key>;

class Command {
 public:
  Command() = default;
  template <class... Parts>
  requires(CommandPart<Parts>&&...) Command(const Parts&... parts) { (add(parts), ...); }

  Command& add(std::string_view part) { return join(part); }
  Command& add(const keys::Key& key) { return join(key.begin, key.tag, key.end, key.what, key.more); }
  Command& add(std::integral auto number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return join(std::string_view(digits, end));
  }
  // One part, of several pieces.
  template <std::convertible_to<std::string_view>... Piece>
  Command& join(const Piece&... pieces) {
    const auto bytes = (std::string_view(pieces).size() + ...);
    char line[line_bytes + short_bytes];
    auto* at = write_line(line, '$', bytes);
    if (bytes > short_bytes - 2) return join_long({line, at}, {std::string_view(pieces)...});
    ((at += std::string_view(pieces).copy(at, std::string_view::npos)), ...);
    *at++ = '\r';
    *at++ = '\n';
    parts_.append(line, static_cast<std::size_t>(at - line));
    ++size_;
    return *this;
  }
  // All parts of another from `first` on.
  Command& add_from(const Command& other, std::size_t first);
  void reserve(std::size_t bytes) { parts_.reserve(bytes); }

  std::size_t size() const { return size_; }            // parts
  std::string_view operator[](std::size_t part) const;  // looked for from the beginning
  std::size_t find(std::string_view part) const;        // the first that is this; size(): none
  void write_to(std::string& out) const;                // RESP: an array of bulk strings

 private:
  static constexpr std::size_t line_bytes = 24,
                               short_bytes = 104;  // most parts are put together beside, at once
  // "$17\r\n"; returns its end.
  static char* write_line(char* at, char kind, std::size_t number) {
    *at++ = kind;
    at = std::to_chars(at, at + 20, number).ptr;
    *at++ = '\r';
    *at++ = '\n';
    return at;
  }
  Command& join_long(std::string_view line, std::initializer_list<std::string_view> pieces);
  std::size_t place_of(std::size_t part) const;

  std::string parts_;  // "$<bytes>\r\n<part>\r\n" each
  std::size_t size_ = 0;
};

}  // namespace sekisho::cache
