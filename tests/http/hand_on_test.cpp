// Bodies that are handed on piece by piece: the same content whatever the pieces, of any size, kept nowhere.
#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/http/reader.h"
#include "gateway/http/writer.h"

namespace sekisho::http {
namespace {

struct Heard {
  Progress end = Progress::need_more;
  std::string body;
  std::size_t largest = 0;  // of all pieces
  std::optional<std::uint64_t> length;
};

template <class Reader>
void feed(Reader& reader, std::string_view& bytes, std::size_t step) {
  const auto space = reader.space();
  const auto part = std::min({space.size(), bytes.size(), step});
  std::copy_n(bytes.data(), part, space.data());
  reader.commit(part);
  bytes.remove_prefix(part);
}

// Everything that is behind a head, `step` bytes at a time.
template <class Reader>
Heard hear(Reader& reader, std::string_view bytes, std::size_t step) {
  Heard heard;
  std::string piece;
  auto progress = reader.advance();
  while (true) {
    if (progress == Progress::head_done) {
      heard.length = reader.body_length();
      reader.take_head();
    }
    reader.take_piece(piece);
    heard.largest = std::max(heard.largest, piece.size());
    heard.body += piece;
    if (progress == Progress::message_done || progress == Progress::failed) break;
    if (progress == Progress::need_more) {
      if (bytes.empty()) break;
      feed(reader, bytes, step);
    }
    progress = reader.advance();
  }
  heard.end = progress;
  return heard;
}

const ReadLimits small{.body_bytes = 100};

std::string text(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += char('a' + i % 26);
  return out;
}

std::string in_chunks(const std::string& body, std::size_t chunk) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += chunk)
    write_chunk(out, std::string_view(body).substr(at, chunk));
  write_chunk(out, "");
  return out;
}

RequestReader passing() {
  RequestReader reader(small);
  reader.hand_on_when([](const Request& head) { return head.path() == "/pass"; });
  return reader;
}

TEST(HandOn, a_request_of_any_size_and_any_pieces_is_handed_on_whole) {
  const auto body = text(100'000);
  const auto head = "POST /pass HTTP/1.1\r\nHost: a\r\n";
  const auto fixed = head + std::string("Content-Length: 100000\r\n\r\n") + body;
  const auto chunked = head + std::string("Transfer-Encoding: chunked\r\n\r\n") + in_chunks(body, 700);
  for (const std::size_t step : {1, 7, 1000, 1'000'000}) {
    auto reader = passing();
    auto heard = hear(reader, fixed, step);
    EXPECT_EQ(heard.end, Progress::message_done) << step;
    EXPECT_EQ(heard.body, body) << step;
    EXPECT_EQ(heard.length, 100'000u);
    EXPECT_LE(heard.largest, 70'000u) << "never kept";
    reader.take();
    heard = hear(reader, chunked, step);
    EXPECT_EQ(heard.end, Progress::message_done) << step;
    EXPECT_EQ(heard.body, body) << step;
    EXPECT_EQ(heard.length, std::nullopt);
    reader.take();
    EXPECT_TRUE(reader.idle());
  }
}

TEST(HandOn, any_other_request_has_its_limit) {
  for (const auto framing : {"Content-Length: 101\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n65\r\n"}) {
    auto reader = passing();
    std::string_view bytes = "POST /other HTTP/1.1\r\nHost: a\r\n";
    feed(reader, bytes, 1000);
    bytes = framing;
    feed(reader, bytes, 1000);
    auto progress = reader.advance();
    if (progress == Progress::head_done) progress = reader.advance();
    EXPECT_EQ(progress, Progress::failed) << framing;
    EXPECT_EQ(reader.failure().reason, policy::Reason::body_too_large);
    EXPECT_FALSE(reader.handing_on());
  }
}

TEST(HandOn, the_next_request_is_read_as_ever) {
  auto reader = passing();
  std::string_view both =
      "POST /pass HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcPOST /other HTTP/1.1\r\nHost: a\r\n"
      "Content-Length: 2\r\n\r\nde";
  feed(reader, both, 1000);
  ASSERT_EQ(reader.advance(), Progress::head_done);
  EXPECT_TRUE(reader.handing_on());
  EXPECT_EQ(reader.take_head().target, "/pass");
  ASSERT_EQ(reader.advance(), Progress::message_done);
  std::string piece;
  reader.take_piece(piece);
  EXPECT_EQ(piece, "abc");
  reader.take();
  ASSERT_EQ(reader.advance(), Progress::head_done);
  EXPECT_FALSE(reader.handing_on());
  ASSERT_EQ(reader.advance(), Progress::message_done);
  EXPECT_EQ(reader.take().body, "de");
}

TEST(HandOn, what_is_wrong_within_a_body_is_found) {
  auto reader = passing();
  const auto heard = hear(
      reader, "POST /pass HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabcd\r\n",
      5);
  EXPECT_EQ(heard.end, Progress::failed);
}

TEST(HandOn, an_answer_of_any_size_and_any_pieces_is_handed_on_whole) {
  const auto body = text(100'000);
  struct {
    std::string framing;
    bool ends_with_stream;
  } table[] = {{"Content-Length: 100000\r\n\r\n" + body, false},
               {"Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body, 9000), false},
               {"\r\n" + body, true}};
  for (const auto& row : table)
    for (const std::size_t step : {3, 1000, 1'000'000}) {
      ResponseReader reader(small);
      reader.expect(false);
      reader.hand_on();
      const auto bytes = "HTTP/1.1 200 OK\r\n" + row.framing;
      auto heard = hear(reader, bytes, step);
      if (row.ends_with_stream) {
        EXPECT_EQ(heard.end, Progress::need_more);
        reader.end_of_stream();
        EXPECT_EQ(reader.advance(), Progress::message_done);
        EXPECT_FALSE(reader.take().keep_alive);
      } else {
        EXPECT_EQ(heard.end, Progress::message_done);
      }
      EXPECT_EQ(heard.body, body);
    }
}

TEST(HandOn, an_answer_that_breaks_off_is_not_whole) {
  for (const auto framing :
       {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}) {
    ResponseReader reader(small);
    reader.expect(false);
    reader.hand_on();
    const auto heard = hear(reader, "HTTP/1.1 200 OK\r\n" + std::string(framing), 1000);
    EXPECT_EQ(heard.body, "abc");
    reader.end_of_stream();
    EXPECT_EQ(reader.advance(), Progress::failed) << framing;
  }
}

TEST(HandOn, the_next_answer_is_kept_as_ever) {
  ResponseReader reader(small);
  reader.expect(false);
  reader.hand_on();
  hear(reader, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 1000);
  reader.take();
  reader.expect(false);
  std::string_view bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nde";
  feed(reader, bytes, 1000);
  while (reader.advance() == Progress::head_done) continue;
  EXPECT_EQ(reader.take().body, "de");
}

TEST(HandOn, heads_say_how_the_body_comes) {
  Request request{.method = "PUT", .target = "/pass"};
  std::string out;
  write_head(out, request, "h", 12);
  EXPECT_EQ(out, "PUT /pass HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n");
  out.clear();
  write_head(out, request, "h", std::nullopt);
  EXPECT_EQ(out, "PUT /pass HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  Response response;
  out.clear();
  write_head(out, response, std::nullopt, false);
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  out.clear();
  response.keep_alive = false;
  write_head(out, response, std::nullopt, true);
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace sekisho::http
