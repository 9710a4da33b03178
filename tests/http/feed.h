// Feeds readers in pieces of any size and writes down what they told, so that a table of cases can state it.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/reader.h"

namespace sekisho::http {

template <class Reader>
void feed(Reader& reader, std::string_view bytes) {
  while (!bytes.empty()) {
    auto space = reader.space();
    const std::size_t part = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), part);
    reader.commit(part);
    bytes.remove_prefix(part);
  }
}

inline std::string tell(const ReadFailure& failure) {
  return std::string(policy::code(failure.reason)) + ": " + failure.detail;
}

inline std::string tell(const Request& request) {
  return request.method + " " + request.target + (request.minor_version == 1 ? "" : " 1.0") +
         (request.keep_alive ? "" : " close") + (request.body.empty() ? "" : " [" + request.body + "]");
}

inline std::string tell(const Response& response) {
  return std::to_string(response.status) + (response.keep_alive ? "" : " close") +
         (response.body.empty() ? "" : " [" + response.body + "]");
}

// The pieces of `bytes` when cut at `cuts` (ascending).
inline std::vector<std::string_view> cut(std::string_view bytes, const std::vector<std::size_t>& cuts) {
  std::vector<std::string_view> pieces;
  std::size_t begin = 0;
  for (std::size_t at : cuts) {
    pieces.push_back(bytes.substr(begin, at - begin));
    begin = at;
  }
  pieces.push_back(bytes.substr(begin));
  return pieces;
}

// Every way in which a case is fed: whole, cut in two at each place (long ones: at some 300), byte by byte.
inline std::vector<std::vector<std::string_view>> all_ways(std::string_view bytes) {
  std::vector<std::vector<std::string_view>> ways{{bytes}};
  const std::size_t stride = bytes.size() > 2000 ? bytes.size() / 300 : 1;
  for (std::size_t at = 1; at < bytes.size(); at += stride) ways.push_back(cut(bytes, {at}));
  std::vector<std::size_t> every;
  for (std::size_t at = 1; at < bytes.size(); ++at) every.push_back(at);
  ways.push_back(cut(bytes, every));
  return ways;
}

// Reads requests until the bytes end or are refused: "GET /a; POST /b [body]; need more"; nothing is added
// when the reader ends idle.
inline std::string read_requests(const std::vector<std::string_view>& pieces, const ReadLimits& limits,
                                 std::vector<Request>* taken = nullptr) {
  RequestReader reader(limits);
  std::string told;
  for (std::string_view piece : pieces) {
    feed(reader, piece);
    for (Progress p = reader.advance(); p != Progress::need_more; p = reader.advance()) {
      if (p == Progress::failed) return told + tell(reader.failure());
      if (p == Progress::head_done) continue;
      Request request = reader.take();
      told += tell(request) + "; ";
      if (taken != nullptr) taken->push_back(std::move(request));
    }
  }
  return reader.idle() ? told : told + "need more";
}

// Reads one answer; `closed`: the stream ends after the bytes.
inline std::string read_response(const std::vector<std::string_view>& pieces, const ReadLimits& limits,
                                 bool head_request, bool closed, Response* taken = nullptr) {
  ResponseReader reader(limits);
  reader.expect(head_request);
  Progress progress = Progress::need_more;
  const auto run = [&] {
    do progress = reader.advance();
    while (progress == Progress::head_done);
  };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    feed(reader, pieces[i]);
    if (closed && i + 1 == pieces.size()) reader.end_of_stream();
    if (progress == Progress::need_more) run();
  }
  if (progress == Progress::failed) return tell(reader.failure());
  if (progress == Progress::need_more) return "need more";
  const std::string surplus = reader.surplus() ? " surplus" : "";
  Response response = reader.take();
  if (closed) response.keep_alive = false;  // told early or late by the pieces
  std::string told = tell(response) + surplus;
  if (taken != nullptr) *taken = std::move(response);
  return told;
}

}  // namespace sekisho::http
