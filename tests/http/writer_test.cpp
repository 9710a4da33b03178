#include "gateway/http/writer.h"

#include <gtest/gtest.h>

#include "tests/http/feed.h"

namespace sekisho::http {
namespace {

Request order() {
  Request request;
  request.method = "POST";
  request.target = "/v1/orders?x=1";
  request.headers.add("Content-Type", "application/json");
  request.body = "{}";
  return request;
}

std::string written(const Request& request) {
  std::string out;
  write(out, request, "carrier.example");
  return out;
}

std::string written(const Response& response, bool head_only = false) {
  std::string out;
  write(out, response, head_only);
  return out;
}

TEST(WriteRequest, HasOurFramingAndTheCarriersHost) {
  EXPECT_EQ(written(order()),
            "POST /v1/orders?x=1 HTTP/1.1\r\nHost: carrier.example\r\nContent-Length: 2\r\n"
            "Content-Type: application/json\r\n\r\n{}");
}

TEST(WriteRequest, SaysALengthWhereTheMethodImpliesABodyOrThereIsOne) {
  Request request = order();
  request.body.clear();
  EXPECT_NE(written(request).find("Content-Length: 0\r\n"), std::string::npos);
  request.method = "GET";
  EXPECT_EQ(written(request).find("Content-Length"), std::string::npos);
  request.body = "key";
  EXPECT_NE(written(request).find("Content-Length: 3\r\n"), std::string::npos);
}

TEST(WriteRequest, IsAlwaysHttp11AndAppends) {
  Request request = order();
  request.minor_version = 0;
  std::string out = "before";
  write(out, request, "h");
  EXPECT_TRUE(out.starts_with("beforePOST /v1/orders?x=1 HTTP/1.1\r\n"));
}

TEST(WriteRequest, AValueOfOurOwnCannotSplitTheMessage) {
  Request request = order();
  request.headers.add("Sekisho-Notice", "a\r\nEvil: 1\0z\x7f");
  EXPECT_EQ(written(request).find("\r\nEvil"), std::string::npos);
  EXPECT_EQ(read_requests({written(request)}, {}), "POST /v1/orders?x=1 [{}]; ");
}

TEST(WriteRequestDeathTest, FramingHeadersAreAnErrorOfTheCaller) {
  for (const char* name :
       {"Content-Length", "transfer-encoding", "Connection", "Host", "Upgrade", "Transfer_Encoding"}) {
    Request request = order();
    request.headers.add(name, "1");
    EXPECT_DEATH(written(request), "is_hop_by_hop") << name;
  }
}

TEST(WriteResponse, HasALengthAndSaysWhenItCloses) {
  Response response;
  response.headers.add("X", "1");
  response.body = "hello";
  EXPECT_EQ(written(response), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: 1\r\n\r\nhello");
  response.keep_alive = false;
  EXPECT_EQ(written(response),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\nX: 1\r\n\r\nhello");
  response.body.clear();
  response.status = 299;
  EXPECT_EQ(written(response), "HTTP/1.1 299 \r\nContent-Length: 0\r\nConnection: close\r\nX: 1\r\n\r\n");
}

TEST(WriteResponse, TheAnswerToHeadHasTheLengthAndNotTheBody) {
  Response response;
  response.body = "hello";
  EXPECT_EQ(written(response, true), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  response.body.clear();  // the carrier's: its length is not known here
  EXPECT_EQ(written(response, true), "HTTP/1.1 200 OK\r\n\r\n");
}

TEST(WriteResponse, SomeStatusesNeverHaveABody) {
  Response response;
  response.body = "hello";
  response.status = 204;
  EXPECT_EQ(written(response), "HTTP/1.1 204 No Content\r\n\r\n");
  response.status = 304;
  EXPECT_EQ(written(response), "HTTP/1.1 304 Not Modified\r\n\r\n");
  response.status = 100;
  response.keep_alive = false;
  EXPECT_EQ(written(response), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(WriteResponse, IsReadAgainAsTheSame) {
  for (int status : {200, 202, 204, 304, 403, 429, 503}) {
    for (bool keep : {true, false}) {
      Response response;
      response.status = status;
      response.keep_alive = keep;
      response.headers.add("Sekisho-Notes", "x");
      if (status != 204 && status != 304) response.body = "some body";
      EXPECT_EQ(read_response({written(response)}, {}, false, false), tell(response));
    }
  }
}

TEST(EndToEnd, WhatBelongsToOneHopOrToTheGateDoesNotCross) {
  const char* stays[] = {
      "Connection",
      "Content-Length",
      "Transfer-Encoding",
      "Host",
      "Expect",
      "Keep-Alive",
      "TE",
      "Trailer",
      "Upgrade",
      "HTTP2-Settings",
      "Proxy-Connection",
      "Proxy-Authorization",
      "Proxy-Authenticate",
      "Forwarded",
      "X-Forwarded-For",
      "X-Forwarded-Proto",
      "X_Forwarded_For",
      "X.Forwarded.Host",
      "x-FORWARDED_for",
      "X-Real-IP",
      "X_Real_IP",
      "Sekisho-Operator",
      "Sekisho_Client",
      "sekisho.decision",
      "Content_Length",
      "Transfer.Encoding",
      "X-HTTP-Method-Override",
      "X_HTTP_Method",
      "X-Method-Override",
      "X-Original-URL",
      "X-Rewrite-URL",
      "Alt-Svc",
      "Client-Cert",
      "client_cert_chain",
      "X-SSL-Client-Cert",
      "SSL_CLIENT_S_DN",
  };
  for (const char* name : stays) {
    Headers headers;
    headers.add(name, "close");
    EXPECT_TRUE(end_to_end(headers).all().empty()) << name;
    keep_end_to_end(headers);
    EXPECT_TRUE(headers.all().empty()) << name;
  }
}

TEST(EndToEnd, WhatIsMeantForTheOtherEndCrossesInItsOrder) {
  Headers headers;
  const char* names[] = {"Content-Type", "Authorization",    "Idempotency-Key", "Accept",
                         "traceparent",  "X-Api-Key",        "X-Forward",       "Sekishox",
                         "Proxy",        "Content-Encoding", "Set-Cookie",      "Set-Cookie"};
  for (const char* name : names) headers.add(name, "v");
  headers.add(std::string(200, 'x'), "long");
  const Headers kept = end_to_end(headers);
  ASSERT_EQ(kept.all().size(), headers.all().size());
  for (std::size_t i = 0; i < kept.all().size(); ++i) EXPECT_EQ(kept.all()[i].name, headers.all()[i].name);
}

TEST(BodyDigests, OfAChangedBodyAreDropped) {
  Headers headers;
  for (const char* name : {"content-digest", "Digest", "Repr-Digest", "Content-MD5", "Want-Content-Digest"})
    headers.add(name, "v");
  drop_body_digests(headers);
  ASSERT_EQ(headers.all().size(), 1u);
  EXPECT_EQ(headers.all()[0].name, "Want-Content-Digest");
}

TEST(EndToEnd, WhatConnectionNamesGoesWithIt) {
  Headers headers;
  headers.add("X-Hop", "1");
  headers.add("Connection", "close, X-Hop");
  headers.add("X-End", "2");
  headers.add("x_hop", "3");
  headers.add("Connection", "x-too");
  headers.add("X-Too", "4");
  for (const Headers& kept : {end_to_end(headers), [&] {
                                keep_end_to_end(headers);
                                return headers;
                              }()}) {
    ASSERT_EQ(kept.all().size(), 1u);
    EXPECT_EQ(kept.all()[0].name, "X-End");
  }
}

}  // namespace
}  // namespace sekisho::http
