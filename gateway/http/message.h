// HTTP/1.1 messages as the gate understands them: everything in here was read strictly, nothing is raw.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sekisho::http {

struct Header {
  std::string name;   // as received; compare with `same_name`
  std::string value;  // trimmed, without control characters
};

// Case-insensitive ASCII comparison of header names.
bool same_name(std::string_view a, std::string_view b);

// Headers in their order. Names may repeat. Cleared headers keep their memory for the next message.
class Headers {
 public:
  Headers() = default;
  Headers(const Headers&) = default;
  Headers& operator=(const Headers&) = default;
  Headers(Headers&& other) noexcept : slots_(std::move(other.slots_)), size_(std::exchange(other.size_, 0)) {}
  Headers& operator=(Headers&& other) noexcept {
    std::swap(slots_, other.slots_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces every one of that name
  void remove(std::string_view name);
  template <class P>
  void remove_if(P&& goes);                                           // keeps the order of the others
  std::optional<std::string_view> find(std::string_view name) const;  // the first of that name
  std::size_t count(std::string_view name) const;
  std::span<const Header> all() const { return {slots_.data(), size_}; }
  void clear() { size_ = 0; }
  void reserve(std::size_t count) { slots_.reserve(count); }

 private:
  std::vector<Header> slots_;  // the first size_ are the headers, the rest wait to be used again
  std::size_t size_ = 0;
};

template <class P>
void Headers::remove_if(P&& goes) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    if (goes(static_cast<const Header&>(slots_[i]))) continue;
    if (kept != i) std::swap(slots_[kept], slots_[i]);
    ++kept;
  }
  size_ = kept;
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
