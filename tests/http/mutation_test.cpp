// Messages, broken at random: nothing crashes, the pieces do not matter, and whatever request is accepted is
// read again as the same after it was written. SEKISHO_SEED and SEKISHO_ROUNDS choose another or a longer
// walk.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "gateway/http/writer.h"
#include "tests/http/feed.h"

namespace sekisho::http {
namespace {

const ReadLimits limits{.header_bytes = 512, .headers = 12, .target_bytes = 100, .body_bytes = 200};

const std::vector<std::string> requests = {
    "GET /v1/orders?x=1 HTTP/1.1\r\nHost: gate.example:8443\r\nAccept: */*\r\nAccept-Language: "
    "ja;q=0.9\r\n\r\n",
    "POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 13\r\n"
    "Idempotency-Key: k-1\r\n\r\n{\"count\": 10}",
    "POST /n HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    "5;a=b\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
    "PUT http://a/x HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nContent-Length: "
    "2\r\n\r\nhi",
    "DELETE /a%20b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nSekisho_Operator: x\r\n\r\n",
};
const std::vector<std::string> answers = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n",
    "HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\nuntil the close",
    "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
};
const std::vector<std::string> morsels = {
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "-1",
    "+",
    std::string(1, '\0'),
    "\xff",
    "chunked",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "Host: a\r\n",
    "Connection: close\r\n",
    "HTTP/1.0",
    "HTTP/1.1",
    "/../",
    "%2e",
    "#",
    "?",
    "http://a",
    "0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "Host:",
};

class Walk {
 public:
  explicit Walk(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

  std::string broken(const std::vector<std::string>& corpus) {
    std::string text = one_of(corpus);
    for (std::size_t times = below(4); times > 0; --times) text += below(3) == 0 ? one_of(corpus) : "";
    for (std::size_t changes = below(5); changes > 0; --changes) change(text);
    return text;
  }

  std::vector<std::string_view> pieces(std::string_view bytes) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = 1 + below(20); at < bytes.size(); at += 1 + below(20)) cuts.push_back(at);
    return cut(bytes, cuts);
  }

 private:
  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t count = below(std::min<std::size_t>(text.size() - at, 30) + 1);
    switch (below(6)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 2:
        text.erase(at, count);
        break;
      case 3:
        text.insert(at, text.substr(at, count));
        break;
      case 4:
        text.insert(at, one_of(morsels));
        break;
      default:
        text.replace(at, std::min<std::size_t>(count, 3), one_of(morsels));
    }
  }

  std::mt19937_64 random_;  // its sequence is fixed by the standard
};

std::uint64_t setting(const char* name, std::uint64_t usual) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : usual;
}

std::string text(const Headers& headers) {
  std::string out;
  for (const Header& header : headers.all())
    out.append(header.name).append(": ").append(header.value) += '\n';
  return out;
}

// What the carrier gets is what was judged.
void expect_same_when_written(const Request& request) {
  Request forwarded = request;
  keep_end_to_end(forwarded.headers);
  EXPECT_EQ(text(forwarded.headers), text(end_to_end(request.headers)));
  std::string bytes;
  write(bytes, forwarded, "carrier.example");
  std::vector<Request> again;
  read_requests({bytes}, {}, &again);
  ASSERT_EQ(again.size(), 1u) << bytes;
  EXPECT_EQ(again[0].method, request.method);
  EXPECT_EQ(again[0].target, request.target);
  EXPECT_EQ(again[0].body, request.body);
  EXPECT_EQ(text(end_to_end(again[0].headers)), text(forwarded.headers));
  EXPECT_EQ(again[0].headers.find("Host"), "carrier.example");
}

TEST(Mutation, BrokenMessagesAreReadTheSameInAllPiecesOrRefused) {
  const std::uint64_t seed = setting("SEKISHO_SEED", 20261124);
  const std::uint64_t rounds = setting("SEKISHO_ROUNDS", 30000);
  std::printf("seed %llu, %llu rounds\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(rounds));
  Walk walk(seed);
  std::size_t accepted = 0, refused = 0;
  for (std::uint64_t round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::string bytes = walk.broken(requests);
    std::vector<Request> taken;
    const std::string whole = read_requests({bytes}, limits, &taken);
    EXPECT_EQ(read_requests(walk.pieces(bytes), limits), whole) << bytes;
    for (const Request& request : taken) expect_same_when_written(request);
    accepted += taken.size();
    refused += whole.find(": ") != whole.npos;

    const std::string answer = walk.broken(answers);
    const bool head = walk.below(4) == 0, closed = walk.below(2) == 0;
    EXPECT_EQ(read_response(walk.pieces(answer), limits, head, closed),
              read_response({answer}, limits, head, closed))
        << answer;
  }
  // The walk is worth something only when it sees both.
  if (rounds >= 1000) {
    EXPECT_GT(accepted, rounds / 10);
    EXPECT_GT(refused, rounds / 10);
  }
}

}  // namespace
}  // namespace sekisho::http
