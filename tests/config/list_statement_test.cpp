// The file beside a list: written, read back, and refused in every other shape.
#include "config/list_statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/digest.h"
#include "tests/config/signing.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using testing::HasSubstr;

SignatureFile sample() {
  SignatureFile file{.statement = {.which = Signed::track_record,
                                   .serial = 18446744073709551615u,
                                   .published = policy::JstDate::of(2026, 11, 24),
                                   .rows = 5,
                                   .sha256 = sha256_hex("list")}};
  add_signature(file, "k1", test_key(1));
  add_signature(file, "k2", test_key(2));
  return file;
}

TEST(ListStatement, is_signed_as_this_text) {
  EXPECT_EQ(
      signed_text(sample().statement),
      "sekisho list signature v1\nregister track-record\nserial 18446744073709551615\npublished 2026-11-24\n"
      "rows 5\nsha256 " +
          sha256_hex("list") + "\nmapping none\n");
  auto mapped = sample().statement;
  mapped.mapping = sha256_hex("mapping");
  EXPECT_TRUE(signed_text(mapped).ends_with("\nmapping " + mapped.mapping + "\n"));
}

TEST(SignatureFile, is_read_as_it_was_written) {
  const auto file = sample();
  const auto read = read_signature_file("l.sig", print(file));
  ASSERT_TRUE(read) << print(read.errors);
  EXPECT_EQ(read.value->statement, file.statement);
  ASSERT_EQ(read.value->signatures.size(), 2u);
  EXPECT_EQ(read.value->signatures[1].key, "k2");
  EXPECT_EQ(read.value->signatures[1].signature, file.signatures[1].signature);
  EXPECT_EQ(read.value->signatures[1].line, 11);
  EXPECT_EQ(read.value->signatures[1].column, 5);
  EXPECT_EQ(print(*read.value), print(file));
}

TEST(SignatureFile, spacing_and_escapes_mean_nothing) {
  auto text = print(sample());
  text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
  text.replace(text.find("track-record"), 5, "\\u0074rack");
  const auto read = read_signature_file("l.sig", text);
  ASSERT_TRUE(read) << print(read.errors);
  EXPECT_EQ(read.value->statement, sample().statement);
}

TEST(SignatureFile, an_own_earlier_signature_is_replaced) {
  auto file = sample();
  add_signature(file, "k1", test_key(9));
  ASSERT_EQ(file.signatures.size(), 2u);
  EXPECT_EQ(file.signatures[1].key, "k1");
  EXPECT_EQ(file.signatures[1].signature, test_key(9).sign(signed_text(file.statement)));
}

const struct {
  std::string old, by, says;
} wrong[] = {
    {"list-signature/v1", "list-signature/v2", "l.sig:2:13: expected \"sekisho/list-signature/v1\""},
    {"\"register\"", "\"registers\"",
     "l.sig:3:16: unknown key 'registers' in the file; did you mean 'register'?"},
    {"\"register\": \"track-record\",", "", "l.sig:1:1: the key 'register' is missing in the file"},
    {"\"track-record\"", "\"trackrecord\"",
     "l.sig:3:15: expected one of etoc, plan, refusals, track-record, keys"},
    {"\"track-record\"", "7", "l.sig:3:15: 'register' must be text"},
    {"18446744073709551615", "18446744073709551616", "cannot be read as JSON"},
    {"18446744073709551615", "-1", "l.sig:4:13: expected a whole number"},
    {"18446744073709551615", "1.0", "l.sig:4:13: expected a whole number"},
    {"18446744073709551615", "1e3", "l.sig:4:13: expected a whole number"},
    {"18446744073709551615", "\"1\"", "l.sig:4:13: expected a whole number"},
    {"18446744073709551615", "null", "l.sig:4:13: expected a whole number"},
    {"\"rows\": 5", "\"rows\": [5]", "l.sig:6:11: expected a whole number"},
    {"2026-11-24", "2026-11-31", "l.sig:5:16: expected a date"},
    {"\"rows\"", "\"serial\": 1, \"rows\"", "the key 'serial' is repeated"},
    {"\"rows\"", "\"ser\\u0069al\": 1, \"rows\"", "the key 'serial' is repeated"},
    {"\"rows\"", "\"valid\": true, \"rows\"", "unknown key 'valid'"},
    {sha256_hex("list"), sha256_hex("list").substr(1), "l.sig:7:13: expected a SHA-256"},
    {sha256_hex("list"), std::string(64, 'A'), "l.sig:7:13: expected a SHA-256"},
    {"\"mapping\": \"none\",", "", "the key 'mapping' is missing in the file"},
    {"\"none\"", "\"\"", "l.sig:8:14: expected a SHA-256, 64 lower-case hexadecimal digits, or \"none\""},
    {sha256_hex("list"), "none", "l.sig:7:13: expected a SHA-256"},
    {"\"signatures\": [", "\"signatures\": 3, \"x\": [", "expected a list of signatures"},
    {"{ \"key\": \"k1\"", "{ \"key\": \"k 1\"", "l.sig:10:14: expected the id of a key"},
    {"{ \"key\": \"k1\", ", "{ ", "l.sig:10:5: the key 'key' is missing in a signature"},
    {"{ \"key\": \"k1\"", "{ \"by\": 1, \"key\": \"k1\"", "unknown key 'by' in a signature"},
    {"{ \"key\": \"k1\"", "[], { \"key\": \"k1\"", "l.sig:10:5: expected a signature as an object"},
    {"==\" }", "\" }", "expected an Ed25519 signature, 64 bytes in base64"},
    {"\n  ]\n}\n", "\n  ]\n}\n{}", "cannot be read as JSON"},
    {"\n  ]\n}\n", "\n  ]\n", "cannot be read as JSON"},
    {"{\n  \"schema\"", "\xef\xbb\xbf{\n  \"schema\"", "byte order mark"},
};

TEST(SignatureFile, every_other_shape_is_refused) {
  for (const auto& one : wrong) {
    auto text = print(sample());
    const auto at = text.find(one.old);
    ASSERT_NE(at, text.npos) << one.old;
    text.replace(at, one.old.size(), one.by);
    const auto read = read_signature_file("l.sig", text);
    EXPECT_FALSE(read) << text;
    EXPECT_THAT(print(read.errors), HasSubstr(one.says)) << text;
    EXPECT_FALSE(only_broken_promises(read.errors));
  }
  for (const std::string text : {"", "[]", "7", "\"x\"", "null", "{}", std::string("\0", 1).c_str()})
    EXPECT_FALSE(read_signature_file("l.sig", text)) << text;
}

TEST(SignatureFile, a_missing_one_is_a_broken_promise_and_an_unreadable_one_is_not) {
  Folder folder;
  const auto missing = load_signature_file(folder.path() / "l.sig");
  EXPECT_EQ(print(missing.errors), "l.sig: is missing; 'sekisho registry sign' makes it\n");
  EXPECT_TRUE(only_broken_promises(missing.errors));
  EXPECT_FALSE(only_broken_promises(load_signature_file(folder.path()).errors));
  EXPECT_FALSE(only_broken_promises(load_signature_file(folder.write("l.sig", "{")).errors));
}

}  // namespace
}  // namespace sekisho::config
