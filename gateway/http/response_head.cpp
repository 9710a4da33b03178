// An answer's head, read as strictly as a request's.
#include <string>

#include "gateway/http/fields.h"
#include "gateway/http/head.h"
#include "gateway/http/writer.h"

namespace sekisho::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;
using policy::Reason;

class Collector final : public beast::http::basic_parser<false> {
 public:
  explicit Collector(Response& response) : response_(response) { skip(true); }  // the body is not Beast's

  FramingFields framing;
  int minor_version = 1;

 private:
  void on_response_impl(int status, beast::string_view, int version, beast::error_code&) override {
    response_.status = status;
    minor_version = version - 10;
  }
  void on_field_impl(field known, beast::string_view name, beast::string_view value,
                     beast::error_code&) override {
    const std::string_view text(value.data(), value.size());
    response_.headers.add({name.data(), name.size()}, text);
    framing.note(known, text);
  }
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       beast::error_code&) override {}
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override { return 0; }
  void on_finish_impl(beast::error_code&) override {}

  Response& response_;
};

ReadFailure refuse(std::string detail) { return {Reason::carrier_malformed, std::move(detail)}; }

}  // namespace

std::optional<ReadFailure> read_head(std::string_view head, const ReadLimits& limits, bool head_request,
                                     Response& response, ResponseHead& result) {
  Collector read(response);
  read.header_limit(static_cast<std::uint32_t>(head.size() + 1));
  beast::error_code error;
  read.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error) return refuse(describe(error, read.framing));
  if (!read.is_done()) return refuse("the head is not well-formed");

  const int status = response.status;
  if (status < 100 || status > 599) return refuse("the status is not between 100 and 599");
  if (status == 101) return refuse("an upgrade that nobody asked for");
  Framing stated;
  if (const char* wrong = read.framing.judge(read.minor_version, stated)) return refuse(wrong);

  response.keep_alive = keeps_alive(response.headers, read.minor_version);
  using Kind = Framing::Kind;
  result.framing = stated;
  // RFC 9110 8.6: neither 1xx nor 204 has a body or says how long it is. Where one does, its bytes may be on
  // the way.
  const bool claims_body = stated.kind == Kind::chunked || stated.length != 0;
  if (status / 100 == 1) {
    if (claims_body) return refuse("an interim answer with a body");
    result.framing = {};
  } else if (status == 204) {
    if (claims_body) response.keep_alive = false;
    result.framing = {};
  } else if (head_request || status == 304) {
    result.framing = {};
  } else if (stated.kind == Kind::none) {
    result.framing.kind = Kind::until_close;
    response.keep_alive = false;
  } else if (stated.kind == Kind::fixed && stated.length == 0) {
    result.framing = {};
  }
  keep_end_to_end(response.headers);
  return std::nullopt;
}

}  // namespace sekisho::http
