// What every record of the journal is written with: the fields of a JSON object, without the braces, as
// `Journal::append` takes them. Written straight into one string, for a record is made several times an
// order.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sekisho::cache {

// A text as JSON writes it, quotes included.
void append_json_text(std::string& out, std::string_view text);

class Fields {
 public:
  Fields() { out_.reserve(1024); }

  Fields& put(std::string_view name, std::string_view text) {
    begin(name);
    append_json_text(out_, text);
    return *this;
  }
  template <class T>
  requires std::is_arithmetic_v<T> Fields& put(std::string_view name, T value) {
    begin(name);
    if constexpr (std::same_as<T, bool>)
      out_ += value ? "true" : "false";
    else if constexpr (std::signed_integral<T>)
      number(value);
    else if constexpr (std::unsigned_integral<T>)
      count(value);
    else
      static_assert(!sizeof(T), "the journal has integers only");
    return *this;
  }
  Fields& put(std::string_view name, const std::vector<std::string>& texts) {
    return put_all(name, texts, [](const std::string& text) { return std::string_view(text); });
  }
  // A list of texts: `text_of` each.
  template <class List, class TextOf>
  Fields& put_all(std::string_view name, const List& list, const TextOf& text_of) {
    begin(name);
    open('[');
    for (const auto& one : list) {
      comma();
      append_json_text(out_, text_of(one));
    }
    close(']');
    return *this;
  }
  // An object: `inside` puts its fields.
  template <class Inside>
  Fields& object(std::string_view name, const Inside& inside) {
    begin(name);
    open('{');
    inside(*this);
    close('}');
    return *this;
  }
  // A list of objects: `inside` puts the fields of each.
  template <class List, class Inside>
  Fields& objects(std::string_view name, List&& list, const Inside& inside) {
    begin(name);
    open('[');
    for (const auto& one : list) {
      comma();
      open('{');
      inside(*this, one);
      close('}');
    }
    close(']');
    return *this;
  }

  std::string take() { return std::move(out_); }

 private:
  void begin(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;  // ours: nothing in it needs an escape
    out_ += "\":";
  }
  void comma() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void open(char bracket) {
    out_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    first_ = false;
  }
  void number(long long value);
  void count(unsigned long long value);

  std::string out_;
  bool first_ = true;
};

}  // namespace sekisho::cache
