// A request's head: Beast reads the grammar, everything that could be read in two ways is refused here.
#include <string>

#include "gateway/http/fields.h"
#include "gateway/http/head.h"
#include "gateway/http/target.h"

namespace sekisho::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;
using policy::Reason;

class Collector final : public beast::http::basic_parser<true> {
 public:
  explicit Collector(Request& request) : request_(request) { skip(true); }  // the body is not Beast's

  FramingFields framing;
  std::size_t hosts = 0, expectations = 0;
  std::string_view host, expectation;
  const char* repeated = nullptr;  // a header that must not be repeated, and is

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code&) override {
    request_.method.assign(method.data(), method.size());
    request_.target.assign(target.data(), target.size());
    request_.minor_version = version - 10;
  }

  void on_field_impl(field known, beast::string_view name, beast::string_view value,
                     beast::error_code&) override {
    const std::string_view text(value.data(), value.size());
    request_.headers.add({name.data(), name.size()}, text);
    framing.note(known, text);
    if (known == field::host) ++hosts, host = text;
    if (known == field::expect) ++expectations, expectation = text;
    // Two readers that each take another one of these would see two different orders.
    if (known == field::authorization) once(authorizations_, "Authorization more than once");
    if (known == field::content_type) once(content_types_, "Content-Type more than once");
    if (known == field::unknown && same_name({name.data(), name.size()}, "Idempotency-Key"))
      once(keys_, "Idempotency-Key more than once");
  }

  void once(bool& seen, const char* detail) {
    if (seen) repeated = detail;
    seen = true;
  }

  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override { return 0; }
  void on_finish_impl(beast::error_code&) override {}

  Request& request_;
  bool authorizations_ = false, content_types_ = false, keys_ = false;
};

ReadFailure refuse(Reason reason, std::string detail) { return {reason, std::move(detail)}; }

// "GET", "M-SEARCH"; which of them a route knows is not asked here.
bool is_method(std::string_view method) {
  for (char c : method)
    if (!(c >= 'A' && c <= 'Z') && c != '-') return false;
  return !method.empty() && method.size() <= 32;
}

// The Connection header takes what it names out of the message that is forwarded. What decides how the
// message is read must not go away between the gate and the carrier.
bool names_what_must_stay(const Headers& headers) {
  constexpr std::string_view stay[] = {"Host", "Authorization", "Idempotency-Key", "Cookie", "Accept"};
  bool found = false;
  for (const Header& header : headers.all()) {
    if (!same_name(header.name, "Connection")) continue;
    each_element(header.value, [&](std::string_view option) {
      found |= same_name(option.substr(0, 8), "Content-");
      for (std::string_view name : stay) found |= same_name(option, name);
    });
  }
  return found;
}

std::optional<ReadFailure> judge_body(const Collector& read, const Request& request, const ReadLimits& limits,
                                      RequestHead& result) {
  if (const char* wrong = read.framing.judge(request.minor_version, result.framing))
    return refuse(Reason::malformed, wrong);
  if (read.expectations > 1) return refuse(Reason::expectation_failed, "Expect more than once");
  if (read.expectations == 1 && !same_name(read.expectation, "100-continue"))
    return refuse(Reason::expectation_failed, "an Expect other than 100-continue");
  using Kind = Framing::Kind;
  Framing& framing = result.framing;
  // RFC 1945 7.2.2. In HTTP/1.1 no length means no body.
  const bool carries_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (framing.kind == Kind::none && request.minor_version == 0 && carries_body)
    return refuse(Reason::length_required, "an HTTP/1.0 " + request.method + " without Content-Length");
  if (framing.kind == Kind::fixed && framing.length == 0) framing.kind = Kind::none;
  // RFC 9110 10.1.1: ignored in HTTP/1.0 and where no body follows.
  result.expects_continue =
      read.expectations == 1 && request.minor_version == 1 && framing.kind != Kind::none;
  return std::nullopt;
}

std::optional<ReadFailure> judge(const Collector& read, const ReadLimits& limits, Request& request,
                                 RequestHead& result) {
  if (!is_method(request.method)) return refuse(Reason::malformed, "the method is not in capital letters");
  if (request.method == "CONNECT" || request.method == "TRACE" || request.method == "TRACK")
    return refuse(Reason::method_not_allowed, request.method + " is never allowed");
  if (request.target.size() > limits.target_bytes)
    return refuse(Reason::uri_too_long,
                  "the request target is longer than " + std::to_string(limits.target_bytes) + " bytes");
  if (read.hosts > 1) return refuse(Reason::malformed, "Host more than once");
  // RFC 9112 3.2; an HTTP/1.0 health check may come without.
  if (read.hosts == 0 && request.minor_version == 1) return refuse(Reason::malformed, "no Host");
  if (read.hosts == 1 && !is_host(read.host)) return refuse(Reason::malformed, "Host is not a host");
  if (request.target == "*" && request.method == "OPTIONS")
    return refuse(Reason::method_not_allowed, "OPTIONS * is not answered");
  if (const char* wrong = to_origin_form(request.target, read.host)) return refuse(Reason::malformed, wrong);
  if (read.repeated != nullptr) return refuse(Reason::malformed, read.repeated);
  if (names_what_must_stay(request.headers))
    return refuse(Reason::malformed, "Connection names an end-to-end header");
  request.keep_alive = keeps_alive(request.headers, request.minor_version);
  return judge_body(read, request, limits, result);
}

}  // namespace

std::optional<ReadFailure> read_head(std::string_view head, const ReadLimits& limits, Request& request,
                                     RequestHead& result) {
  Collector read(request);
  // The scanner holds the real limits; Beast must not stop before them.
  read.header_limit(static_cast<std::uint32_t>(head.size() + 1));
  beast::error_code error;
  read.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error) return refuse(Reason::malformed, describe(error, read.framing));
  if (!read.is_done()) return refuse(Reason::malformed, "the head is not well-formed");
  return judge(read, limits, request, result);
}

}  // namespace sekisho::http
