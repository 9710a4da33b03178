#include "gateway/identify.h"

#include <gtest/gtest.h>

#include "config/digest.h"
#include "tests/policy/builders.h"

namespace sekisho::gateway {
namespace {

using policy::Operation;

config::Clients clients() {
  config::Clients all;
  all.all = {{"aozora", policy::corporate(1), {}, {}}, {"kaze", policy::corporate(2), {"demo"}, {}}};
  all.by_key[config::sha256("key-aozora")] = 0;
  all.by_key[config::sha256("key-kaze")] = 1;
  all.by_key[config::sha256("second key of kaze")] = 1;
  return all;
}

TEST(Identify, exactly_one_known_key_makes_a_caller) {
  const std::pair<std::vector<std::pair<const char*, const char*>>, const char*> table[] = {
      {{{"X-Api-Key", "key-aozora"}}, "aozora"},
      {{{"x-api-KEY", "key-kaze"}}, "kaze"},
      {{{"X-Api-Key", "second key of kaze"}}, "kaze"},
      {{{"X-Api-Key", "key-stranger"}}, nullptr},
      {{{"X-Api-Key", ""}}, nullptr},
      {{{"X-Api-Key", "key-aozora "}}, nullptr},
      {{{"X-Api-Key", "key-aozora"}, {"X-Api-Key", "key-aozora"}}, nullptr},
      {{{"X-Api-Key", "key-aozora"}, {"x-api-key", "key-kaze"}}, nullptr},
      {{{"X_Api_Key", "key-aozora"}}, nullptr},
      {{}, nullptr},
  };
  const auto known = clients();
  for (const auto& [given, who] : table) {
    http::Headers headers;
    for (const auto& [name, value] : given) headers.add(name, value);
    const auto* client = identify(headers, known);
    EXPECT_EQ(client ? client->id : "nobody", who ? who : "nobody");
  }
  config::Clients nobody;
  EXPECT_EQ(identify(http::Headers(), nobody), nullptr);
}

TEST(MayUse, an_absent_list_is_all_and_a_list_is_no_more_than_it_says) {
  const config::Client all{"a", policy::corporate(1), {}, {}};
  const config::Client some{
      "b", policy::corporate(1), {"demo"}, policy::WordSet<Operation>{Operation::search}};
  EXPECT_TRUE(may_use(all, "demo", Operation::allocate));
  EXPECT_TRUE(may_use(some, "demo", Operation::search));
  EXPECT_FALSE(may_use(some, "demo", Operation::allocate));
  EXPECT_FALSE(may_use(some, "other", Operation::search));
}

}  // namespace
}  // namespace sekisho::gateway
