#include "gateway/http/writer.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <cassert>
#include <charconv>
#include <vector>

#include "gateway/http/fields.h"
#include "gateway/http/text.h"

namespace sekisho::http {
namespace {

// A header's name as a careless reader behind the gate may see it: lower case, "-" for "_" and ".".
// Long names are cut; no name or prefix below is as long.
class FoldedName {
 public:
  explicit FoldedName(std::string_view name) : size_(std::min(name.size(), sizeof(bytes_))) {
    for (std::size_t i = 0; i < size_; ++i) {
      const char c = name[i];
      bytes_[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c == '_' || c == '.' ? '-' : c;
    }
  }
  std::string_view text() const { return {bytes_, size_}; }

 private:
  std::size_t size_;
  char bytes_[48];
};

constexpr std::string_view framing_and_hop_by_hop[] = {
    "connection", "content-length", "expect",   "host",    "http2-settings",    "keep-alive",
    "te",         "trailer",        "trailers", "upgrade", "transfer-encoding",
};
constexpr std::string_view the_gates_own[] = {
    "alt-svc",           "client-cert",     "client-cert-chain",
    "forwarded",         "x-http-method",   "x-http-method-override",
    "x-method-override", "x-original-host", "x-original-url",
    "x-original-uri",    "x-real-ip",       "x-rewrite-url",
};
constexpr std::string_view prefixes[] = {"proxy-", "sekisho-", "ssl-client-", "x-forwarded-",
                                         "x-ssl-client-"};
constexpr std::string_view body_digests[] = {"Content-Digest", "Repr-Digest", "Digest", "Content-MD5"};

bool is_hop_by_hop(std::string_view folded) {
  return std::find(std::begin(framing_and_hop_by_hop), std::end(framing_and_hop_by_hop), folded) !=
         std::end(framing_and_hop_by_hop);
}

bool stays_here(std::string_view folded) {
  if (is_hop_by_hop(folded)) return true;
  for (std::string_view name : the_gates_own)
    if (folded == name) return true;
  for (std::string_view prefix : prefixes)
    if (folded.starts_with(prefix)) return true;
  return folded == "x-forwarded";
}

// What Connection names besides the usual; almost always nothing.
std::vector<std::string> named_in_connection(const Headers& headers) {
  std::vector<std::string> names;
  for (const Header& header : headers.all()) {
    if (!same_name(header.name, "Connection")) continue;
    each_element(header.value, [&](std::string_view option) {
      const FoldedName folded(option);
      if (folded.text() != "close" && !is_hop_by_hop(folded.text())) names.emplace_back(folded.text());
    });
  }
  return names;
}

bool crosses(const Header& header, const std::vector<std::string>& named) {
  const FoldedName folded(header.name);
  return !stays_here(folded.text()) && std::find(named.begin(), named.end(), folded.text()) == named.end();
}

// Values from outside were read strictly; one of our own making must not split the message either.
void append_value(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const std::size_t part = text_prefix(value);
    out += value.substr(0, part);
    value.remove_prefix(part);
    if (value.empty()) return;
    out += ' ';
    value.remove_prefix(1);
  }
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  append_value(out, value);
  out += "\r\n";
}

void append_number(std::string& out, std::size_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  out.append(digits, end);
}

void append_length(std::string& out, std::size_t length) {
  out += "Content-Length: ";
  append_number(out, length);
  out += "\r\n";
}

void append_headers(std::string& out, const Headers& headers) {
  for (const Header& header : headers.all()) {
    assert(!is_hop_by_hop(FoldedName(header.name).text()));
    append_header(out, header.name, header.value);
  }
}

std::size_t bytes_of(const Headers& headers) {
  std::size_t bytes = 0;
  for (const Header& header : headers.all()) bytes += header.name.size() + header.value.size();
  return bytes;
}

// Room for the whole message at once; growing stays geometric when many messages share one string.
void make_room(std::string& out, const Headers& headers, std::size_t rest) {
  const std::size_t size = out.size() + rest + 128 + bytes_of(headers) + 4 * headers.all().size();
  if (size > out.capacity()) out.reserve(std::max(size, out.capacity() * 2));
}

std::string_view phrase(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  if (known == boost::beast::http::status::unknown) return {};
  const auto text = boost::beast::http::obsolete_reason(known);
  return {text.data(), text.size()};
}

void append_request_line(std::string& out, const Request& request, std::string_view host) {
  make_room(out, request.headers, request.target.size() + host.size() + request.body.size());
  out += request.method;
  out += ' ';
  out += request.target;
  out += " HTTP/1.1\r\n";
  append_header(out, "Host", host);
}

void append_status_line(std::string& out, const Response& response) {
  make_room(out, response.headers, response.body.size());
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(response.status));
  out += ' ';
  out += phrase(response.status);
  out += "\r\n";
}

void append_framing(std::string& out, std::optional<std::uint64_t> length) {
  if (length)
    append_length(out, *length);
  else
    out += "Transfer-Encoding: chunked\r\n";
}

}  // namespace

void write_head(std::string& out, const Request& request, std::string_view host,
                std::optional<std::uint64_t> length) {
  append_request_line(out, request, host);
  append_framing(out, length);
  append_headers(out, request.headers);
  out += "\r\n";
}

void write_head(std::string& out, const Response& response, std::optional<std::uint64_t> length,
                bool until_close) {
  append_status_line(out, response);
  if (length || !until_close) append_framing(out, length);
  if (!response.keep_alive) out += "Connection: close\r\n";
  append_headers(out, response.headers);
  out += "\r\n";
}

void write_chunk(std::string& out, std::string_view piece) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof(digits), piece.size(), 16).ptr;
  out.append(digits, end);
  out += "\r\n";
  out += piece;
  out += "\r\n";
}

void write(std::string& out, const Request& request, std::string_view host) {
  append_request_line(out, request, host);
  const bool implies_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (implies_body || !request.body.empty()) append_length(out, request.body.size());
  append_headers(out, request.headers);
  out += "\r\n";
  out += request.body;
}

void write(std::string& out, const Response& response, bool head_only) {
  append_status_line(out, response);
  const bool interim = response.status / 100 == 1;
  const bool bodyless = interim || response.status == 204 || response.status == 304;
  if (!bodyless && !(head_only && response.body.empty())) append_length(out, response.body.size());
  if (!response.keep_alive && !interim) out += "Connection: close\r\n";
  append_headers(out, response.headers);
  out += "\r\n";
  if (!bodyless && !head_only) out += response.body;
}

Headers end_to_end(const Headers& headers) {
  const auto named = named_in_connection(headers);
  Headers kept;
  // And room for what the gate adds.
  kept.reserve(headers.all().size() + 4, bytes_of(headers) + 256);
  for (const Header& header : headers.all())
    if (crosses(header, named)) kept.add(header.name, header.value);
  return kept;
}

void drop_body_digests(Headers& headers) {
  for (const auto name : body_digests) headers.remove(name);
}

void keep_end_to_end(Headers& headers) {
  const auto named = named_in_connection(headers);
  headers.remove_if([&](const Header& header) { return !crosses(header, named); });
}

}  // namespace sekisho::http
