// A command for Redis, kept as it goes over the wire: each of its parts is written once, into one string.
#pragma once

#include <charconv>
#include <concepts>
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
    begin((std::string_view(pieces).size() + ...));
    (parts_.append(std::string_view(pieces)), ...);
    parts_ += "\r\n";
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
  void begin(std::size_t bytes);
  std::size_t place_of(std::size_t part) const;

  std::string parts_;  // "$<bytes>\r\n<part>\r\n" each
  std::size_t size_ = 0;
};

}  // namespace sekisho::cache
