// Settings beyond the sample installation: addresses, URLs, units, and the reference page.
#include "config/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/address.h"
#include "config/describe.h"
#include "config/kinds.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using namespace std::chrono_literals;

TEST(Address, is_written_as_it_is_read) {
  for (const std::string text : {"127.0.0.1:18080", "localhost:0", "[::1]:80", "unix:/run/x.sock"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
  EXPECT_EQ(Address::parse("[::1]:80")->host, "::1");
  for (const std::string text :
       {"", ":80", "a", "a:", "a:-1", "a:65536", "::1:80", "[::1]", "a b:1", "unix:", "a:80/x"})
    EXPECT_FALSE(Address::parse(text)) << text;
}

TEST(RedisUrl, names_host_port_credentials_and_database) {
  const auto plain = std::get<RedisSettings>(parse_redis_url("redis://redis.example"));
  EXPECT_EQ(plain.host, "redis.example");
  EXPECT_EQ(plain.port, 6379);
  const auto full = std::get<RedisSettings>(parse_redis_url("redis://gate:p%40ss%2f@[::1]:7000/3"));
  EXPECT_EQ(full.host, "::1");
  EXPECT_EQ(full.port, 7000);
  EXPECT_EQ(full.username, "gate");
  EXPECT_EQ(full.password, "p@ss/");
  EXPECT_EQ(full.database, 3);
  EXPECT_EQ(std::get<RedisSettings>(parse_redis_url("redis://:word@h")).password, "word");
  EXPECT_FALSE(plain.secure);
  for (const auto url : {"rediss://h", "rediss+sentinel://h/m", "rediss+cluster://h"})
    EXPECT_TRUE(std::get<RedisSettings>(parse_redis_url(url)).secure) << url;
  EXPECT_EQ(std::get<RedisSettings>(parse_redis_url("unix:///run/redis.sock")).unix_path, "/run/redis.sock");
  for (const auto url : {"redis://", "rediss://", "redis://h:0", "redis://h?db=1", "redis://u:%zz@h",
                         "redis://u:%1@h", "redis://h/-1"})
    EXPECT_TRUE(std::holds_alternative<std::string>(parse_redis_url(url))) << url;
}

TEST(RedisUrl, names_sentinels_and_a_master) {
  const auto short_one = std::get<RedisSettings>(parse_redis_url("redis+sentinel://a/gate"));
  EXPECT_EQ(short_one.setup, RedisSettings::Setup::sentinel);
  ASSERT_EQ(short_one.peers.size(), 1u);
  EXPECT_EQ(short_one.peers[0].text(), "a:26379");
  EXPECT_EQ(short_one.master, "gate");
  EXPECT_EQ(short_one.database, 0);
  const auto full =
      std::get<RedisSettings>(parse_redis_url("redis+sentinel://gate:p%40ss@s1:1,[::1]:2,s3/my.mas-ter_1/5"));
  ASSERT_EQ(full.peers.size(), 3u);
  EXPECT_EQ(full.peers[0].text(), "s1:1");
  EXPECT_EQ(full.peers[1].text(), "[::1]:2");
  EXPECT_EQ(full.peers[2].text(), "s3:26379");
  EXPECT_EQ(full.master, "my.mas-ter_1");
  EXPECT_EQ(full.database, 5);
  EXPECT_EQ(full.username, "gate");
  EXPECT_EQ(full.password, "p@ss");
  for (const auto url : {"redis+sentinel://", "redis+sentinel:///m", "redis+sentinel://a",
                         "redis+sentinel://a/", "redis+sentinel://a,a/m", "redis+sentinel://a:0/m",
                         "redis+sentinel://a/m/x", "redis+sentinel://a/m/1/2", "redis+sentinel://a/m?x=1",
                         "redis+sentinel://a/m m", "redis+sentinel://,a/m", "redis+sentinel://u@a/m"})
    EXPECT_TRUE(std::holds_alternative<std::string>(parse_redis_url(url))) << url;
}

TEST(RedisUrl, names_nodes_of_a_cluster) {
  const auto one = std::get<RedisSettings>(parse_redis_url("redis+cluster://h"));
  EXPECT_EQ(one.setup, RedisSettings::Setup::cluster);
  ASSERT_EQ(one.peers.size(), 1u);
  EXPECT_EQ(one.peers[0].text(), "h:6379");
  const auto three =
      std::get<RedisSettings>(parse_redis_url("redis+cluster://:word@a:7000,b:7001,[::1]:7002/"));
  ASSERT_EQ(three.peers.size(), 3u);
  EXPECT_EQ(three.peers[2].text(), "[::1]:7002");
  EXPECT_EQ(three.password, "word");
  for (const auto url :
       {"redis+cluster://", "redis+cluster://a/1", "redis+cluster://a,,b", "redis+cluster://a,b,a",
        "redis+cluster://a:x", "redis+cluster://a b", "redis+clusters://a"})
    EXPECT_TRUE(std::holds_alternative<std::string>(parse_redis_url(url))) << url;
}

TEST(Endpoint, has_a_port_and_a_base_path) {
  const auto plain = std::get<policy::Endpoint>(parse_endpoint("http://api.example/numbers/v2/"));
  EXPECT_EQ(plain.host, "api.example");
  EXPECT_EQ(plain.port, 80);
  EXPECT_EQ(plain.base_path, "/numbers/v2");
  EXPECT_EQ(std::get<policy::Endpoint>(parse_endpoint("http://h/")).base_path, "");
  EXPECT_EQ(std::get<policy::Endpoint>(parse_endpoint("https://h/")).port, 443);
  EXPECT_TRUE(std::get<policy::Endpoint>(parse_endpoint("https://h:8443/v1")).tls);
  for (const auto url : {"h", "ftp://h", "http://", "http://h:x", "http://h/a//b", "http://h/../b",
                         "http://h/..", "http://h/%2f"})
    EXPECT_TRUE(std::holds_alternative<std::string>(parse_endpoint(url))) << url;
}

TEST(Settings, every_key_of_the_table_can_be_set) {
  Folder folder;
  const auto loaded = load_settings(folder.write("sekisho.yaml", R"(schema: sekisho/gateway/v1
listeners: [ { address: 127.0.0.1:0 }, { address: 127.0.0.1:0 }, { address: "unix:gate.sock" } ]
admin: { address: "[::1]:19090", tokens: t.yaml, tls: { certificate: c, key: k } }
redis: { deadline: 20ms, tls: { ca: ca.pem }, url: rediss://h:1 }
registry: { link: { soft: 1s, hard: 1m }, sources: { refusals: { soft: 1d, hard: 1d }, track-record: { soft: 1h, hard: 2h } } }
policy: sub/../p.yaml
clients: /etc/c.yaml
carriers: one.yaml
journal: { directory: j, sync: 50ms, key: k.key, head: /var/head }
workers: auto
limits: { header_bytes: 4096, headers: 50, body_bytes: 64KiB, connections: 7, header_timeout: 1s, body_timeout: 2s, idle_timeout: 3m, queue: 30ms }
drain: { accept: 0s, wait: 1m }
idempotency: { keep: 2d, answer_bytes: 0 }
import: { shrink: 2.5%, min_rows: 10, signed: [refusals, etoc] }
traces: { endpoint: "https://traces.example/otlp", tls: { ca: t.pem }, headers: { Authorization: "Bearer t" }, ratio: 2.5%, queue: 9, timeout: 3s }
log: { level: debug }
)"));
  ASSERT_TRUE(loaded) << print(loaded.errors);
  const auto& s = *loaded.value;
  EXPECT_EQ(s.listeners.size(), 3u);
  EXPECT_EQ(s.listeners[2].address.unix_path, folder.path() / "gate.sock");
  EXPECT_EQ(s.admin.address.host, "::1");
  EXPECT_EQ(s.admin.tls->files.key, folder.path() / "k");
  EXPECT_EQ(s.redis.client_tls()->files.ca, folder.path() / "ca.pem");
  EXPECT_EQ(s.redis.deadline, 20ms);  // whichever of the two keys stands first
  EXPECT_EQ(s.redis.port, 1);
  EXPECT_EQ(s.sources.at(policy::Register::track_record).hard, 2h);
  EXPECT_EQ(s.policy, folder.path() / "p.yaml");
  EXPECT_EQ(s.clients, "/etc/c.yaml");
  EXPECT_EQ(s.carriers.size(), 1u);
  EXPECT_EQ(s.journal.interval, 50ms);
  EXPECT_EQ(s.journal.key, folder.path() / "k.key");
  EXPECT_EQ(s.journal.head, "/var/head");
  EXPECT_GE(s.workers, 1u);
  EXPECT_EQ(s.limits.header_bytes, 4096u);
  EXPECT_EQ(s.limits.body_bytes, 65536u);
  EXPECT_EQ(s.limits.connections, 7u);
  EXPECT_EQ(s.limits.idle_timeout, 3min);
  EXPECT_EQ(s.drain.accept, 0s);
  EXPECT_EQ(s.idempotency.keep, 48h);
  EXPECT_EQ(s.idempotency.answer_bytes, 0u);
  EXPECT_DOUBLE_EQ(s.import.shrink, 0.025);
  EXPECT_EQ(s.import.min_rows, 10u);
  EXPECT_EQ(s.import.is_signed, (policy::WordSet{policy::Register::etoc, policy::Register::refusals}));
  EXPECT_EQ(s.traces.collector->authority(), "traces.example:443");
  EXPECT_EQ(s.traces.collector->base_path, "/otlp");
  EXPECT_EQ(s.traces.tls.files.ca, folder.path() / "t.pem");
  EXPECT_THAT(s.traces.headers, testing::ElementsAre(testing::Pair("Authorization", "Bearer t")));
  EXPECT_DOUBLE_EQ(s.traces.ratio, 0.025);
  EXPECT_EQ(s.traces.queue, 9u);
  EXPECT_EQ(s.traces.timeout, 3s);
  EXPECT_EQ(s.log_level, "debug");
}

TEST(Settings, without_a_collector_no_spans_are_made) {
  const Settings settings;
  EXPECT_FALSE(settings.traces.collector);
  EXPECT_EQ(settings.traces.ratio, 0) << "and with one, only what callers sample";
}

TEST(Yaml, question_marks_quotes_and_block_text_are_read_as_written) {
  Folder folder;
  const Document document(folder.write("f",
                                       "schema: s\n"
                                       "flow: { a: json:/x?, b: [what?, \"why ?\", 'a??b'], d: 2 }\n"
                                       "block: |\n  who? { [ '\n  really\n"
                                       "? long\n: 'it''s'\n"
                                       "last: |\n  text"),
                          "s");
  Document copy = document;
  ASSERT_TRUE(document.root()) << print(copy.take_errors());
  const Node& flow = *document.root()->find("flow");
  EXPECT_EQ(flow.find("a")->text, "json:/x?");
  EXPECT_EQ(flow.find("b")->items.at(0).text, "what?");
  EXPECT_EQ(flow.find("b")->items.at(1).text, "why ?");
  EXPECT_EQ(flow.find("b")->items.at(2).text, "a??b");
  EXPECT_TRUE(flow.find("b")->items.at(2).quoted);
  EXPECT_EQ(document.root()->find("block")->text, "who? { [ '\nreally\n");
  EXPECT_EQ(document.root()->find("long")->text, "it's");
  EXPECT_EQ(document.root()->find("last")->text.substr(0, 4), "text");
  EXPECT_EQ(flow.place.line, 2);
  EXPECT_EQ(flow.place.column, 7);
}

TEST(Kinds, values_are_printed_as_they_are_written) {
  EXPECT_EQ(Duration::print(50ms), "50ms");
  EXPECT_EQ(Duration::print(90s), "90s");
  EXPECT_EQ(Duration::print(24h), "1d");
  EXPECT_EQ(Duration::print(0ms), "0s");
  EXPECT_EQ(Size::print(16384), "16KiB");
  EXPECT_EQ(Size::print(1000), "1000B");
  EXPECT_EQ(Share::print(0.05), "5%");
  EXPECT_EQ(Share::print(0.025), "2.5%");
  EXPECT_EQ(Share::print(1), "100%");
}

TEST(Nearest, suggests_one_slip_for_every_three_letters) {
  const std::vector<std::string> words = {"when", "why", "throttle"};
  EXPECT_EQ(did_you_mean("wehn", words), "; did you mean 'when'?");
  EXPECT_EQ(did_you_mean("throtle", words), "; did you mean 'throttle'?");
  EXPECT_EQ(did_you_mean("zone", words), "");
}

TEST(Settings, the_reference_page_is_printed_from_the_table) {
  EXPECT_EQ(contents(std::filesystem::path(SEKISHO_SOURCE_DIR) / "docs/reference/settings.md"),
            describe_settings_markdown());
}

}  // namespace
}  // namespace sekisho::config
