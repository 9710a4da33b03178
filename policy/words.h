// One table per closed vocabulary: an enum's words as they stand in files, metrics and messages.
//
// A vocabulary is a plain enum whose values count up from 0 plus a `words_of` overload that lists the words
// in the same order. Everything else (printing, parsing, sets) derives from that list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::policy {

template <class E>
constexpr std::size_t count_of() {
  return std::size(words_of(E{}));
}

template <class E>
constexpr std::string_view name(E value) {
  return words_of(E{})[static_cast<std::size_t>(value)];
}

// The value with this exact word, or nothing.
template <class E>
constexpr std::optional<E> parse_word(std::string_view word) {
  const auto& words = words_of(E{});
  for (std::size_t i = 0; i < std::size(words); ++i)
    if (words[i] == word) return static_cast<E>(i);
  return std::nullopt;
}

// "a, b, c": for messages that list what would have been accepted.
template <class E>
std::string all_words() {
  std::string out;
  for (auto word : words_of(E{})) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

// A set of words of one vocabulary, as bits.
template <class E>
class WordSet {
 public:
  constexpr WordSet() = default;
  constexpr WordSet(std::initializer_list<E> values) {
    for (E value : values) add(value);
  }
  static constexpr WordSet all() {
    WordSet set;
    set.bits_ = (1u << count_of<E>()) - 1;
    return set;
  }
  constexpr void add(E value) { bits_ |= bit(value); }
  constexpr void remove(E value) { bits_ &= ~bit(value); }
  constexpr bool has(E value) const { return bits_ & bit(value); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool meets(WordSet other) const { return bits_ & other.bits_; }
  constexpr WordSet inverse() const {
    WordSet set = all();
    set.bits_ &= ~bits_;
    return set;
  }
  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool operator==(const WordSet&) const = default;

  // The members in the vocabulary's order.
  template <class F>
  void each(F&& visit) const {
    for (std::size_t i = 0; i < count_of<E>(); ++i)
      if (has(static_cast<E>(i))) visit(static_cast<E>(i));
  }

 private:
  static constexpr std::uint32_t bit(E value) { return 1u << static_cast<unsigned>(value); }
  std::uint32_t bits_ = 0;
};

// "fixed ip_050": how sets are written in registers.
template <class E>
std::string join(WordSet<E> set, std::string_view separator = " ") {
  std::string out;
  set.each([&](E value) {
    if (!out.empty()) out += separator;
    out += name(value);
  });
  return out;
}

}  // namespace sekisho::policy
