// Where keys lie, what a refusal says, and whom of the sentinels to believe: without any server.
#include "cache/redis_slots.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include "cache/keys.h"
#include "cache/redis_sentinels.h"

namespace sekisho::cache {
namespace {

using namespace std::chrono_literals;
using Kind = Refusal::Kind;

RedisAnswer read(const std::string& resp) {
  std::unique_ptr<redisReader, void (*)(redisReader*)> reader(redisReaderCreate(), redisReaderFree);
  redisReaderFeed(reader.get(), resp.data(), resp.size());
  void* raw = nullptr;
  redisReaderGetReply(reader.get(), &raw);
  RedisAnswer answer{RedisAnswer::Kind::reply, {}};
  answer.raw.reset(static_cast<redisReply*>(raw));
  return answer;
}

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}
std::string number(int value) { return ":" + std::to_string(value) + "\r\n"; }
std::string list(const std::vector<std::string>& items) {
  std::string out = "*" + std::to_string(items.size()) + "\r\n";
  for (const auto& item : items) out += item;
  return out;
}
std::string node(const std::string& host, int port) {
  return list({bulk(host), number(port), bulk("0123456789abcdef"), list({})});
}

TEST(Slots, each_has_a_tag) {
  for (const std::uint16_t slot : {0, 1, 5461, 16383})
    EXPECT_EQ(slot_of(keys::witness(tag_in(slot))), slot) << tag_in(slot);
}

TEST(Slots, in_words_are_compared) {
  EXPECT_TRUE(has_all_of("0-5460 5462-5462", "5462 0-10 11-11"));
  EXPECT_TRUE(has_all_of("0-16383", "0-16383"));
  EXPECT_TRUE(has_all_of("", ""));
  EXPECT_FALSE(has_all_of("0-5460 5462-5462", "5461-5462"));
  EXPECT_FALSE(has_all_of("", "16383-16383"));
  EXPECT_FALSE(has_all_of("what is this", "0"));
}

TEST(Slots, are_those_of_redis) {
  // CLUSTER KEYSLOT of a Redis 7 said so.
  EXPECT_EQ(slot_of("123456789"), 12739);
  EXPECT_EQ(slot_of("foo"), 12182);
  EXPECT_EQ(slot_of("bar"), 5061);
  EXPECT_EQ(slot_of("hello"), 866);
  EXPECT_EQ(slot_of(""), 0);
  EXPECT_EQ(slot_of("foo{hash_tag}"), 2515);
  EXPECT_EQ(slot_of("{hash_tag}"), 2515);
}

TEST(Slots, only_the_first_tag_counts_and_an_empty_one_does_not) {
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
  EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
  EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
  EXPECT_NE(slot_of("foo{}{bar}"), slot_of("bar"));
  EXPECT_NE(slot_of("foo{bar"), slot_of("bar"));
}

TEST(Slots, what_a_script_touches_shares_one) {
  const auto id = *policy::OperatorId::parse("jp:8999900000001");
  const auto slot = slot_of(keys::usage(id).text());
  for (const auto& key :
       {keys::holds(id), keys::orders(id), keys::numbers(id), keys::idempotency(id, "a{b}c")})
    EXPECT_EQ(slot_of(key.text()), slot) << key.text();
  const auto registry = slot_of(keys::registry_meta);
  for (const auto& key : {keys::registry_operators, keys::registry_events, keys::registry_past("jp:1"),
                          keys::registry_change(7), keys::registry_staging("x")})
    EXPECT_EQ(slot_of(key), registry) << key;
}

TEST(Slots, a_command_goes_by_its_first_key) {
  EXPECT_EQ(key_of({"HGET", "k", "f"}), "k");
  EXPECT_EQ(key_of({"EVALSHA", "digest", "2", "k", "l", "arg"}), "k");
  EXPECT_EQ(key_of({"EVAL", "source", "1", "k"}), "k");
  EXPECT_EQ(key_of({"EVAL", "source", "0", "arg"}), "");
  EXPECT_EQ(key_of({"XREAD", "COUNT", "10", "BLOCK", "5", "STREAMS", "s", "0-0"}), "s");
  EXPECT_EQ(key_of({"XREVRANGE", "s", "+", "-"}), "s");
  EXPECT_EQ(key_of({"OBJECT", "ENCODING", "k"}), "k");
  for (const Command& keyless :
       {Command{"PING"}, Command{"INFO", "server"}, Command{"SCRIPT", "LOAD", "x"}, Command{"SCAN", "0"},
        Command{"CONFIG", "GET", "appendonly"}, Command{"ECHO", "word"}, Command{"XREAD", "COUNT", "1"}})
    EXPECT_EQ(key_of(keyless), "") << keyless[0];
}

TEST(SlotMap, is_read_from_cluster_slots) {
  const auto map =
      SlotMap::parse(read(list({list({number(8192), number(16383), node("10.0.0.2", 7001)}),
                                list({number(0), number(8191), node("", 7000), node("10.0.0.3", 7002)})})),
                     "asked.example");
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->complete());
  EXPECT_EQ(map->master_of(0)->text(), "asked.example:7000") << "a node that does not know where it is";
  EXPECT_EQ(map->master_of(8191)->text(), "asked.example:7000");
  EXPECT_EQ(map->master_of(8192)->text(), "10.0.0.2:7001");
  EXPECT_EQ(map->master_of(16383)->text(), "10.0.0.2:7001");
  ASSERT_EQ(map->replicas.size(), 1u);
  EXPECT_EQ(map->replicas[0].text(), "10.0.0.3:7002");
}

TEST(SlotMap, with_a_hole_is_not_complete) {
  for (const auto& [first, last] : std::vector<std::pair<int, int>>{{1, 16383}, {0, 16382}}) {
    const auto map = SlotMap::parse(read(list({list({number(first), number(last), node("h", 1)})})), "a");
    ASSERT_TRUE(map);
    EXPECT_FALSE(map->complete());
  }
  const auto hole = SlotMap::parse(read(list({list({number(0), number(5), node("h", 1)}),
                                              list({number(7), number(16383), node("h", 1)})})),
                                   "a");
  ASSERT_TRUE(hole);
  EXPECT_FALSE(hole->complete());
  EXPECT_EQ(hole->master_of(6), nullptr);
  EXPECT_FALSE(SlotMap::parse(read("*0\r\n"), "a")->complete());
}

TEST(SlotMap, that_makes_no_sense_is_none) {
  for (const auto& resp :
       {list({list({number(0), number(16384), node("h", 1)})}),
        list({list({number(5), number(4), node("h", 1)})}), list({list({number(0), number(5)})}),
        list({list({number(0), number(5), node("h", 0)})}), list({number(1)}),
        list({list({number(0), number(9), node("h", 1)}), list({number(9), number(20), node("h", 2)})}),
        std::string("-ERR This instance has cluster support disabled\r\n")})
    EXPECT_FALSE(SlotMap::parse(read(resp), "a")) << resp;
}

TEST(Refusal, says_where_to_go) {
  const auto moved = refusal_of("MOVED 3999 127.0.0.1:6381");
  EXPECT_EQ(moved.kind, Kind::moved);
  EXPECT_EQ(moved.slot, 3999);
  EXPECT_EQ(moved.at.text(), "127.0.0.1:6381");
  const auto ask = refusal_of("ASK 16383 fe80::1:6381");
  EXPECT_EQ(ask.kind, Kind::ask);
  EXPECT_EQ(ask.at.host, "fe80::1");
  EXPECT_EQ(ask.at.port, 6381);
  EXPECT_EQ(refusal_of("MOVED 1 :6381").at.host, "") << "the host that was asked";
}

TEST(Refusal, what_was_not_done_is_told_from_other_errors) {
  for (const auto error :
       {"TRYAGAIN Multiple keys request during rehashing of slot", "CLUSTERDOWN The cluster is down",
        "LOADING Redis is loading the dataset in memory", "MOVED nowhere", "MOVED 16384 h:1", "MOVED",
        "ASK 1 h:0"})
    EXPECT_EQ(refusal_of(error).kind, Kind::later) << error;
  EXPECT_EQ(refusal_of("READONLY You can't write against a read only replica.").kind, Kind::demoted);
  for (const auto error : {"", "ERR MOVED 1 h:1", "WRONGTYPE Operation", "NOSCRIPT No matching script",
                           "MOVEDX 1 h:1", "OOM command not allowed"})
    EXPECT_EQ(refusal_of(error).kind, Kind::none) << error;
}

TEST(Sentinels, the_newest_epoch_is_believed_while_it_is_fresh) {
  const auto now = std::chrono::steady_clock::now();
  const auto word = [&](const char* host, std::uint64_t epoch, std::chrono::milliseconds ago) {
    return std::optional(Named{.master = {.host = host, .port = 1}, .epoch = epoch, .at = now - ago});
  };
  EXPECT_FALSE(newest({}, now));
  EXPECT_FALSE(newest({std::nullopt, std::nullopt}, now));
  EXPECT_EQ(newest({word("old", 1, 0ms), word("new", 2, 100ms), word("old", 1, 0ms)}, now)->host, "new");
  EXPECT_EQ(newest({word("a", 2, 5s), std::nullopt, word("b", 2, 1s)}, now)->host, "b")
      << "its youngest word";
  EXPECT_FALSE(newest({word("new", 2, 10s), word("old", 1, 0ms)}, now))
      << "the one before is no way out when nobody can say whether the new one still is";
  EXPECT_EQ(newest({word("new", 9, 61s), word("old", 1, 0ms)}, now)->host, "old") << "sentinels set up anew";
}

}  // namespace
}  // namespace sekisho::cache
