// The trust file: what it means, and every way in which it could mean something else than it looks like.
#include "config/list_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/digest.h"
#include "tests/config/signing.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using policy::WordSet;
using testing::HasSubstr;

TEST(ListKeys, are_read) {
  Folder folder;
  const auto text = trust_text(7, 2, {{1}, {2}, {3, "[etoc, plan]"}, {4, "keys"}});
  const auto loaded = load_list_keys(folder.write("list-keys.yaml", text));
  ASSERT_TRUE(loaded) << print(loaded.errors);
  const auto& keys = *loaded.value;
  EXPECT_EQ(keys.version, 7);
  EXPECT_EQ(keys.threshold, 2u);
  EXPECT_EQ(keys.text, text);
  EXPECT_EQ(keys.digest, sha256_hex(text));
  ASSERT_EQ(keys.all.size(), 4u);
  EXPECT_EQ(keys.find("k1")->public_key, test_key(1).public_key());
  EXPECT_EQ(keys.find("k1")->registers, WordSet<Signed>::all());
  EXPECT_EQ(keys.find("k3")->registers, (WordSet{Signed::etoc, Signed::plan}));
  EXPECT_EQ(keys.find("k4")->registers, (WordSet{Signed::keys}));
  EXPECT_EQ(keys.find("k9"), nullptr);
}

// {what stands for what in the file below, the complaint}
const std::string a = test_public(1), b = test_public(2);
const std::string good =
    "schema: sekisho/list-keys/v1\nversion: 1\nthreshold: 2\nkeys:\n  - { id: one, public: \"" + a +
    "\" }\n  - { id: two, public: \"" + b + "\" }\n";
const struct {
  std::string old, by, says;
} wrong[] = {
    {"version: 1", "version: 0", "list-keys.yaml:2:10: '0' is too little; at least 1"},
    {"version: 1", "version: -1", "list-keys.yaml:2:10: expected"},
    {"version: 1\n", "", "the file needs 'version'"},
    {"version: 1", "version: 1\nversion: 2", "list-keys.yaml:3:1: "},
    {"version: 1", "version: 1\nexpires: 2027-01-01", "list-keys.yaml:3:1: unknown key 'expires'"},
    {"threshold: 2\n", "", "the file needs 'threshold'"},
    {"threshold: 2", "threshold: 0", "list-keys.yaml:3:12: '0' is too little; at least 1"},
    {"threshold: 2", "threshold: two", "list-keys.yaml:3:12: expected"},
    {"threshold: 2", "threshold: 3", "list-keys.yaml:3:12: can never be reached: there are 2 keys"},
    {"threshold", "treshold", "unknown key 'treshold' in the file; did you mean 'threshold'?"},
    {"list-keys/v1", "list-keys/v2", "list-keys.yaml:1:9: expected 'sekisho/list-keys/v1'"},
    {"id: two", "id: one", "list-keys.yaml:6:11: two keys have the id 'one'"},
    {"id: two", "id: two words", "list-keys.yaml:6:11: expected a name"},
    {"id: two, ", "", "list-keys.yaml:6:5: "},
    {"id: two", "id: two, id: three", "list-keys.yaml:6:"},
    {"id: two", "name: x, id: two", "list-keys.yaml:6:7: unknown key 'name' in a key"},
    {b, a, "list-keys.yaml:6:24: this is the key of 'one' already; it would count twice"},
    {b, b.substr(1), "list-keys.yaml:6:24: expected an Ed25519 public key, 32 bytes in base64"},
    {b, "MCowBQYDK2VwAyEA" + b, "leave out 'MCowBQYDK2VwAyEA' at the beginning"},
    {b, std::string(43, 'A') + "=", "list-keys.yaml:6:24: this is no key that anybody holds"},
    {"\"" + b + "\"", "[x]", "list-keys.yaml:6:24: expected an Ed25519 public key"},
    {", public: \"" + b + "\"", "", "a key needs 'public'"},
    {b + "\"", b + "\", registers: [etoc, plan, refusals, keys]",
     "list-keys.yaml:3:12: can never be reached by 'track-record': 1 key may sign it"},
    {b + "\"", b + "\", registers: [etoc, plan, refusals, track-record]",
     "list-keys.yaml:3:12: can never be reached by the next version of this file: 1 key may sign 'keys'"},
    {b + "\"", b + "\", registers: []", "this list is empty"},
    {b + "\"", b + "\", registers: [etoc, etoc]", "'etoc' stands in this list twice"},
    {b + "\"", b + "\", registers: [etok]", "did you mean 'etoc'?"},
};

TEST(ListKeys, every_mistake_is_named_with_its_place) {
  ASSERT_TRUE(read_list_keys("list-keys.yaml", good));
  for (const auto& one : wrong) {
    auto text = good;
    const auto at = text.find(one.old);
    ASSERT_NE(at, text.npos) << one.old;
    text.replace(at, one.old.size(), one.by);
    const auto loaded = read_list_keys("list-keys.yaml", text);
    EXPECT_FALSE(loaded) << text;
    EXPECT_THAT(print(loaded.errors), HasSubstr(one.says)) << text;
    EXPECT_FALSE(only_broken_promises(loaded.errors));
  }
  for (const std::string keys : {"keys: []\n", "keys:\n", "keys: { id: one }\n"})
    EXPECT_THAT(print(read_list_keys("list-keys.yaml", good.substr(0, good.find("keys:\n")) + keys).errors),
                HasSubstr("list-keys.yaml:4:"))
        << keys;
}

TEST(ListKeys, one_mistake_is_one_complaint) {
  for (const auto& loaded :
       {trust(1, 3, {{1}, {2}}), trust(1, 2, {{1}, {2, "[etoc, plan, refusals, track-record]"}}),
        trust(1, 1, {{1, "etoc"}}), trust(1, 2, {{1}, {2, "[etok]"}})})
    EXPECT_EQ(loaded.errors.size(), 1u) << print(loaded.errors);
}

TEST(ListKeys, a_register_may_be_without_keys_but_not_with_too_few) {
  EXPECT_TRUE(trust(1, 2, {{1, "[etoc, keys]"}, {2, "[etoc, keys]"}}));
  EXPECT_TRUE(trust(1, 1, {{1, "[etoc, keys]"}, {2, "[plan]"}}));
  EXPECT_FALSE(trust(1, 2, {{1, "[etoc, keys]"}, {2, "[plan, keys]"}}));
  EXPECT_FALSE(trust(1, 1, {{1, "[etoc]"}, {2, "[plan]"}}));
}

}  // namespace
}  // namespace sekisho::config
