// HTTP/1.1 messages as the gate understands them: everything in here was read strictly, nothing is raw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::http {

struct Header {
  std::string_view name;   // as received; compare with `same_name`
  std::string_view value;  // trimmed, without control characters
};

// Case-insensitive ASCII comparison of header names.
bool same_name(std::string_view a, std::string_view b);

// Headers in their order. Names may repeat. All of their text lies in one string, for a message has a dozen
// of them and is made anew several times an order: what is told of them is good until they change.
class Headers {
  // Where a name begins in the text, with its value behind it; and the lengths of both.
  struct Place {
    std::uint32_t at, name, value;
    Header in(const char* text) const { return {{text + at, name}, {text + at + name, value}}; }
  };

 public:
  // They, as a range.
  class All {
   public:
    struct Iterator {
      using value_type = Header;
      using difference_type = std::ptrdiff_t;
      const char* text = nullptr;
      const Place* place = nullptr;
      Header operator*() const { return place->in(text); }
      Iterator& operator++() { return ++place, *this; }
      Iterator operator++(int) { return {text, place++}; }
      bool operator==(const Iterator& other) const { return place == other.place; }
    };
    std::size_t size() const { return places_.size(); }
    bool empty() const { return places_.empty(); }
    Header operator[](std::size_t i) const { return places_[i].in(text_); }
    Iterator begin() const { return {text_, places_.data()}; }
    Iterator end() const { return {text_, places_.data() + places_.size()}; }

   private:
    friend class Headers;
    All(const char* text, std::span<const Place> places) : text_(text), places_(places) {}
    const char* text_;
    std::span<const Place> places_;
  };

  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces every one of that name
  void remove(std::string_view name);
  template <class P>
  void remove_if(P&& goes);                                           // keeps the order of the others
  std::optional<std::string_view> find(std::string_view name) const;  // the first of that name
  std::size_t count(std::string_view name) const;
  All all() const { return {text_.data(), places_}; }
  void clear();  // keeps the memory
  void reserve(std::size_t count, std::size_t bytes);

 private:
  bool own(std::string_view text) const;

  std::string text_;
  std::vector<Place> places_;
};

template <class P>
void Headers::remove_if(P&& goes) {
  const auto headers = all();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (!goes(headers[i])) places_[kept++] = places_[i];
  places_.resize(kept);
}

struct Request {
  std::string method;  // upper case token
  std::string target;  // origin form: "/v1/number-orders?x=1"
  int minor_version = 1;
  Headers
      headers;  // as received, framing headers too: pass them through `end_to_end` before they are forwarded
  std::string body;
  bool keep_alive = true;

  std::string_view path() const;   // target up to "?"
  std::string_view query() const;  // after "?", without it
  void clear();                    // to a fresh request; keeps the memory
};

struct Response {
  int status = 200;
  Headers headers;  // end-to-end ones only: the writer adds Content-Length and Connection
  std::string body;
  bool keep_alive = true;

  void clear();  // to a fresh response; keeps the memory
};

}  // namespace sekisho::http
