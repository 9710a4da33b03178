// Requests: what is taken, what is refused, and with which answer; each in every way in which it can arrive.
#include "gateway/http/head.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/http/feed.h"

namespace sekisho::http {
namespace {

using namespace std::string_literals;

struct Case {
  std::string name, bytes, then;
};

const ReadLimits limits{.header_bytes = 1024, .headers = 12, .target_bytes = 200, .body_bytes = 64};

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";

std::string target(const std::string& text) { return "GET " + text + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string host(const std::string& text) { return "GET / HTTP/1.1\r\nHost: " + text + "\r\n\r\n"; }

std::string lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "X: " + std::to_string(i) + "\r\n";
  return text;
}

const std::vector<Case> accepted = {
    {"the shortest request", get + "\r\n", "GET /; "},
    {"HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / 1.0 close; "},
    {"HTTP/1.0 without Host, as health checks send it", "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 close; "},
    {"HTTP/1.0 that asks to stay", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / 1.0; "},
    {"HTTP/1.0 that asks for both", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
     "GET / 1.0 close; "},
    {"HTTP/1.0 with a body", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", "POST / 1.0 close [hi]; "},
    {"HTTP/1.0 ignores Expect", "POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi",
     "POST / 1.0 close [hi]; "},
    {"a client that closes", get + "Connection: close\r\n\r\n", "GET / close; "},
    {"close in capitals, in a list", get + "Connection: foo, CLOSE\r\n\r\n", "GET / close; "},
    {"close in a second line", get + "Connection: keep-alive\r\nConnection: close\r\n\r\n", "GET / close; "},
    {"a body", post + "Content-Length: 5\r\n\r\nhello", "POST / [hello]; "},
    {"an empty body", post + "Content-Length: 0\r\n\r\n", "POST /; "},
    {"a POST without a length has no body", post + "\r\n", "POST /; "},
    {"a GET with a body", get + "Content-Length: 3\r\n\r\nkey", "GET / [key]; "},
    {"a body of exactly the limit", post + "Content-Length: 64\r\n\r\n" + std::string(64, 'x'),
     "POST / [" + std::string(64, 'x') + "]; "},
    {"a body with every byte", post + "Content-Length: 5\r\n\r\n\0\r\n\xff\x7f"s,
     "POST / [\0\r\n\xff\x7f]; "s},
    {"chunks", chunked + "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", "POST / [abc0123456789]; "},
    {"no chunk but the last", chunked + "0\r\n\r\n", "POST /; "},
    {"chunk sizes with zeros before", chunked + "00000002\r\nhi\r\n000\r\n\r\n", "POST / [hi]; "},
    {"chunk sizes in small letters", chunked + "a\r\n0123456789\r\n0\r\n\r\n", "POST / [0123456789]; "},
    {"chunk extensions are read over", chunked + "2;a=\"b;c\";d\r\nhi\r\n0;last\r\n\r\n", "POST / [hi]; "},
    {"trailers are dropped", chunked + "2\r\nhi\r\n0\r\nHost: evil\r\nAuthorization: x\r\n\r\n",
     "POST / [hi]; "},
    {"chunks of exactly the limit",
     chunked + "20\r\n" + std::string(32, 'x') + "\r\n20\r\n" + std::string(32, 'y') + "\r\n0\r\n\r\n",
     "POST / [" + std::string(32, 'x') + std::string(32, 'y') + "]; "},
    {"Chunked in capitals is the same coding", post + "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
     "POST /; "},
    {"Expect: 100-continue", post + "Content-Length: 2\r\nExpect: 100-Continue\r\n\r\nhi", "POST / [hi]; "},
    {"two requests at once", get + "\r\n" + get + "\r\n", "GET /; GET /; "},
    {"three with bodies, in order",
     post + "Content-Length: 1\r\n\r\na" + chunked + "1\r\nb\r\n0\r\n\r\n" + post +
         "Content-Length: 1\r\n\r\nc",
     "POST / [a]; POST / [b]; POST / [c]; "},
    {"empty lines before a request", "\r\n\r\n" + get + "\r\n", "GET /; "},
    {"empty lines between requests", get + "\r\n\r\n\r\n\r\n\r\n" + get + "\r\n", "GET /; GET /; "},
    {"header values with spaces and tabs around", get + "X: \t v \t\r\nY:\r\nZ:  \r\n\r\n", "GET /; "},
    {"a header value outside ASCII", get + "X: \xe9\x96\xa2\r\n\r\n", "GET /; "},
    {"every byte of a token in a name", get + "!#$%&'*+-.^_`|~09azAZ: v\r\n\r\n", "GET /; "},
    {"a repeated header that may be", get + "Accept: a\r\nAccept: b\r\n\r\n", "GET /; "},
    {"upgrade is an ordinary header",
     get + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
           "AAA\r\n\r\n",
     "GET /; "},
    {"upgrade to WebSocket is one too", get + "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", "GET /; "},
    {"a method with a hyphen", "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH /; "},
    {"OPTIONS of a path", "OPTIONS /v1 HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS /v1; "},
    {"a path with everything allowed", target("/-._~!$&'()*+,;=:@%20/a//b"),
     "GET /-._~!$&'()*+,;=:@%20/a//b; "},
    {"a query as JSON:API writes it", target("/n?filter[type]={a}|b^c&x=%5B?/"),
     "GET /n?filter[type]={a}|b^c&x=%5B?/; "},
    {"dots that are no dot segments", target("/.well-known/..a/a../...?x=/../"),
     "GET /.well-known/..a/a../...?x=/../; "},
    {"absolute form of this host", target("http://a/v1?x"), "GET /v1?x; "},
    {"absolute form without a path", target("HTTPS://A"), "GET /; "},
    {"absolute form with a query only", target("http://a?x"), "GET /?x; "},
    {"a host with a port", host("gate.example:8443"), "GET /; "},
    {"a host with an underscore", host("carrier_api"), "GET /; "},
    {"an IPv4 host", host("192.0.2.1:80"), "GET /; "},
    {"an IPv6 host", host("[2001:db8::1]:80"), "GET /; "},
    {"as many headers as are allowed", get + lines(11) + "\r\n", "GET /; "},
    {"a target of exactly the limit", target("/" + std::string(199, 'a')),
     "GET /" + std::string(199, 'a') + "; "},
    {"half a request", "GET / HTT", "need more"},
    {"half a body", post + "Content-Length: 5\r\n\r\nhell", "need more"},
    {"half an empty line", "\r", "need more"},
    {"a chunked body without its end", chunked + "2\r\nhi\r\n0\r\n", "need more"},
};

const std::vector<Case> refused = {
    // Transfer-Encoding
    {"TE then CL", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
     "malformed: Transfer-Encoding together with Content-Length"},
    {"CL then TE", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "malformed: Transfer-Encoding together with Content-Length"},
    {"TE gzip then CL", post + "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
     "malformed: Transfer-Encoding together with Content-Length"},
    {"TE identity", post + "Transfer-Encoding: identity\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE unknown", post + "Transfer-Encoding: blegh\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE with a hard space",
     post + "Transfer-Encoding: \xa0"
            "chunked\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE chunked, gzip", post + "Transfer-Encoding: chunked, gzip\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE chunked, chunked", post + "Transfer-Encoding: chunked, chunked\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE chunked, identity", post + "Transfer-Encoding: chunked, identity\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE comma chunked", post + "Transfer-Encoding: ,chunked\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE chunked with a parameter", post + "Transfer-Encoding: chunked;q=1\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE in quotes", post + "Transfer-Encoding: \"chunked\"\r\n\r\n",
     "malformed: a Transfer-Encoding other than chunked"},
    {"TE empty", post + "Transfer-Encoding:\r\n\r\n", "malformed: a Transfer-Encoding other than chunked"},
    {"two TE lines", post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
     "malformed: Transfer-Encoding more than once"},
    {"two TE lines, both chunked", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     "malformed: Transfer-Encoding more than once"},
    {"chunked on HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "malformed: Transfer-Encoding in HTTP/1.0"},
    {"folded TE", post + "Transfer-Encoding:\r\n chunked\r\n\r\n", "malformed: a folded header line"},
    // Content-Length
    {"CL twice, equal", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
     "malformed: Content-Length more than once"},
    {"CL twice, different", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
     "malformed: Content-Length more than once"},
    {"CL as a list", post + "Content-Length: 5, 5\r\n\r\nhello",
     "malformed: a Content-Length that is not a plain number"},
    {"CL with a comma", post + "Content-Length: ,5\r\n\r\nhello",
     "malformed: a Content-Length that is not a plain number"},
    {"CL with a zero before", post + "Content-Length: 05\r\n\r\nhello",
     "malformed: a Content-Length that is not a plain number"},
    {"CL of two zeros", post + "Content-Length: 00\r\n\r\n",
     "malformed: a Content-Length that is not a plain number"},
    {"CL with a plus", post + "Content-Length: +5\r\n\r\nhello",
     "malformed: a Content-Length that is not a plain number"},
    {"CL negative", post + "Content-Length: -1\r\n\r\n",
     "malformed: a Content-Length that is not a plain number"},
    {"CL hexadecimal", post + "Content-Length: 0x5\r\n\r\nhello",
     "malformed: a Content-Length that is not a plain number"},
    {"CL empty", post + "Content-Length:\r\n\r\n", "malformed: a Content-Length that is not a plain number"},
    {"CL with a space inside", post + "Content-Length: 1 0\r\n\r\n",
     "malformed: a Content-Length that is not a plain number"},
    {"CL beyond 64 bits", post + "Content-Length: 18446744073709551617\r\n\r\n",
     "malformed: a Content-Length that is not a plain number"},
    {"CL with an exponent", post + "Content-Length: 1e1\r\n\r\n",
     "malformed: a Content-Length that is not a plain number"},
    {"CL beyond the limit, known before the body", post + "Content-Length: 65\r\n\r\n",
     "body-too-large: Content-Length is beyond the limit of 64 bytes"},
    {"an HTTP/1.0 POST without CL", "POST / HTTP/1.0\r\n\r\n",
     "length-required: an HTTP/1.0 POST without Content-Length"},
    // Chunks
    {"a chunk beyond the limit, known at its size", chunked + "41\r\n",
     "body-too-large: the chunks are beyond the limit"},
    {"chunks beyond the limit together", chunked + "40\r\n" + std::string(64, 'x') + "\r\n1\r\n",
     "body-too-large: the chunks are beyond the limit"},
    {"a chunk size with 0x", chunked + "0x1\r\na\r\n0\r\n\r\n",
     "malformed: a chunk size that is not hexadecimal"},
    {"a chunk size with a plus", chunked + "+1\r\na", "malformed: a chunk size that is not hexadecimal"},
    {"a negative chunk size", chunked + "-1\r\n", "malformed: a chunk size that is not hexadecimal"},
    {"an empty chunk size", chunked + "\r\n", "malformed: a chunk size that is not hexadecimal"},
    {"a space before a chunk size", chunked + " 1\r\na", "malformed: a chunk size that is not hexadecimal"},
    {"a space after a chunk size", chunked + "1 \r\na", "malformed: a chunk size that is not hexadecimal"},
    {"an underscore in a chunk size", chunked + "1_0\r\n", "malformed: a chunk size that is not hexadecimal"},
    {"leading zeros without end", chunked + "000000000000000001\r\na",
     "malformed: a chunk size of too many digits"},
    {"a chunk size that overflows", chunked + "ffffffffffffffff1\r\na",
     "malformed: a chunk size of too many digits"},
    {"a chunk size that ends in LF", chunked + "1\na\r\n", "malformed: a chunk size that is not hexadecimal"},
    {"a chunk size that ends in CR", chunked + "1\ra\r\n",
     "malformed: a chunk size line that does not end in CR LF"},
    {"a chunk extension that ends in LF", chunked + "1;a\na\r\n",
     "malformed: a control character in a chunk extension"},
    {"a NUL in a chunk extension", chunked + "1;\0\r\n"s,
     "malformed: a control character in a chunk extension"},
    {"chunk extensions without end", chunked + "1;" + std::string(20000, 'a') + "\r\na",
     "malformed: chunk extensions are too long"},
    {"a chunk longer than its size", chunked + "1\r\nab\r\n", "malformed: a chunk longer than its size"},
    {"a chunk that ends in LF", chunked + "1\r\na\n0\r\n\r\n", "malformed: a chunk longer than its size"},
    {"a chunk that ends in CR", chunked + "1\r\na\r0\r\n\r\n", "malformed: a chunk longer than its size"},
    {"a last line that ends in CR", chunked + "0\r\n\rX",
     "malformed: a chunked body that does not end in CR LF"},
    {"a last line that ends in LF", chunked + "0\r\n\n", "malformed: a trailer name that is not a token"},
    {"a folded trailer", chunked + "0\r\nA: b\r\n c\r\n\r\n",
     "malformed: a trailer name that is not a token"},
    {"a trailer without a name", chunked + "0\r\n: b\r\n\r\n",
     "malformed: a trailer name that is not a token"},
    {"a space before a trailer's colon", chunked + "0\r\nA : b\r\n\r\n",
     "malformed: a trailer name that is not a token"},
    {"a trailer that ends in LF", chunked + "0\r\nA: b\n\r\n", "malformed: a control character in a trailer"},
    {"a trailer that ends in CR", chunked + "0\r\nA: b\rX",
     "malformed: a trailer that does not end in CR LF"},
    {"trailers without end", chunked + "0\r\n" + lines(13), "headers-too-large: too many trailers"},
    {"a trailer without end", chunked + "0\r\nA: " + std::string(1100, 'a'),
     "headers-too-large: the trailers are too long"},
    // Lines and names
    {"a folded header", get + "X: a\r\n b\r\n\r\n", "malformed: a folded header line"},
    {"a header folded with a tab", get + "X: a\r\n\tb\r\n\r\n", "malformed: a folded header line"},
    {"a fold before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
     "malformed: a folded header line"},
    {"a line of spaces for the empty line", get + " \r\n\r\n", "malformed: a folded header line"},
    {"a space before the request line", " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
     "malformed: white space before the start line"},
    {"bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n",
     "malformed: a line that ends without CR"},
    {"bare LF after a header", get + "X: a\nY: b\r\n\r\n", "malformed: a line that ends without CR"},
    {"bare LF for the empty line", get + "\n", "malformed: a line that ends without CR"},
    {"bare LF before the request", "\n" + get + "\r\n", "malformed: a line that ends without CR"},
    {"bare CR in a value", get + "X: a\rb\r\n\r\n", "malformed: a CR without LF"},
    {"CR CR LF", get + "X: a\r\r\n\r\n", "malformed: a CR without LF"},
    {"bare CR in the request line", "GET /\r HTTP/1.1\r\n\r\n", "malformed: a CR without LF"},
    {"bare CR before the request", "\rGET / HTTP/1.1\r\n\r\n", "malformed: a CR without LF"},
    {"NUL in a value", get + "X: a\0b\r\n\r\n"s, "malformed: a control character in the head"},
    {"NUL in a name", get + "X\0: a\r\n\r\n"s, "malformed: a control character in the head"},
    {"a control byte in a value", get + "X: \x01\r\n\r\n", "malformed: a control character in the head"},
    {"DEL in a value", get + "X: \x7f\r\n\r\n", "malformed: a control character in the head"},
    {"a TLS hello on a plain port", "\x16\x03\x01\x02", "malformed: a control character in the head"},
    {"a space before the colon", get + "X : a\r\n\r\n", "malformed: a header name is not a token"},
    {"a tab before the colon", get + "X\t: a\r\n\r\n", "malformed: a header name is not a token"},
    {"Transfer-Encoding with a space before the colon", post + "Transfer-Encoding : chunked\r\n\r\n",
     "malformed: a header name is not a token"},
    {"an empty name", get + ": a\r\n\r\n", "malformed: a header name is not a token"},
    {"no colon", get + "Xa\r\n\r\n", "malformed: a header name is not a token"},
    {"a name outside ASCII", get + "X\xe9: a\r\n\r\n", "malformed: a header name is not a token"},
    {"a name with a bracket", get + "X[0]: a\r\n\r\n", "malformed: a header name is not a token"},
    {"a name with a slash", get + "X/Y: a\r\n\r\n", "malformed: a header name is not a token"},
    {"too many empty lines before a request", "\r\n\r\n\r\n\r\n\r\n" + get + "\r\n",
     "malformed: an empty start line"},
    // Host
    {"no Host", "GET / HTTP/1.1\r\n\r\n", "malformed: no Host"},
    {"two Hosts", get + "Host: b\r\n\r\n", "malformed: Host more than once"},
    {"two equal Hosts", get + "Host: a\r\n\r\n", "malformed: Host more than once"},
    {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
     "malformed: Host more than once"},
    {"an empty Host", host(""), "malformed: Host is not a host"},
    {"a list of Hosts", host("a, b"), "malformed: Host is not a host"},
    {"a Host with a path", host("a/b"), "malformed: Host is not a host"},
    {"a Host with a user", host("u@a"), "malformed: Host is not a host"},
    {"a Host with a space", host("a b"), "malformed: Host is not a host"},
    {"a Host outside ASCII", host("\xe9"), "malformed: Host is not a host"},
    {"a Host with an empty port", host("a:"), "malformed: Host is not a host"},
    {"a Host with a bad port", host("a:8x"), "malformed: Host is not a host"},
    {"a Host with a port too large", host("a:65536"), "malformed: Host is not a host"},
    {"a Host of a port only", host(":80"), "malformed: Host is not a host"},
    {"a Host with an open bracket", host("[::1"), "malformed: Host is not a host"},
    {"a Host with letters after the bracket", host("[::1]x"), "malformed: Host is not a host"},
    {"a Host with a percent sign", host("a%2e"), "malformed: Host is not a host"},
    // Request line
    {"a method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n",
     "malformed: the method is not in capital letters"},
    {"a method with a digit", "G3T / HTTP/1.1\r\nHost: a\r\n\r\n",
     "malformed: the method is not in capital letters"},
    {"a method with an underscore", "G_T / HTTP/1.1\r\nHost: a\r\n\r\n",
     "malformed: the method is not in capital letters"},
    {"a method that is no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
     "malformed: the method is not a token"},
    {"an endless method", std::string(33, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n",
     "malformed: the method is not in capital letters"},
    {"no method", "/ HTTP/1.1\r\nHost: a\r\n\r\n", "malformed: the method is not a token"},
    {"HTTP/0.9", "GET /\r\n\r\n", "malformed: the request target is not well-formed"},
    {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "malformed: not HTTP/1.1 or HTTP/1.0"},
    {"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "malformed: not HTTP/1.1 or HTTP/1.0"},
    {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "malformed: not HTTP/1.1 or HTTP/1.0"},
    {"http/1.1", "GET / http/1.1\r\nHost: a\r\n\r\n", "malformed: not HTTP/1.1 or HTTP/1.0"},
    {"a space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
     "malformed: not HTTP/1.1 or HTTP/1.0"},
    {"two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
     "malformed: not HTTP/1.1 or HTTP/1.0"},
    {"two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
     "malformed: the request target is not well-formed"},
    {"a tab before the target", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "malformed: the method is not a token"},
    {"a space in the target", target("/a b"), "malformed: not HTTP/1.1 or HTTP/1.0"},
    {"a fragment", target("/a#b"), "malformed: a fragment in the request target"},
    {"a byte outside ASCII in the target", target("/\xff"),
     "malformed: a character that must be percent-encoded in the request target"},
    {"a byte outside ASCII in the query", target("/?\xe9\x96\xa2"),
     "malformed: a character that must be percent-encoded in the request target"},
    {"a control byte in the target", target("/\x02"), "malformed: a control character in the head"},
    {"a backslash in the path", target("/a\\..\\b"),
     "malformed: a character that must be percent-encoded in the request target"},
    {"a quote in the query", target("/?\"a\""),
     "malformed: a character that must be percent-encoded in the request target"},
    {"a bracket in the path", target("/a[1]"),
     "malformed: a character that must be percent-encoded in the request target"},
    {"a % without digits", target("/a%"), "malformed: a % without two hex digits in the request target"},
    {"a % with one digit", target("/a%2"), "malformed: a % without two hex digits in the request target"},
    {"a % with letters", target("/?%zz"), "malformed: a % without two hex digits in the request target"},
    {"an encoded NUL", target("/a%00.json"), "malformed: an encoded NUL in the request target"},
    {"a dot segment", target("/a/../b"), "malformed: a dot segment in the request target"},
    {"a dot segment at the end", target("/a/.."), "malformed: a dot segment in the request target"},
    {"a single dot segment", target("/./a?x"), "malformed: a dot segment in the request target"},
    {"an encoded dot segment", target("/a/%2e%2E/b"), "malformed: a dot segment in the request target"},
    {"a half encoded dot segment", target("/a/.%2e/b"), "malformed: a dot segment in the request target"},
    {"a dot segment with a parameter", target("/a/..;x=1/b"),
     "malformed: a dot segment in the request target"},
    {"a relative target", target("a/b"),
     "malformed: the request target is neither a path nor an http address"},
    {"a star for GET", target("*"), "malformed: the request target is neither a path nor an http address"},
    {"another scheme", target("ftp://a/"),
     "malformed: the request target is neither a path nor an http address"},
    {"absolute form of another host", target("http://b/"),
     "malformed: the request target names another authority than Host"},
    {"absolute form with a user", target("http://u@a/"),
     "malformed: the request target names another authority than Host"},
    {"absolute form with another port", target("http://a:81/"),
     "malformed: the request target names another authority than Host"},
    {"absolute form without Host", "GET http://a/ HTTP/1.0\r\n\r\n",
     "malformed: the request target names another authority than Host"},
    {"a target one byte too long", target("/" + std::string(200, 'a')),
     "uri-too-long: the request target is longer than 200 bytes"},
    {"a target without end", "GET /" + std::string(5000, 'a'), "uri-too-long: the start line is too long"},
    // Methods never taken
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
     "method-not-allowed: CONNECT is never allowed"},
    {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "method-not-allowed: TRACE is never allowed"},
    {"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "method-not-allowed: OPTIONS * is not answered"},
    // Too much
    {"one header too many", get + lines(12) + "\r\n", "headers-too-large: too many headers"},
    {"headers without end", get + lines(500), "headers-too-large: too many headers"},
    {"a header without end", get + "X: " + std::string(5000, 'a'),
     "headers-too-large: the headers are too long"},
    {"headers too long together",
     get + "A: " + std::string(500, 'a') + "\r\nB: " + std::string(500, 'b') + "\r\n\r\n",
     "headers-too-large: the headers are too long"},
    // Meaning
    {"an unknown Expect", post + "Content-Length: 1\r\nExpect: tea\r\n\r\nx",
     "expectation-failed: an Expect other than 100-continue"},
    {"an Expect with more", post + "Content-Length: 1\r\nExpect: 100-continue, tea\r\n\r\nx",
     "expectation-failed: an Expect other than 100-continue"},
    {"an empty Expect", get + "Expect:\r\n\r\n", "expectation-failed: an Expect other than 100-continue"},
    {"two Expects", post + "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
     "expectation-failed: Expect more than once"},
    {"two Content-Types", post + "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
     "malformed: Content-Type more than once"},
    {"two Authorizations", get + "Authorization: a\r\nAuthorization: b\r\n\r\n",
     "malformed: Authorization more than once"},
    {"two Idempotency-Keys", post + "Idempotency-Key: a\r\nidempotency-key: b\r\n\r\n",
     "malformed: Idempotency-Key more than once"},
    {"Connection takes the credential out", get + "Connection: close, Authorization\r\n\r\n",
     "malformed: Connection names an end-to-end header"},
    {"Connection takes the type out", get + "Connection: content-type\r\n\r\n",
     "malformed: Connection names an end-to-end header"},
    {"Connection takes the key out", get + "Connection: keep-alive\r\nConnection: idempotency-key\r\n\r\n",
     "malformed: Connection names an end-to-end header"},
    {"Connection that is no list", get + "Connection: a b\r\n\r\n",
     "malformed: a header value is not well-formed"},
    // Order
    {"a good request before a bad one", get + "\r\nget / HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /; malformed: the method is not in capital letters"},
    {"nothing is read after a refusal", host("") + get + "\r\n", "malformed: Host is not a host"},
};

void expect_in_all_ways(const std::vector<Case>& cases) {
  std::set<std::string> names;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_TRUE(names.insert(c.name).second) << "two cases of one name";
    std::size_t way = 0;
    for (const auto& pieces : all_ways(c.bytes)) {
      const std::string told = read_requests(pieces, limits);
      EXPECT_EQ(told, c.then) << "way " << way << " of " << pieces.size() << " pieces";
      if (told != c.then) break;
      ++way;
    }
  }
}

TEST(RequestHead, TakesWhatCanBeReadInOneWayOnly) { expect_in_all_ways(accepted); }
TEST(RequestHead, RefusesWhatCouldBeReadInTwoWays) { expect_in_all_ways(refused); }

TEST(RequestHead, ATrailerNeverBecomesAHeader) {
  std::vector<Request> taken;
  read_requests({chunked + "1\r\na\r\n0\r\nHost: evil\r\nX-Api-Key: stolen\r\nContent-Length: 7\r\n\r\n"},
                limits, &taken);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].headers.find("host"), "a");
  EXPECT_FALSE(taken[0].headers.find("x-api-key"));
  EXPECT_FALSE(taken[0].headers.find("content-length"));
}

TEST(RequestHead, HeaderValuesAreTrimmedAndKeepTheirOrder) {
  std::vector<Request> taken;
  read_requests({get + "X: \t one two \t\r\nY:\r\nx:3\r\n\r\n"}, limits, &taken);
  ASSERT_EQ(taken.size(), 1u);
  const auto headers = taken[0].headers.all();
  ASSERT_EQ(headers.size(), 4u);
  EXPECT_EQ(headers[1].value, "one two");
  EXPECT_EQ(headers[2].value, "");
  EXPECT_EQ(headers[3].name, "x");
  EXPECT_EQ(headers[3].value, "3");
  EXPECT_EQ(taken[0].headers.count("X"), 2u);
}

}  // namespace
}  // namespace sekisho::http
