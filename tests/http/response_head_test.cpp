// The carrier's answers: what is taken, what is refused; each in every way in which it can arrive.
#include "gateway/http/head.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/http/feed.h"

namespace sekisho::http {
namespace {

using namespace std::string_literals;

enum Ends { stays, closes };
enum Asked { for_get, for_head };

struct Case {
  std::string name, bytes, then;
  Ends ends = stays;
  Asked asked = for_get;
};

const ReadLimits limits{.header_bytes = 1024, .headers = 12, .target_bytes = 200, .body_bytes = 64};

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";

std::string times(std::size_t count, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

const std::vector<Case> accepted = {
    {"a body of a known length", ok + "Content-Length: 2\r\n\r\nhi", "200 [hi]"},
    {"an empty body", ok + "Content-Length: 0\r\n\r\n", "200"},
    {"chunks", chunked + "2\r\nhi\r\n1;x=y\r\n!\r\n0\r\n\r\n", "200 [hi!]"},
    {"trailers are dropped", chunked + "2\r\nhi\r\n0\r\nSet-Cookie: x\r\n\r\n", "200 [hi]"},
    {"a body until the close", ok + "\r\nhello", "200 close [hello]", closes},
    {"an empty body until the close", ok + "\r\n", "200 close", closes},
    {"a body until the close, of the limit", ok + "\r\n" + std::string(64, 'x'),
     "200 close [" + std::string(64, 'x') + "]", closes},
    {"a body until the close that goes on", ok + "\r\nhello", "need more"},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 close [hi]"},
    {"HTTP/1.0 that stays", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
     "200 [hi]"},
    {"a carrier that closes", ok + "Connection: close\r\nContent-Length: 2\r\n\r\nhi", "200 close [hi]"},
    {"a whole answer, then the close", ok + "Content-Length: 2\r\n\r\nhi", "200 close [hi]", closes},
    {"no reason phrase", "HTTP/1.1 201 \r\nContent-Length: 0\r\n\r\n", "201"},
    {"a reason phrase outside ASCII", "HTTP/1.1 400 \xe4\xb8\x8d\r\nContent-Length: 0\r\n\r\n", "400"},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", "204"},
    {"204 that says 0", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "204"},
    {"204 that claims a body is not trusted again", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
     "204 close"},
    {"204 that claims chunks is not trusted again",
     "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "204 close"},
    {"304 with the length of the other", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304"},
    {"the answer to HEAD", ok + "Content-Length: 5\r\n\r\n", "200", stays, for_head},
    {"the answer to HEAD, in chunks", chunked, "200", stays, for_head},
    {"the answer to HEAD, of a length beyond the limit", ok + "Content-Length: 500\r\n\r\n", "200", stays,
     for_head},
    {"an interim answer", go_on + ok + "Content-Length: 2\r\n\r\nhi", "200 [hi]"},
    {"some interim answers", times(8, go_on) + ok + "Content-Length: 2\r\n\r\nhi", "200 [hi]"},
    {"early hints", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi",
     "200 [hi]"},
    {"half a head", ok + "Content-Le", "need more"},
    {"half a body", ok + "Content-Length: 5\r\n\r\nhe", "need more"},
    {"half chunks", chunked + "2\r\nhi\r\n0\r\n", "need more"},
};

const std::vector<Case> refused = {
    {"both lengths", ok + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
     "Transfer-Encoding together with Content-Length"},
    {"both lengths, the coding unknown", ok + "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
     "Transfer-Encoding together with Content-Length"},
    {"an unknown coding", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
     "a Transfer-Encoding other than chunked"},
    {"chunked on HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "Transfer-Encoding in HTTP/1.0"},
    {"two equal lengths", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
     "Content-Length more than once"},
    {"a list of lengths", ok + "Content-Length: 2, 2\r\n\r\nhi",
     "a Content-Length that is not a plain number"},
    {"a negative length", ok + "Content-Length: -2\r\n\r\nhi", "a Content-Length that is not a plain number"},
    {"a bad length of a HEAD answer", ok + "Content-Length: 2, 2\r\n\r\n",
     "a Content-Length that is not a plain number", stays, for_head},
    {"a length beyond the limit", ok + "Content-Length: 65\r\n\r\n",
     "Content-Length is beyond the limit of 64 bytes"},
    {"chunks beyond the limit", chunked + "41\r\n", "the chunks are beyond the limit"},
    {"a body until the close, beyond the limit", ok + "\r\n" + std::string(65, 'x'),
     "the body is beyond the limit"},
    {"a chunk size that is none", chunked + "xyz\r\n", "a chunk size that is not hexadecimal"},
    {"a chunk longer than its size", chunked + "1\r\nab\r\n", "a chunk longer than its size"},
    {"a chunk that ends in LF", chunked + "1\r\na\n", "a chunk longer than its size"},
    {"extensions without end", chunked + "1;" + std::string(5000, 'x'), "chunk extensions are too long"},
    {"a close before the answer", "", "the connection was closed before an answer", closes},
    {"a close after an interim answer", go_on, "the connection was closed within the answer", closes},
    {"a close in the head", ok + "Content-", "the connection was closed within the answer", closes},
    {"a close in the body", ok + "Content-Length: 5\r\n\r\nhell",
     "the connection was closed within the answer", closes},
    {"a close in a chunk", chunked + "5\r\nhel", "the connection was closed within the answer", closes},
    {"a close before the last chunk", chunked + "2\r\nhi\r\n", "the connection was closed within the answer",
     closes},
    {"a close in the last chunk", chunked + "2\r\nhi\r\n0\r\n", "the connection was closed within the answer",
     closes},
    {"headers without end", ok + times(50, "X: y\r\n"), "too many headers"},
    {"a header without end", ok + "X: " + std::string(3000, 'x'), "the headers are too long"},
    {"a status line without end", "HTTP/1.1 200 " + std::string(3000, 'x'), "the start line is too long"},
    {"101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
     "an upgrade that nobody asked for"},
    {"interim answers without end", times(9, go_on), "too many interim answers"},
    {"an interim answer with a body", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello",
     "an interim answer with a body"},
    {"a folded header", ok + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n", "a folded header line"},
    {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "a line that ends without CR"},
    {"bare CR", ok + "X: a\rb\r\n\r\n", "a CR without LF"},
    {"NUL", ok + "X: \0\r\n\r\n"s, "a control character in the head"},
    {"a space before the colon", ok + "X : a\r\n\r\n", "a header name is not a token"},
    {"an empty line first", "\r\n" + ok + "\r\n", "an empty start line"},
    {"HTTP/2", "HTTP/2 200\r\n\r\n", "not HTTP/1.1 or HTTP/1.0"},
    {"not HTTP", "220 mail.example ESMTP\r\n\r\n", "not HTTP/1.1 or HTTP/1.0"},
    {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "the status is not three digits"},
    {"a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", "the status is not three digits"},
    {"status 000", "HTTP/1.1 000 OK\r\n\r\n", "the status is not between 100 and 599"},
    {"status 600", "HTTP/1.1 600 No\r\n\r\n", "the status is not between 100 and 599"},
};

const std::vector<Case> surplus = {
    {"bytes after the body", ok + "Content-Length: 2\r\n\r\nhiX", "200 [hi] surplus"},
    {"bytes after the chunks", chunked + "0\r\n\r\nX", "200 surplus"},
    {"a second answer", ok + "Content-Length: 0\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n", "200 surplus"},
    {"a body for HEAD", ok + "Content-Length: 2\r\n\r\nhi", "200 surplus", stays, for_head},
    {"a body for 204", "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi", "204 close surplus"},
};

void expect_in_all_ways(const std::vector<Case>& cases, const std::string& prefix) {
  std::set<std::string> names;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_TRUE(names.insert(c.name).second) << "two cases of one name";
    std::size_t way = 0;
    for (const auto& pieces : all_ways(c.bytes)) {
      const std::string told = read_response(pieces, limits, c.asked == for_head, c.ends == closes);
      EXPECT_EQ(told, prefix + c.then) << "way " << way << " of " << pieces.size() << " pieces";
      if (told != prefix + c.then) break;
      ++way;
    }
  }
}

TEST(ResponseHead, TakesWhatCanBeReadInOneWayOnly) { expect_in_all_ways(accepted, ""); }
TEST(ResponseHead, RefusesWhatCouldBeReadInTwoWays) { expect_in_all_ways(refused, "carrier-malformed: "); }
TEST(ResponseHead, TellsOfBytesBeyondTheAnswer) { expect_in_all_ways(surplus, ""); }

TEST(ResponseHead, OnlyEndToEndHeadersArrive) {
  Response response;
  read_response(
      {ok + "Content-Length: 0\r\nKeep-Alive: timeout=5\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n"
            "Sekisho_Decision: forged\r\nTrailer: X\r\nAlt-Svc: h3=\":443\"\r\n\r\n"},
      limits, false, false, &response);
  ASSERT_EQ(response.headers.all().size(), 1u);
  EXPECT_EQ(response.headers.find("x-end"), "2");
}

}  // namespace
}  // namespace sekisho::http
