// What both directions ask of header fields: framing that cannot be misread, and the options of Connection.
//
// For the readers only; nothing outside gateway/http includes it.
#pragma once

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/head.h"
#include "gateway/http/message.h"

namespace sekisho::http {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Every element of a comma-separated list that is not empty.
template <class F>
void each_element(std::string_view list, F&& visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trimmed(list.substr(0, comma));
    if (!element.empty()) visit(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// The fields that delimit a message, gathered while its head is read.
struct FramingFields {
  std::size_t lengths = 0, codings = 0;
  std::string_view length, coding;  // the last of each

  void note(boost::beast::http::field field, std::string_view value) {
    if (field == boost::beast::http::field::content_length) ++lengths, length = value;
    if (field == boost::beast::http::field::transfer_encoding) ++codings, coding = value;
  }

  // Says what is wrong with them, or fills `framing`; `Kind::none` when there are none.
  // Stricter than RFC 9112 6.3: no repetition, no list, no leading zero, nothing but "chunked", never both.
  const char* judge(int minor_version, Framing& framing) const {
    framing = {};
    if (codings != 0) {
      if (codings > 1) return "Transfer-Encoding more than once";
      if (lengths != 0) return "Transfer-Encoding together with Content-Length";
      if (minor_version == 0) return "Transfer-Encoding in HTTP/1.0";
      if (!same_name(coding, "chunked")) return "a Transfer-Encoding other than chunked";
      framing.kind = Framing::Kind::chunked;
      return nullptr;
    }
    if (lengths == 0) return nullptr;
    if (lengths > 1) return "Content-Length more than once";
    // 18 digits always fit, and are beyond every limit.
    if (length.empty() || length.size() > 18 || !std::all_of(length.begin(), length.end(), is_digit) ||
        (length.size() > 1 && length.front() == '0'))
      return "a Content-Length that is not a plain number";
    framing.kind = Framing::Kind::fixed;
    for (char c : length) framing.length = framing.length * 10 + static_cast<std::uint64_t>(c - '0');
    return nullptr;
  }
};

// RFC 9112 9.3; `close` wins over everything.
inline bool keeps_alive(const Headers& headers, int minor_version) {
  bool close = false, keep = minor_version == 1;
  for (const Header& header : headers.all()) {
    if (!same_name(header.name, "Connection")) continue;
    each_element(header.value, [&](std::string_view option) {
      close |= same_name(option, "close");
      keep |= same_name(option, "keep-alive");
    });
  }
  return keep && !close;
}

// What Beast found wrong, in our words. `before`: the fields up to the bad one.
inline std::string describe(boost::beast::error_code error, const FramingFields& before) {
  using E = boost::beast::http::error;
  const char* both = "Transfer-Encoding together with Content-Length";
  if (error == E::bad_content_length && before.codings != 0) return both;
  if (error == E::bad_transfer_encoding && before.lengths != 0) return both;
  if (error == E::bad_method) return "the method is not a token";
  if (error == E::bad_target) return "the request target is not well-formed";
  if (error == E::bad_version) return "not HTTP/1.1 or HTTP/1.0";
  if (error == E::bad_status) return "the status is not three digits";
  if (error == E::bad_reason) return "the reason phrase is not well-formed";
  if (error == E::bad_field) return "a header name is not a token";
  if (error == E::bad_value) return "a header value is not well-formed";
  if (error == E::bad_content_length) return "a Content-Length that is not a plain number";
  if (error == E::multiple_content_length) return "Content-Length more than once";
  if (error == E::bad_transfer_encoding) return "Transfer-Encoding more than once";
  return "the head is not well-formed";
}

}  // namespace sekisho::http
