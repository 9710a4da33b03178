// Signed requests: RFC 9421's own example, what must be covered, and every way to be wrong.
#include "gateway/credentials/signature.h"

#include <gtest/gtest.h>

#include <functional>
#include <tuple>

#include "config/ed25519.h"
#include "gateway/credentials/fields.h"

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;

const policy::Instant now{1'618'884'473'000ms};
const std::string secret = "a secret of the two sides, and of nobody else";

std::string base64(const std::string& bytes) {
  return config::base64(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

http::Request post(const std::string& body = R"({"hello": "world"})") {
  http::Request request;
  request.method = "POST";
  request.target = "/foo?param=Value&Pet=dog";
  request.headers.add("Host", "example.com");
  request.headers.add("Date", "Tue, 20 Apr 2021 02:07:55 GMT");
  request.headers.add("Content-Type", "application/json");
  request.body = body;
  return request;
}

config::Clients clients() {
  config::Clients all;
  all.all.resize(2);
  all.by_key_id["key-1"] = {1, secret};
  return all;
}

http::Request with_signature(http::Request request, const std::string& key_id = "key-1") {
  const auto headers = sign(request, key_id, secret, now, "n-1");
  for (const auto& header : headers.all()) request.headers.add(header.name, header.value);
  return request;
}

std::string_view cause_of(const http::Request& request, policy::Instant at = now) {
  static const auto known = clients();
  const auto read = read_signature(request, known, at);
  EXPECT_EQ(read.key != nullptr, read.cause == Cause::none);
  return policy::name(read.cause);
}

// RFC 9421, B.2.5.
TEST(Signature, the_examples_base_and_signature) {
  const std::string parameters =
      R"(("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret")";
  const auto list = only_list("sig-b25=" + parameters);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->first, "sig-b25");
  EXPECT_EQ(list->second.text, parameters);
  const auto base = signature_base(post(), list->second.items, list->second.text);
  EXPECT_EQ(base,
            "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n"
            "\"content-type\": application/json\n\"@signature-params\": " +
                parameters);
  std::string shared(64, '\0');
  ASSERT_TRUE(config::read_base64(
      "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
      reinterpret_cast<unsigned char*>(shared.data()), shared.size()));
  EXPECT_EQ(base64(hmac_sha256(shared, *base)), "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
}

TEST(Signature, of_our_own_making_is_good) {
  for (const auto& target : {"/foo", "/foo?", "/foo?a=b", "/"})
    for (const auto& body : {"", "x"}) {
      auto request = post(body);
      request.target = target;
      const auto all = clients();
      const auto read = read_signature(with_signature(request), all, now);
      ASSERT_TRUE(read.key) << target << " " << policy::name(read.cause);
      EXPECT_EQ(read.key->client, 1u);
      EXPECT_EQ(read.key_id + " " + read.nonce, "key-1 n-1");
    }
}

TEST(Signature, covers_what_it_says_and_the_body) {
  const auto good = with_signature(post());
  ASSERT_EQ(cause_of(good), "none");
  const std::pair<const char*, std::function<void(http::Request&)>> changes[] = {
      {"wrong", [](auto& r) { r.method = "PUT"; }},
      {"wrong", [](auto& r) { r.target = "/Foo?param=Value&Pet=dog"; }},
      {"wrong", [](auto& r) { r.target = "/foo?param=Value&Pet=cat"; }},
      {"wrong", [](auto& r) { r.target = "/foo?param=Value&pet=dog"; }},
      {"wrong", [](auto& r) { r.headers.set("Host", "other.example"); }},
      {"none", [](auto& r) { r.headers.set("Host", "EXAMPLE.com:443"); }},
      {"none", [](auto& r) { r.headers.set("Date", "another day"); }},
      {"altered", [](auto& r) { r.body += " "; }},
      {"altered", [](auto& r) { r.body.clear(); }},
      {"not-covered", [](auto& r) { r.headers.remove("Content-Digest"); }},
      {"wrong",
       [](auto& r) { r.headers.set("Content-Digest", "sha-256=:" + base64(std::string(32, 'x')) + ":"); }},
      {"unknown", [](auto& r) { r = with_signature(post(), "key-2"); }},
      {"malformed", [](auto& r) { r.headers.remove("Signature"); }},
      {"malformed", [](auto& r) { r.headers.remove("Signature-Input"); }},
      {"malformed", [](auto& r) { r.headers.add("Signature", std::string(*r.headers.find("Signature"))); }},
      {"wrong", [](auto& r) { r.headers.set("Signature", "sig=:" + base64(std::string(32, 'x')) + ":"); }},
      {"wrong", [](auto& r) { r.headers.set("Signature", "sig=:" + base64("short") + ":"); }},
      {"malformed",
       [](auto& r) { r.headers.set("Signature", "other" + std::string(*r.headers.find("Signature"))); }},
  };
  int row = 0;
  for (const auto& [cause, change] : changes) {
    auto request = good;
    change(request);
    EXPECT_EQ(cause_of(request), cause) << "row " << row;
    ++row;
  }
}

// Signed by the right secret, with components and parameters as they are given.
http::Request signed_as(const std::string& components, const std::string& parameters,
                        http::Request request = with_signature(post())) {
  const auto text = "(" + components + ");" + parameters;
  const auto list = only_list("sig=" + text);
  const auto base = list ? signature_base(request, list->second.items, list->second.text) : std::nullopt;
  request.headers.set("Signature-Input", "sig=" + text);
  request.headers.set("Signature", "sig=:" + base64(hmac_sha256(secret, base.value_or(""))) + ":");
  return request;
}

TEST(Signature, must_cover_enough_and_say_who_when_and_which) {
  const std::string all = R"("@method" "@authority" "@path" "@query" "content-digest")";
  const std::string said = R"(created=1618884473;keyid="key-1";nonce="n")";
  const std::tuple<std::string, std::string, const char*> table[] = {
      {all, said, "none"},
      {all + R"( "content-type" "date")", said, "none"},
      {R"("content-digest" "@query" "@path" "@authority" "@method")", said, "none"},
      {all, said + R"(;alg="hmac-sha256";tag="x";expires=1618884474)", "none"},
      {R"("@authority" "@path" "@query" "content-digest")", said, "not-covered"},
      {R"("@method" "@path" "@query" "content-digest")", said, "not-covered"},
      {R"("@method" "@authority" "@query" "content-digest")", said, "not-covered"},
      {R"("@method" "@authority" "@path" "content-digest")", said, "not-covered"},
      {R"("@method" "@authority" "@path" "@query")", said, "not-covered"},
      {"", said, "not-covered"},
      {all + R"( "@target-uri")", said, "not-covered"},
      {all + R"( "@status")", said, "not-covered"},
      {all + R"( "x-missing")", said, "not-covered"},
      {all + R"( "Date")", said, "not-covered"},
      {all + R"( "date" "date")", said, "not-covered"},
      {all + R"( "date";sf)", said, "malformed"},
      {all + R"( "date";req)", said, "malformed"},
      {all, R"(keyid="key-1";nonce="n")", "malformed"},
      {all, R"(created=1618884473;nonce="n")", "malformed"},
      {all, R"(created=1618884473;keyid="key-1")", "malformed"},
      {all, R"(created=1618884473;keyid="key-1";nonce="")", "malformed"},
      {all, R"(created=1618884473;keyid="key-1";nonce=")" + std::string(129, 'n') + "\"", "malformed"},
      {all, R"(created="1618884473";keyid="key-1";nonce="n")", "malformed"},
      {all, R"(created=1618884473.5;keyid="key-1";nonce="n")", "malformed"},
      {all, R"(created=1618884473;keyid=key-1;nonce="n")", "malformed"},
      {all, said + R"(;alg="hmac-sha512")", "malformed"},
      {all, said + R"(;alg=1)", "malformed"},
      {all, said + ";expires=x", "malformed"},
      {all, said + ";expires=1618884473", "expired"},
      {all, said + ";created=1618884473", "malformed"},
      {all, said + ";unknown=1", "malformed"},
      {all, R"(created=1618880000;keyid="key-1";nonce="n")", "expired"},
      {all, R"(created=1618890000;keyid="key-1";nonce="n")", "not-yet-valid"},
      {all, R"(created=-1;keyid="key-1";nonce="n")", "expired"},
  };
  for (const auto& [components, parameters, cause] : table)
    EXPECT_EQ(cause_of(signed_as(components, parameters)), cause) << components << " " << parameters;
}

TEST(Signature, a_digest_may_be_of_either_kind_and_must_be_right) {
  const std::string all = R"("@method" "@authority" "@path" "@query" "content-digest")";
  const std::string said = R"(created=1618884473;keyid="key-1";nonce="n")";
  const std::string sha512 =
      "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
  const std::string sha256 = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
  const std::pair<std::string, const char*> table[] = {
      {sha512, "none"},
      {sha256, "none"},
      {sha512 + ", " + sha256, "none"},
      {sha512 + ", md5=:AAAA:", "none"},
      {"md5=:AAAA:", "malformed"},
      {sha512 + ", sha-256=:" + base64(std::string(32, 'x')) + ":", "altered"},
      {"sha-256=:" + base64("short") + ":", "altered"},
      {"sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=", "malformed"},
      {sha256 + "," + sha256, "malformed"},
      {"", "malformed"},
  };
  for (const auto& [digest, cause] : table) {
    auto request = post();
    request.headers.set("Content-Digest", digest);
    EXPECT_EQ(cause_of(signed_as(all, said, request)), cause) << digest;
  }
}

TEST(Fields, what_is_read_is_one_text) {
  EXPECT_EQ(only_list(R"(a=("x"  "y" );b=1;c="q\"";d)")->second.text, R"(("x" "y");b=1;c="q\"";d)");
  for (const auto bad : {"", "a", "a=", "a=(", "a=()", "A=()", "a=(\"x\"\"y\")", "a=();b=", "a=();b=1;b=2",
                         "a=(\"x\"", "a=(),b=()", "a=() x", "a=(\"\x01\")", "a=();B=1", "=()"}) {
    const bool fine = std::string_view(bad) == "a=()";
    EXPECT_EQ(only_list(bad).has_value(), fine) << bad;
  }
  EXPECT_EQ(only_bytes("s=:QQ==:")->second, "A");
  for (const auto bad :
       {"s=QQ==", "s=:QQ=:", "s=:QR==:", "s=:QQ==", "s=::", "s=:QQ==:;x", "s=:QQ==:,", "s=:Q Q=:"})
    EXPECT_FALSE(only_bytes(bad)) << bad;
}

TEST(Signature, is_good_for_a_window_on_both_sides_of_now) {
  const auto request = with_signature(post());
  EXPECT_EQ(cause_of(request, now + 5min), "none");
  EXPECT_EQ(cause_of(request, now + 5min + 1ms), "expired");
  EXPECT_EQ(cause_of(request, now - 5min), "none");
  EXPECT_EQ(cause_of(request, now - 5min - 1ms), "not-yet-valid");
}

}  // namespace
}  // namespace sekisho::gateway
