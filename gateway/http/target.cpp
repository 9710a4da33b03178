#include "gateway/http/target.h"

#include <array>
#include <cstddef>

#include "gateway/http/fields.h"
#include "gateway/http/message.h"

namespace sekisho::http {
namespace {

constexpr std::array<bool, 256> table_of(std::string_view others) {
  std::array<bool, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (char c : others) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr auto path_bytes = table_of("-._~!$&'()*+,;=:@/%");
constexpr auto query_bytes = table_of("-._~!$&'()*+,;=:@/%?[]{}|^");
constexpr auto host_bytes = table_of("-._");

bool only(std::string_view text, const std::array<bool, 256>& table) {
  for (char c : text)
    if (!table[static_cast<unsigned char>(c)]) return false;
  return true;
}

constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

const char* check_percents(std::string_view text) {
  for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0)
      return "a % without two hex digits in the request target";
    if (text[at + 1] == '0' && text[at + 2] == '0') return "an encoded NUL in the request target";
  }
  return nullptr;
}

// "." or "..", encoded or not, with parameters or not.
bool is_dot_segment(std::string_view segment) {
  int dots = 0;
  while (!segment.empty() && segment.front() != ';') {
    if (segment.front() == '.') {
      segment.remove_prefix(1);
    } else if (segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' && (segment[2] | 0x20) == 'e') {
      segment.remove_prefix(3);
    } else {
      return false;
    }
    ++dots;
  }
  return dots == 1 || dots == 2;
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // "/"
    const std::size_t end = std::min(path.find('/'), path.size());
    if (is_dot_segment(path.substr(0, end))) return true;
    path.remove_prefix(end);
  }
  return false;
}

// Cuts "http://authority" off; says what is wrong with it.
const char* strip_authority(std::string& target, std::string_view host) {
  const std::string_view all = target;
  const std::size_t mark = all.find("://");
  if (mark == all.npos ||
      !(same_name(all.substr(0, mark), "http") || same_name(all.substr(0, mark), "https")))
    return "the request target is neither a path nor an http address";
  const std::size_t begin = mark + 3;
  const std::size_t end = std::min(all.find_first_of("/?#", begin), all.size());
  if (host.empty() || !same_name(all.substr(begin, end - begin), host))
    return "the request target names another authority than Host";
  target.erase(0, end);
  if (target.empty() || target.front() == '?') target.insert(0, 1, '/');
  return nullptr;
}

bool is_port(std::string_view port) {
  if (port.empty() || port.size() > 5) return false;
  unsigned value = 0;
  for (char c : port) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65535;
}

}  // namespace

bool is_host(std::string_view host) {
  std::string_view rest;
  if (!host.empty() && host.front() == '[') {
    const std::size_t close = host.find(']');
    if (close == host.npos || close < 3) return false;
    for (char c : host.substr(1, close - 1))
      if (hex_value(c) < 0 && c != ':' && c != '.') return false;
    rest = host.substr(close + 1);
  } else {
    const std::size_t colon = std::min(host.find(':'), host.size());
    if (colon == 0 || colon > 255 || !only(host.substr(0, colon), host_bytes)) return false;
    rest = host.substr(colon);
  }
  return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

const char* to_origin_form(std::string& target, std::string_view host) {
  if (target.empty()) return "the request target is empty";
  if (target.find('#') != target.npos) return "a fragment in the request target";
  if (target.front() != '/')
    if (const char* wrong = strip_authority(target, host)) return wrong;
  const std::string_view all = target;
  const std::size_t mark = std::min(all.find('?'), all.size());
  const std::string_view path = all.substr(0, mark);
  if (!only(path, path_bytes) || !only(all.substr(mark), query_bytes))
    return "a character that must be percent-encoded in the request target";
  if (const char* wrong = check_percents(all)) return wrong;
  if (has_dot_segment(path)) return "a dot segment in the request target";
  return nullptr;
}

}  // namespace sekisho::http
