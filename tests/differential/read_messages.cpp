// The gate's reading of many streams of requests and of answers, for comparison with other parsers
// (test_requests.py, test_responses.py).
//
// stdin: frames "KIND LENGTH\n" and the stream's bytes; KIND is request, response, or head (an answer to
// HEAD). stdout: a line of JSON each: {"messages":[..],"end":".."}, text byte by byte as Latin-1. A request
// has method, target, headers, body, and whether the connection stays open; what stands behind one that
// closes it is not read. A response is read to the end of its stream, and has status instead. "end": why no
// more was read.
#include <boost/json.hpp>
#include <iostream>

#include "tests/http/feed.h"

namespace {

namespace json = boost::json;
using namespace sekisho::http;

std::string latin1(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) out += static_cast<char>(0xc0 | byte >> 6);
    out += static_cast<char>(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
  }
  return out;
}

json::object told(const Headers& headers, const std::string& body, bool keep_alive) {
  json::array pairs;
  for (const Header& header : headers.all())
    pairs.push_back(json::array{latin1(header.name), latin1(header.value)});
  return {{"headers", std::move(pairs)}, {"body", latin1(body)}, {"keep_alive", keep_alive}};
}

json::object requests_in(std::string_view stream) {
  RequestReader reader{ReadLimits{}};
  feed(reader, stream);
  json::array messages;
  for (Progress p = reader.advance(); p != Progress::need_more; p = reader.advance()) {
    if (p == Progress::failed)
      return {{"messages", std::move(messages)}, {"end", latin1(tell(reader.failure()))}};
    if (p == Progress::head_done) continue;
    const Request request = reader.take();
    auto message = told(request.headers, request.body, request.keep_alive);
    message["method"] = latin1(request.method);
    message["target"] = latin1(request.target);
    messages.push_back(std::move(message));
    if (!request.keep_alive) return {{"messages", std::move(messages)}, {"end", "closed"}};
  }
  return {{"messages", std::move(messages)}, {"end", reader.idle() ? "" : "need more"}};
}

json::object response_in(std::string_view stream, bool head) {
  Response response;
  response.status = 0;
  const auto end = read_response({stream}, ReadLimits{}, head, true, &response);
  if (response.status == 0) return {{"messages", json::array{}}, {"end", latin1(end)}};
  auto message = told(response.headers, response.body, response.keep_alive);
  message["status"] = response.status;
  return {{"messages", json::array{std::move(message)}}, {"end", end.ends_with(" surplus") ? "surplus" : ""}};
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string kind;
  std::size_t length = 0;
  while (std::cin >> kind >> length) {
    std::cin.get();
    std::string stream(length, '\0');
    std::cin.read(stream.data(), std::streamsize(length));
    std::cout << json::serialize(kind == "request" ? requests_in(stream)
                                                   : response_in(stream, kind == "head"))
              << '\n';
  }
}
