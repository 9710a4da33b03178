#include "gateway/http/reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/http/feed.h"

namespace sekisho::http {
namespace {

const std::string post = "POST /a HTTP/1.1\r\nHost: a\r\n";

TEST(RequestReader, TellsTheHeadOnceAndThenTheMessage) {
  RequestReader reader({});
  EXPECT_TRUE(reader.idle());
  EXPECT_EQ(reader.advance(), Progress::need_more);
  feed(reader, post + "Content-Length: 2\r\n");
  EXPECT_EQ(reader.advance(), Progress::need_more);
  EXPECT_FALSE(reader.idle());
  feed(reader, "\r\n");
  EXPECT_EQ(reader.advance(), Progress::head_done);
  EXPECT_EQ(reader.request().target, "/a");
  EXPECT_EQ(reader.advance(), Progress::need_more);
  EXPECT_FALSE(reader.idle());
  feed(reader, "hi");
  EXPECT_EQ(reader.advance(), Progress::message_done);
  EXPECT_EQ(reader.advance(), Progress::message_done);
  EXPECT_EQ(reader.take().body, "hi");
  EXPECT_TRUE(reader.idle());
  EXPECT_EQ(reader.advance(), Progress::need_more);
}

TEST(RequestReader, AMessageWithoutABodyAlsoTellsItsHeadFirst) {
  RequestReader reader({});
  feed(reader, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reader.advance(), Progress::head_done);
  EXPECT_EQ(reader.advance(), Progress::message_done);
}

TEST(RequestReader, PipelinedRequestsKeepTheirOrderAndWaitForTheirTurn) {
  RequestReader reader({});
  std::string bytes;
  for (int i = 0; i < 100; ++i)
    bytes += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nN: " + std::to_string(i) + "\r\n\r\n";
  feed(reader, bytes);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(reader.advance(), Progress::head_done);
    ASSERT_EQ(reader.advance(), Progress::message_done);
    EXPECT_FALSE(reader.idle());
    const Request request = reader.take();
    EXPECT_EQ(request.target, "/" + std::to_string(i));
    EXPECT_EQ(request.headers.find("N"), std::to_string(i));
    EXPECT_EQ(request.headers.all().size(), 2u);
  }
  EXPECT_TRUE(reader.idle());
}

TEST(RequestReader, AsksForContinueUntilTheBodyBegins) {
  RequestReader reader({});
  feed(reader, post + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_FALSE(reader.expects_continue());
  ASSERT_EQ(reader.advance(), Progress::head_done);
  EXPECT_TRUE(reader.expects_continue());
  EXPECT_EQ(reader.advance(), Progress::need_more);
  EXPECT_TRUE(reader.expects_continue());
  feed(reader, "h");
  EXPECT_FALSE(reader.expects_continue());
  EXPECT_EQ(reader.advance(), Progress::need_more);
  EXPECT_FALSE(reader.expects_continue());
  feed(reader, "i");
  EXPECT_EQ(reader.advance(), Progress::message_done);
  EXPECT_FALSE(reader.expects_continue());
  reader.take();
  EXPECT_FALSE(reader.expects_continue());
}

TEST(RequestReader, NobodyWaitsForContinueWithoutABodyOrInHttp10) {
  const std::string heads[] = {
      post + "Expect: 100-continue\r\n\r\n",
      post + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n",
      "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
  };
  for (const std::string& head : heads) {
    RequestReader reader({});
    feed(reader, head);
    ASSERT_EQ(reader.advance(), Progress::head_done) << head;
    EXPECT_FALSE(reader.expects_continue()) << head;
  }
}

TEST(RequestReader, ARefusalStaysAndShowsTheHeadersReadBefore) {
  RequestReader reader({.body_bytes = 10});
  feed(reader, post + "Accept-Language: ja\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(reader.advance(), Progress::failed);
  EXPECT_EQ(reader.failure().reason, policy::Reason::body_too_large);
  EXPECT_EQ(reader.request().headers.find("accept-language"), "ja");
  feed(reader, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reader.advance(), Progress::failed);
  EXPECT_FALSE(reader.idle());
}

TEST(RequestReader, ALargeBodyInOneByteChunksArrivesWhole) {
  RequestReader reader({});
  const std::size_t size = 100 * 1024;
  feed(reader, post + "Transfer-Encoding: chunked\r\n\r\n");
  ASSERT_EQ(reader.advance(), Progress::head_done);
  for (std::size_t i = 0; i < size; ++i) {
    feed(reader, "1\r\n" + std::string(1, static_cast<char>('a' + i % 26)) + "\r\n");
    ASSERT_EQ(reader.advance(), Progress::need_more);
  }
  feed(reader, "0\r\n\r\n");
  ASSERT_EQ(reader.advance(), Progress::message_done);
  const Request request = reader.take();
  ASSERT_EQ(request.body.size(), size);
  for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(request.body[i], static_cast<char>('a' + i % 26));
}

TEST(RequestReader, AHeadAtTheLimitMayDripInByteByByte) {
  const ReadLimits limits;
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  head += std::string(limits.header_bytes - head.size() - 4, 'x') + "\r\n\r\n";
  for (const auto& [extra, then] :
       {std::pair(0, "GET /; "), std::pair(1, "headers-too-large: the headers are too long")}) {
    std::string bytes = head;
    bytes.insert(head.size() - 4, static_cast<std::size_t>(extra), 'x');
    for (const auto& pieces : {std::vector<std::string_view>{bytes}, all_ways(bytes).back()})
      EXPECT_EQ(read_requests(pieces, limits), then);
  }
}

TEST(RequestReader, ItsBufferStaysSmallWhateverPassesThrough) {
  RequestReader reader({});
  feed(reader, post + "Content-Length: 1048576\r\n\r\n");
  ASSERT_EQ(reader.advance(), Progress::head_done);
  const std::string part(1024, 'x');
  for (int i = 0; i < 1024; ++i) {
    feed(reader, part);
    ASSERT_LE(reader.space().size(), 64u * 1024);
    reader.advance();
  }
  ASSERT_EQ(reader.advance(), Progress::message_done);
  EXPECT_EQ(reader.take().body.size(), 1024u * 1024);
}

TEST(RequestReader, SteadyStateTakesNoNewMemory) {
  RequestReader reader({});
  const std::string bytes =
      post + "Content-Length: 40\r\nX-A-Rather-Long-Header-Name: and a value beyond a short string\r\n\r\n" +
      std::string(40, 'x');
  Request request;
  const void* body = nullptr;
  const void* value = nullptr;
  for (int i = 0; i < 10; ++i) {
    reader.reuse(std::move(request));
    feed(reader, bytes);
    ASSERT_EQ(reader.advance(), Progress::head_done);
    ASSERT_EQ(reader.advance(), Progress::message_done);
    request = reader.take();
    ASSERT_EQ(request.headers.all().size(), 3u);
    if (i > 0) {
      EXPECT_EQ(request.body.data(), body);
      EXPECT_EQ(request.headers.all()[2].value.data(), value);
    }
    body = request.body.data();
    value = request.headers.all()[2].value.data();
  }
}

TEST(RequestReader, AReusedRequestLeavesNoTrace) {
  RequestReader reader({});
  Request old;
  old.method = "PUT";
  old.target = "/secret";
  old.headers.add("Authorization", "secret");
  old.body = "secret";
  old.keep_alive = false;
  reader.reuse(std::move(old));
  reader.trim();
  feed(reader, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(reader.advance(), Progress::head_done);
  ASSERT_EQ(reader.advance(), Progress::message_done);
  const Request request = reader.take();
  EXPECT_EQ(tell(request), "GET /b");
  EXPECT_EQ(request.headers.all().size(), 1u);
}

TEST(RequestReader, CanBeMoved) {
  RequestReader first({});
  feed(first, "GET / HTTP/1.1\r\nHost: a\r\n");
  RequestReader second = std::move(first);
  feed(second, "\r\n");
  EXPECT_EQ(second.advance(), Progress::head_done);
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

TEST(ResponseReader, ReadsOneAnswerAfterTheOther) {
  ResponseReader reader({});
  for (int i = 0; i < 3; ++i) {
    reader.expect(false);
    EXPECT_EQ(reader.advance(), Progress::need_more);
    feed(reader, ok);
    ASSERT_EQ(reader.advance(), Progress::head_done);
    ASSERT_EQ(reader.advance(), Progress::message_done);
    EXPECT_FALSE(reader.surplus());
    Response response = reader.take();
    EXPECT_EQ(tell(response), "200 [hi]");
    reader.reuse(std::move(response));
    reader.trim();
  }
}

TEST(ResponseReader, BytesBeforeTheQuestionFailTheAnswer) {
  ResponseReader reader({});
  feed(reader, ok);
  EXPECT_TRUE(reader.surplus());
  reader.expect(false);
  EXPECT_EQ(reader.advance(), Progress::failed);
  EXPECT_EQ(reader.failure().detail, "bytes before the request was sent");
}

TEST(ResponseReader, SurplusOfOneAnswerIsNeverTheNext) {
  ResponseReader reader({});
  reader.expect(false);
  feed(reader, ok + ok);
  ASSERT_EQ(reader.advance(), Progress::head_done);
  ASSERT_EQ(reader.advance(), Progress::message_done);
  EXPECT_TRUE(reader.surplus());
  reader.take();
  EXPECT_TRUE(reader.surplus());
  reader.expect(false);
  EXPECT_EQ(reader.advance(), Progress::failed);
}

TEST(ResponseReader, AClosedConnectionIsNotKept) {
  ResponseReader reader({});
  reader.expect(false);
  feed(reader, ok);
  reader.end_of_stream();
  ASSERT_EQ(reader.advance(), Progress::head_done);
  ASSERT_EQ(reader.advance(), Progress::message_done);
  EXPECT_FALSE(reader.take().keep_alive);
}

}  // namespace
}  // namespace sekisho::http
