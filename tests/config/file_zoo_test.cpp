// What is wrong with a file is told with its place and in words: a zoo of broken files of every kind but
// policies (broken_policies/) and carriers (carrier_zoo_test.cpp).
#include <gtest/gtest.h>

#include <random>

#include "config/installation.h"
#include "config/policy_tests.h"
#include "tests/config/zoo.h"

namespace sekisho::config {
namespace {

TEST(FileZoo, text_that_is_no_file_of_ours) {
  Folder folder;
  struct Case {
    std::string text, error;
  };
  const std::string schema = "schema: sekisho/clients/v1\n";
  const Case cases[] = {
      {"", "f: is empty"},
      {"# nothing\n", "f: is empty"},
      {"clients: []\n", "f:1:1: the line 'schema: sekisho/clients/v1' is missing"},
      {"schema: sekisho/policy/v1\n", "f:1:9: expected 'sekisho/clients/v1', not 'sekisho/policy/v1'"},
      {"schema: sekisho/clients/v2\n", "f:1:9: expected 'sekisho/clients/v1', not 'sekisho/clients/v2'"},
      {"- a\n", "f:1:1: expected a map that begins with 'schema: sekisho/clients/v1', not a list"},
      {schema + "clients: [\n", "f:2:11: is not YAML: "},
      {schema + "\tclients: 1\n", "f:2:1: is not YAML: "},
      {schema + "clients: 'a\n", "f:2:10: is not YAML: the quotation that opens here is never closed"},
      {schema + "clients: \"a\n  b: c", "f:2:10: is not YAML: the quotation that opens here is never closed"},
      {schema + "clients: &a []\n", "f:2:10: anchors (&name) are not read here"},
      {schema + "clients: &a [*a]\n", "f:2:14: aliases (*name) are not read here"},
      {schema + "clients: !!seq []\n", "f:2:10: tags (!name) are not read here"},
      {schema + "---\nclients: []\n", "f:2:1: a second document (---) begins here"},
      {schema + "clients: []\nclients: []\n",
       "f:3:1: the key 'clients' is repeated; it stands on line 2 already"},
      {schema + "? [a]\n: b\n", "f:2:3: a key must be a word, not a list"},
      {schema + "# \xff\n", "f:2:3: is not UTF-8 text"},
      {schema + "clients: []\n\x04 hidden: yes\n", "f:3:1: a control character stands here"},
      {std::string("s\0c", 3), "f:1:2: a control character stands here"},
      {schema + std::string(9 << 20, '#'), "f: is larger than 8 MiB"},
  };
  for (const auto& c : cases) {
    const auto errors = "\n" + print(load_clients(folder.write("f", c.text)).errors);
    EXPECT_NE(errors.find("\n" + c.error), errors.npos) << "expected: " << c.error << "\nbut got:" << errors;
  }
  EXPECT_EQ(print(load_clients(folder.path() / "none.yaml").errors),
            "none.yaml: cannot be read: No such file or directory\n");
  const auto folder_errors = load_clients(folder.path()).errors;
  ASSERT_EQ(folder_errors.size(), 1u);
  EXPECT_EQ(folder_errors[0].print(), folder.path().string() + ": is a directory, not a file");
}

TEST(FileZoo, deep_nesting_is_an_error_and_not_a_crash) {
  Folder folder;
  for (const char* open : {"[", "{a: ", "- "}) {
    std::string text = "schema: sekisho/clients/v1\nclients:\n  ";
    for (int i = 0; i < 50'000; ++i) text += open;
    EXPECT_FALSE(load_clients(folder.write("f", text)));
  }
}

TEST(FileZoo, settings) {
  expect_errors(
      "sekisho/gateway/v1", load_settings,
      {
          {"workers: 1\n", "1:1: 'listeners' is missing: Where clients connect."},
          {"workers: 1\n", "1:1: 'journal.directory' is missing"},
          {"redis: { deadline: 50ms }\n", "2:8: 'redis.url' is missing"},
          {"redis: no\n", "2:8: expected 'redis' as a map, not 'no'"},
          {"listener: []\n", "2:1: unknown key 'listener'; did you mean 'listeners'?"},
          {"redis: { dedline: 50ms }\n", "2:10: unknown key 'redis.dedline'; did you mean 'deadline'?"},
          {"limits: { bodybytes: 1MiB }\n",
           "2:11: unknown key 'limits.bodybytes'; did you mean 'body_bytes'?"},
          {"registry: { sources: { refusal: { soft: 1d, hard: 2d } } }\n",
           "2:24: unknown key 'registry.sources.refusal'; did you mean 'refusals'?"},
          {"listeners: []\n", "2:12: expected a list of"},
          {"listeners: [ { adress: 127.0.0.1:80 } ]\n",
           "2:16: unknown key 'adress' in a listener; did you mean 'address'?"},
          {"listeners: [ { address: 127.0.0.1 } ]\n", "2:25: expected an address such as"},
          {"listeners: [ { address: 127.0.0.1:70000 } ]\n", "2:25: expected an address such as"},
          {"listeners: [ { address: a:1 }, { address: a:1 } ]\n", "2:43: two listeners have the address a:1"},
          {"redis: { deadline: 50 }\n",
           "2:20: expected a duration such as 50ms, 2s, 10m, 5h or 2d, not '50'"},
          {"redis: { deadline: 0ms }\n", "2:20: '0ms' is too little; at least 1ms"},
          {"redis: { deadline: 1h }\n", "2:20: '1h' is too much; at most 10s"},
          {"redis: { deadline: 99999999999999999d }\n", "2:20: expected a duration"},
          {"redis: { url: 127.0.0.1:6379 }\n", "2:15: expected a URL such as redis://127.0.0.1:6379"},
          {"redis: { url: 'redis://a', tls: { ca: x } }\n",
           "2:33: 'redis.tls' is for a URL that begins with rediss; this one is in the clear"},
          {"redis: { url: 'rediss://a', tls: { key: x } }\n", "2:41: 'certificate' and 'key' stand together"},
          {"redis: { url: 'rediss://a', tls: { server_name: 'a b' } }\n", "2:49: expected a host's name"},
          {"redis: { url: 'rediss://a', tls: { verify: no } }\n", "2:36: unknown key 'verify' in 'tls'"},
          {"listeners: [ { address: a:1, tls: {} } ]\n", "2:35: a listener with 'tls' needs 'certificate'"},
          {"redis: { url: 'redis+sentinel://a:1' }\n",
           "2:15: expected the master's name behind the sentinels"},
          {"redis: { url: 'redis+sentinel://a:1/m!' }\n",
           "2:15: expected the master's name behind the sentinels"},
          {"redis: { url: 'redis+sentinel://a:1,/m' }\n", "2:15: expected the sentinels before the name"},
          {"redis: { url: 'redis+sentinel://a:1/m/x' }\n", "2:15: expected a database's number"},
          {"redis: { url: 'redis+sentinel://secret@a:1/m' }\n", "2:15: before '@' stands user:password"},
          {"redis: { url: 'redis+cluster://a:1/2' }\n", "2:15: a cluster has one database"},
          {"redis: { url: 'redis+cluster://a:1,a:1' }\n", "2:15: expected nodes of the cluster, each once"},
          {"redis: { url: 'redis+cluster://' }\n", "2:15: expected nodes of the cluster"},
          {"redis: { url: 'http://a' }\n", "2:15: the URL of Redis begins with redis://"},
          {"redis: { url: 'redis://a:b' }\n", "2:15: expected host[:port] in the URL of Redis"},
          {"redis: { url: 'redis://a/x' }\n", "2:15: expected a database's number"},
          {"redis: { url: 'redis://secret@a' }\n", "2:15: before '@' stands user:password"},
          {"redis: { url: 'unix://run/x' }\n", "2:15: expected a socket's absolute path"},
          {"traces: yes\n", "2:9: expected 'traces' as a map, not 'yes'"},
          {"traces: { ratio: 1% }\n", "2:9: 'traces' needs 'endpoint': the collector that spans are sent to"},
          {"traces: { endpont: 'http://a' }\n",
           "2:11: unknown key 'traces.endpont'; did you mean 'endpoint'?"},
          {"traces: { endpoint: [] }\n",
           "2:21: expected a URL such as http://127.0.0.1:4318, not an empty list"},
          {"traces: { endpoint: 127.0.0.1:4318 }\n", "2:21: an endpoint begins with https:// or http://"},
          {"traces: { endpoint: 'grpc://a:4317' }\n", "2:21: an endpoint begins with https:// or http://"},
          {"traces: { endpoint: 'http://a:0' }\n", "2:21: expected https://host[:port][/base/path]"},
          {"traces: { endpoint: 'http://secret@a' }\n", "2:21: an endpoint has no credentials"},
          {"traces: { endpoint: 'http://a?key=secret' }\n", "2:21: expected https://host"},
          {"traces: { endpoint: 'http://a/?key=secret' }\n", "2:21: an endpoint's path is plain"},
          {"traces: { endpoint: 'http://a', tls: { ca: x } }\n",
           "2:38: 'traces.tls' is for an endpoint that begins with https://; this one is in the clear"},
          {"traces: { endpoint: 'https://a', tls: { key: x } }\n",
           "2:46: 'certificate' and 'key' stand together"},
          {"traces: { endpoint: 'http://a', headers: [a] }\n",
           "2:42: expected a map of header names and values"},
          {"traces: { endpoint: 'http://a', headers: { Host: a } }\n",
           "2:44: the header 'Host' is the gate's own"},
          {"traces: { endpoint: 'http://a', headers: { A: ' secret' } }\n",
           "2:47: the value of 'A' must be printable"},
          {"traces: { endpoint: 'http://a', ratio: 0.5 }\n", "2:40: expected a share such as 5%"},
          {"traces: { endpoint: 'http://a', ratio: 101% }\n", "2:40: expected a share such as 5%"},
          {"traces: { endpoint: 'http://a', queue: 0 }\n", "2:40: '0' is too little; at least 1"},
          {"traces: { endpoint: 'http://a', timeout: 2m }\n", "2:42: '2m' is too much; at most 1m"},
          {"registry: { link: { soft: 60s, hard: 5s } }\n", "2:38: hard (5s) is shorter than soft (1m)"},
          {"registry: { link: { soft: 60s } }\n", "2:19: an age needs 'hard'"},
          {"limits: { header_bytes: 16KB }\n", "2:25: expected a size such as 16KiB or 1MiB, not '16KB'"},
          {"limits: { header_bytes: 1GiB }\n", "2:25: '1GiB' is too much; at most 1MiB"},
          {"limits: { headers: 0 }\n", "2:20: '0' is too little; at least 1"},
          {"limits: { headers: '100' }\n", "2:20: expected a whole number, not '100'"},
          {"limits: { headers: 0x10 }\n", "2:20: expected a whole number, not '0x10'"},
          {"workers: 65\n", "2:10: '65' is too much; at most 64"},
          {"workers: many\n", "2:10: expected a whole number, not 'many'"},
          {"workers:\n", "2:1: expected a whole number, not nothing"},
          {"journal: { sync: never }\n", "2:18: expected a duration"},
          {"import: { shrink: 0.05 }\n", "2:19: expected a share such as 5%"},
          {"import: { shrink: 101% }\n", "2:19: expected a share such as 5%"},
          {"log: { level: verbose }\n", "2:15: 'verbose' is not one of trace, debug, info, warn, error"},
          {"carriers: [a.yaml, a.yaml]\n", "2:20: 'a.yaml' stands in this list twice"},
      });
}

TEST(FileZoo, clients) {
  const auto zoo = {
      Broken{"clients: []\n", "2:10: expected a list of clients"},
      Broken{"api_key_header: X Key\n", "2:17: expected the name of a header, not 'X Key'"},
      Broken{"api_key_header: Connection\n", "2:17: the header 'Connection' is the gate's own business"},
      Broken{"clients: [ x ]\n", "2:12: expected a client as a map, not 'x'"},
      Broken{"clients: [ { operator: jp:8999900000001 } ]\n", "2:12: a client needs 'id'"},
      Broken{"clients: [ { id: a, operatr: x } ]\n",
             "2:21: unknown key 'operatr' in a client; did you mean 'operator'?"},
      Broken{"clients: [ { id: a, operator: jp:1999900000001 } ]\n",
             "2:31: 'jp:1999900000001' is not a corporate number: its check digit, the first, is wrong"},
      Broken{"clients: [ { id: a, operator: 8999900000001 } ]\n", "2:31: expected an operator's id such as"},
      Broken{"clients: [ { id: a, api_key_sha256: key-aozora } ]\n",
             "2:37: expected the SHA-256 of the key, 64 lower-case hexadecimal digits"},
      Broken{"clients: [ { id: a, api_key_sha256: [] } ]\n", "2:37: this list is empty"},
      Broken{"clients: [ { id: a, operations: [alocate] } ]\n", "2:34: 'alocate' is not one of allocate,"},
      Broken{"clients: [ { id: a }, { id: a } ]\n", "2:29: two clients have the id 'a'"},
      Broken{
          "clients:\n"
          "  - { id: a, api_key_sha256: 2db45c329a9b3a7295a39f3e29120de0813c31a6768b787cfb537ab4e6f1a94f }\n"
          "  - { id: b, api_key_sha256: 2db45c329a9b3a7295a39f3e29120de0813c31a6768b787cfb537ab4e6f1a94f }\n",
          "4:30: this key belongs to the client 'a' already"},
  };
  expect_errors(
      "sekisho/clients/v1", [](auto& file) { return load_clients(file); }, zoo);
}

TEST(FileZoo, policy_tests) {
  expect_errors(
      "sekisho/policy-test/v1", load_policy_tests,
      {
          {"policy: p.yaml\n", "1:1: the file needs 'operators'"},
          {"operators: { a: { etoc: { state: certifed } } }\n", "2:34: 'certifed' is not one of"},
          {"operators: { a: { etoc: { valid_until: 2026-01-01 } } }\n", "2:25: 'etoc' needs 'state'"},
          {"operators: { a: { refusals: yes } }\n", "2:29: expected a list of refusals, not 'yes'"},
          {"operators: { a: { firstsupply: 2026-01-01 } }\n",
           "2:19: unknown key 'firstsupply' in an operator; did you mean 'first_supply'?"},
          {"operators: { alpha: {} }\ntests: [ { name: x, operator: alhpa } ]\n",
           "3:31: no operator of this file is called 'alhpa'; did you mean 'alpha'?"},
          {"tests: [ { at: 2026-11-23 } ]\n", "2:16: expected a moment such as"},
          {"tests: [ { at: 2026-11-23T10:00:00 } ]\n", "2:16: expected a moment such as"},
          {"tests: [ { order: { quantity: 0, number_type: fixed } } ]\n",
           "2:31: '0' is too little; at least 1"},
          {"tests: [ { order: { quantity: 1 } } ]\n", "2:19: 'order' needs 'number_type'"},
          {"tests: [ { expect: allow } ]\n", "2:20: expected 'permit', '{ deny: CODE }'"},
          {"tests: [ { expect: { deny: etoc-revokd } } ]\n",
           "2:28: unknown reason code 'etoc-revokd'; did you mean 'etoc-revoked'?"},
          {"tests: [ { expect: { refuse: a } } ]\n", "2:22: unknown key 'refuse' in 'expect'"},
      });
}

// Whatever stands in a file: it loads or is refused with errors, and nothing else happens.
TEST(FileZoo, damaged_files_load_or_tell_why) {
  Folder folder;
  const auto check = [&](const std::string& text, const auto& load) {
    const auto loaded = load(folder.write("f", text));
    EXPECT_NE(loaded.value.has_value(), !loaded.errors.empty()) << text;
  };
  const auto damage = [&](const char* name, const auto& load) {
    const auto whole = contents(contract / name);
    for (std::size_t cut = 0; cut < whole.size(); cut += 7) check(whole.substr(0, cut), load);
    std::minstd_rand random(1);
    for (int i = 0; i < 300; ++i) {
      auto text = whole;
      for (int slips = 1 + i % 3; slips > 0; --slips)
        text[random() % text.size()] = "{}[]:,?&*!|>'\"%@`# -\n\t0a\xe3"[random() % 25];
      check(text, load);
    }
  };
  damage("sekisho.yaml", load_settings);
  damage("policy.yaml", load_policy);
  damage("policy.test.yaml", load_policy_tests);
  damage("clients.yaml", [](const auto& file) { return load_clients(file); });
  damage("carrier.yaml", [](const auto& file) { return load_carrier(file); });
}

TEST(FileZoo, every_error_of_a_file_is_told_in_the_order_of_lines) {
  Folder folder;
  const auto loaded = load_policy(folder.write("p.yaml",
                                               "schema: sekisho/policy/v1\n"
                                               "zone: UTC\n"
                                               "rules:\n"
                                               "  - id: A\n"
                                               "    wen: {}\n"
                                               "    deny: etoc-revokd\n"
                                               "  - id: b\n"));
  EXPECT_EQ(print(loaded.errors),
            "p.yaml:2:7: days are counted in Asia/Tokyo, not in 'UTC'\n"
            "p.yaml:4:9: expected a name in kebab-case such as 'little-record', not 'A'\n"
            "p.yaml:5:5: unknown key 'wen' in a rule; did you mean 'when'?\n"
            "p.yaml:6:11: unknown reason code 'etoc-revokd'; did you mean 'etoc-revoked'?\n"
            "p.yaml:7:5: this rule has no effect: add permit, deny, limit, throttle or review\n");
}

TEST(FileZoo, messages_do_not_repeat_secrets) {
  Folder folder;
  const auto clients = load_clients(
      folder.write("c", "schema: sekisho/clients/v1\nclients: [ { id: a, api_key_sha256: s3cret } ]\n"));
  EXPECT_EQ(print(clients.errors).find("s3cret"), std::string::npos);
  const auto settings = load_settings(
      folder.write("s", "schema: sekisho/gateway/v1\nredis: { url: 'redis://u:s3cret@h:x' }\n"));
  EXPECT_EQ(print(settings.errors).find("s3cret"), std::string::npos);
  const auto carrier = load_carrier(
      folder.write("u", "schema: sekisho/carrier/v1\nupstream: { headers: { Authorization: ' s3cret' } }\n"));
  EXPECT_EQ(print(carrier.errors).find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace sekisho::config
