// Verdicts over signed lists, one bit at a time, and which trust file may follow which.
#include "config/list_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/digest.h"
#include "tests/config/signing.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using State = SignatureState;

const std::string list = "corporate_number,state\n8999900000001,certified\n7999900000002,revoked\n";

ListFacts facts() { return {.which = Signed::etoc, .rows = 2, .digest = sha256_hex(list)}; }

SignatureFile signed_by(const std::vector<int>& numbers, ListStatement statement = {}) {
  if (statement.sha256.empty())
    statement = {.which = Signed::etoc,
                 .serial = 12,
                 .published = policy::JstDate::of(2026, 11, 24),
                 .rows = 2,
                 .sha256 = sha256_hex(list)};
  SignatureFile file{.statement = statement};
  for (const int number : numbers)
    file.signatures.push_back(
        {.key = "k" + std::to_string(number),
         .signature = test_key(static_cast<unsigned char>(number)).sign(signed_text(statement))});
  return file;
}

std::vector<State> states(const ListVerdict& verdict) {
  std::vector<State> out;
  for (const auto& one : verdict.signatures) out.push_back(one.state);
  return out;
}

TEST(ListSignature, each_signature_has_a_state) {
  const auto keys = *trust(1, 2, {{1}, {2}, {3, "[plan]"}, {4}, {5, "[plan]"}}).value;
  auto file = signed_by({1, 9, 3, 4, 1, 2});
  file.signatures[3].signature[0] ^= 1;
  const auto verdict = verify_list(file, facts(), keys);
  EXPECT_THAT(states(verdict), ElementsAre(State::good, State::unknown_key, State::key_not_for_register,
                                           State::bad_signature, State::repeated_key, State::good));
  EXPECT_EQ(verdict.good, 2u);
  EXPECT_EQ(verdict.entitled, 3u);
  EXPECT_TRUE(verdict.accepted());
  EXPECT_EQ(verdict.count_text(),
            "2 of 2 signatures: 'k1' is good; 'k9' is not a key of the trust file; 'k3' may not sign this "
            "register; "
            "'k4' did not sign this statement; 'k1' stands there again, and counts once; 'k2' is good");
}

TEST(ListSignature, the_threshold_counts_keys) {
  const std::vector<TestKey> three = {{1}, {2}, {3}};
  const struct {
    int threshold;
    std::vector<int> signers;
    bool accepted;
  } cases[] = {{1, {}, false},       {1, {1}, true},        {1, {3}, true},       {2, {1}, false},
               {2, {1, 1}, false},   {2, {1, 1, 1}, false}, {2, {1, 2}, true},    {2, {3, 1}, true},
               {2, {1, 9}, false},   {3, {1, 2}, false},    {3, {1, 2, 3}, true}, {3, {1, 2, 3, 9}, true},
               {3, {1, 2, 2}, false}};
  for (const auto& one : cases)
    EXPECT_EQ(verify_list(signed_by(one.signers), facts(), *trust(1, one.threshold, three).value).accepted(),
              one.accepted)
        << one.threshold << " of " << one.signers.size();
  EXPECT_FALSE(verify_list(signed_by({1}), facts(), ListKeys{}).accepted());
}

TEST(ListSignature, another_key_under_a_known_id_is_bad) {
  auto file = signed_by({1, 9});
  file.signatures[1].key = "k2";
  const auto verdict = verify_list(file, facts(), *trust(1, 2, {{1}, {2}}).value);
  EXPECT_THAT(states(verdict), ElementsAre(State::good, State::bad_signature));
}

TEST(ListSignature, a_bad_one_in_front_does_not_make_room_for_the_same_key) {
  auto file = signed_by({1, 1, 2});
  file.signatures[0].signature[7] ^= 4;
  EXPECT_THAT(states(verify_list(file, facts(), *trust(1, 1, {{1}, {2}}).value)),
              ElementsAre(State::bad_signature, State::repeated_key, State::good));
}

TEST(ListSignature, a_statement_about_another_list_is_refused_however_well_signed) {
  const auto keys = *trust(1, 1, {{1}}).value;
  const auto file = signed_by({1});
  const auto says = [&](const ListFacts& is) { return print(verify_list(file, is, keys).refusals("l.sig")); };
  EXPECT_EQ(says(facts()), "");
  auto other = facts();
  other.which = Signed::plan;
  EXPECT_THAT(says(other), HasSubstr("l.sig: is for something else: it is for 'etoc', not for 'plan'"));
  other = facts();
  other.rows = 3;
  EXPECT_THAT(says(other), HasSubstr("it is for 2 rows, but 3 were read"));
  other = facts();
  other.digest = sha256_hex("x");
  EXPECT_THAT(says(other), HasSubstr("it is for a file with the SHA-256"));
  other = facts();
  other.mapping = sha256_hex("states: { revoked: certified }");
  EXPECT_THAT(says(other), HasSubstr("it is for the mapping none, but the mapping is " + other.mapping));
}

// Property: one bit is enough.
TEST(ListSignature, any_bit_of_the_list_counts) {
  const auto keys = *trust(1, 2, {{1}, {2}}).value;
  const auto file = signed_by({1, 2});
  ASSERT_TRUE(verify_list(file, facts(), keys).accepted());
  for (std::size_t bit = 0; bit < 8 * list.size(); ++bit) {
    auto altered = list;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << bit % 8));
    auto is = facts();
    is.digest = sha256_hex(altered);
    EXPECT_FALSE(verify_list(file, is, keys).accepted()) << bit;
    // Nor does it help to let the statement say what the altered list is.
    auto follows = file;
    follows.statement.sha256 = is.digest;
    EXPECT_FALSE(verify_list(follows, is, keys).accepted()) << bit;
  }
}

TEST(ListSignature, any_bit_of_the_statement_and_of_a_signature_counts) {
  const auto keys = *trust(1, 2, {{1}, {2}}).value;
  const auto good = signed_by({1, 2});
  const auto refused = [&](const SignatureFile& file) {
    // The list is taken to be whatever the statement says, so that only the signatures speak.
    const ListFacts is{file.statement.which, file.statement.rows, file.statement.sha256,
                       file.statement.mapping};
    return !verify_list(file, is, keys).accepted();
  };
  ASSERT_FALSE(refused(good));
  for (int bit = 0; bit < 64; ++bit) {
    auto file = good;
    file.statement.serial ^= std::uint64_t(1) << bit;
    EXPECT_TRUE(refused(file)) << "serial " << bit;
    file = good;
    file.statement.rows ^= std::uint64_t(1) << bit;
    EXPECT_TRUE(refused(file)) << "rows " << bit;
  }
  for (int bit = 0; bit < 16; ++bit) {
    auto file = good;
    const auto days = file.statement.published.day.time_since_epoch().count() ^ (1 << bit);
    file.statement.published.day = std::chrono::sys_days(std::chrono::days(days));
    EXPECT_TRUE(refused(file)) << "published " << bit;
  }
  for (const auto which : {Signed::plan, Signed::refusals, Signed::track_record, Signed::keys}) {
    auto file = good;
    file.statement.which = which;
    EXPECT_TRUE(refused(file)) << policy::name(which);
  }
  auto mapped = good;
  mapped.statement.mapping = sha256_hex("mapping");
  EXPECT_TRUE(refused(mapped));
  for (std::size_t bit = 0; bit < 8 * 64; ++bit)
    for (std::size_t which = 0; which < 2; ++which) {
      auto file = good;
      file.signatures[which].signature[bit / 8] ^= static_cast<unsigned char>(1 << bit % 8);
      EXPECT_TRUE(refused(file)) << "signature " << bit;
    }
}

// Over the bytes of LIST.sig itself: whatever a flipped bit makes of them is unreadable or not enough.
TEST(ListSignature, any_bit_of_the_signature_file_counts) {
  const auto keys = *trust(1, 2, {{1}, {2}}).value;
  const auto text = print(signed_by({1, 2}));
  std::size_t readable = 0;
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    auto altered = text;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << bit % 8));
    const auto read = read_signature_file("l.sig", altered);
    readable += bool(read);
    EXPECT_FALSE(read && verify_list(*read.value, facts(), keys).accepted()) << altered;
  }
  EXPECT_GT(readable, 0u);
}

TEST(CheckSigned, gives_the_statement_or_says_what_is_missing) {
  Folder folder;
  const auto file = folder.write("etoc.csv", list);
  const auto keys = *trust(3, 2, {{1}, {2}, {3, "[plan, keys]"}, {4, "[plan, keys]"}}).value;
  const auto check = [&](policy::Register which = policy::Register::etoc) {
    const RegisterFile read{.which = which,
                            .file = file,
                            .rows = {{}, {}},
                            .digest = sha256_hex(list),
                            .mapping = std::string(no_mapping)};
    return check_signed(read, keys);
  };
  EXPECT_EQ(print(check().errors), "etoc.csv.sig: is missing; 'sekisho registry sign' makes it\n");
  EXPECT_TRUE(only_broken_promises(check().errors));

  folder.write("etoc.csv.sig", print(signed_by({1, 3})));
  EXPECT_EQ(print(check().errors),
            "etoc.csv.sig: has 1 of 2 signatures: 'k1' is good; 'k3' may not sign this register\n");
  EXPECT_TRUE(only_broken_promises(check().errors));

  folder.write("etoc.csv.sig", print(signed_by({1, 2})));
  const auto good = check();
  ASSERT_TRUE(good) << print(good.errors);
  EXPECT_EQ(good.value->statement.serial, 12u);
  EXPECT_EQ(good.value->statement.published, policy::JstDate::of(2026, 11, 24));
  EXPECT_THAT(good.value->by, ElementsAre("k1", "k2"));
  EXPECT_FALSE(check(policy::Register::plan));

  folder.write("etoc.csv.sig", print(signed_by({1, 2})) + "x");
  EXPECT_FALSE(check());
  EXPECT_FALSE(only_broken_promises(check().errors));
}

TEST(CheckSigned, says_when_nobody_may_sign) {
  Folder folder;
  const auto file = folder.write("etoc.csv", list);
  folder.write("etoc.csv.sig", print(signed_by({1})));
  const RegisterFile read{.which = policy::Register::etoc, .file = file, .digest = sha256_hex(list)};
  EXPECT_THAT(print(check_signed(read, *trust(1, 1, {{1, "[plan, keys]"}}).value).errors),
              HasSubstr("etoc.csv.sig: no key of the trust file may sign this register\n"));
}

TEST(ListFacts, are_those_of_the_bytes_that_were_read) {
  Folder folder;
  const std::string mapping =
      "schema: sekisho/mapping/v1\nregister: etoc\ncolumns: { corporate_number: corporate_number, state: "
      "state }\n";
  const auto read = load_register(folder.write("etoc.csv", list), plain_mapping(policy::Register::etoc));
  ASSERT_TRUE(read) << print(read.errors);
  EXPECT_EQ(list_facts(*read.value).which, Signed::etoc);
  EXPECT_EQ(list_facts(*read.value).rows, 2u);
  EXPECT_EQ(list_facts(*read.value).digest, sha256_hex(list));
  EXPECT_EQ(list_facts(*read.value).mapping, "none");
  const auto by = load_mapping(folder.write("m.yaml", mapping));
  ASSERT_TRUE(by) << print(by.errors);
  const auto mapped = load_register(folder.path() / "etoc.csv", *by.value);
  ASSERT_TRUE(mapped) << print(mapped.errors);
  EXPECT_EQ(list_facts(*mapped.value).mapping, sha256_hex(mapping));
}

SignatureFile signed_keys(const ListKeys& next, const std::vector<int>& signers) {
  return signed_by(signers, {.which = Signed::keys,
                             .serial = static_cast<std::uint64_t>(next.version),
                             .published = policy::JstDate::of(2026, 11, 24),
                             .rows = next.all.size(),
                             .sha256 = next.digest});
}

std::string why_not(const ListKeys& before, const ListKeys& next, const std::vector<int>& signers) {
  const auto file = signed_keys(next, signers);
  return may_follow(before, next, &file).value_or("");
}

TEST(Rotation, needs_enough_keys_of_both) {
  const auto before = *trust(4, 2, {{1}, {2}, {3}}).value;
  const auto next = *trust(5, 2, {{2}, {3}, {4}}).value;  // k1 leaves, k4 comes
  const struct {
    std::vector<int> signers;
    std::string says;
  } cases[] = {{{2, 3}, ""},
               {{1, 2, 4}, ""},
               {{1, 3, 4}, ""},
               {{1, 2, 3, 4}, ""},
               {{}, "it has 0 of 2 signatures (of the trust file in force)"},
               {{2}, "it has 1 of 2 signatures: 'k2' is good (of the trust file in force)"},
               {{2, 2}, "it has 1 of 2 signatures"},
               {{2, 4}, "(of the trust file in force)"},
               {{4, 9}, "(of the trust file in force)"},
               {{1, 2},
                "it has 1 of 2 signatures: 'k1' is not a key of the trust file; 'k2' is good (of the new "
                "trust file)"}};
  for (const auto& one : cases) {
    const auto why = why_not(before, next, one.signers);
    if (one.says.empty())
      EXPECT_EQ(why, "");
    else
      EXPECT_THAT(why, HasSubstr(one.says));
  }
  EXPECT_EQ(may_follow(before, next, nullptr), "it is not signed");
}

TEST(Rotation, the_thresholds_are_each_files_own) {
  const auto one = *trust(1, 1, {{1}}).value;
  const auto three = *trust(2, 3, {{1}, {2}, {3}}).value;
  EXPECT_THAT(why_not(one, three, {1, 2}), HasSubstr("2 of 3 signatures"));
  EXPECT_EQ(why_not(one, three, {1, 2, 3}), "");
  const auto fewer = *trust(3, 1, {{4}}).value;
  EXPECT_THAT(why_not(three, fewer, {1, 2, 4}), HasSubstr("2 of 3 signatures"));
  EXPECT_THAT(why_not(three, fewer, {1, 2, 3}), HasSubstr("0 of 1 signature:"));
  EXPECT_EQ(why_not(three, fewer, {1, 2, 3, 4}), "");
}

TEST(Rotation, a_key_for_single_registers_has_no_say) {
  const auto before = *trust(1, 1, {{1}, {2, "[etoc]"}}).value;
  const auto next = *trust(2, 1, {{2}}).value;
  EXPECT_THAT(why_not(before, next, {2}), HasSubstr("'k2' may not sign this register"));
  EXPECT_EQ(why_not(before, next, {1, 2}), "");
}

TEST(Rotation, versions_go_up_by_one) {
  const std::vector<TestKey> keys = {{1}};
  const auto before = *trust(4, 1, keys).value;
  EXPECT_EQ(why_not(before, *trust(3, 1, keys).value, {1}), "version 3 cannot follow version 4: it is older");
  EXPECT_EQ(why_not(before, *trust(6, 1, keys).value, {1}),
            "version 6 cannot follow version 4: version 5 comes first, and none may be left out");
  EXPECT_EQ(why_not(before, *trust(4, 1, {{1}, {2}}).value, {1}),
            "version 4 is in force already with other content; give the new file version 5");
  EXPECT_EQ(may_follow(before, before, nullptr), std::nullopt);
  EXPECT_EQ(why_not(before, *trust(5, 1, keys).value, {1}), "");
}

TEST(Rotation, the_signature_is_for_this_very_file) {
  const auto before = *trust(1, 1, {{1}}).value, next = *trust(2, 1, {{1}, {2}}).value;
  const auto says = [&](auto change) {
    auto statement = signed_keys(next, {}).statement;
    change(statement);
    const auto file = signed_by({1}, statement);
    return may_follow(before, next, &file).value_or("");
  };
  EXPECT_EQ(says([](ListStatement&) {}), "");
  EXPECT_EQ(says([](ListStatement& s) { s.serial = 3; }), "the signature is for version 3, not 2");
  EXPECT_THAT(says([](ListStatement& s) { s.which = Signed::etoc; }),
              HasSubstr("it is for 'etoc', not for 'keys'"));
  EXPECT_THAT(says([](ListStatement& s) { s.sha256 = sha256_hex("x"); }), HasSubstr("SHA-256"));
  EXPECT_THAT(says([](ListStatement& s) { s.rows = 3; }), HasSubstr("it is for 3 rows, but 2 were read"));
}

TEST(Rotation, an_id_does_not_change_hands) {
  const auto before = *trust(1, 1, {{1}, {2}}).value;
  auto text = trust_text(2, 1, {{1}, {3}});
  text.replace(text.find("id: k3"), 6, "id: k2");
  const auto next = *read_list_keys("list-keys.yaml", text).value;
  EXPECT_EQ(why_not(before, next, {1}),
            "the id 'k2' names another key than before; give the new key an id of its own");
}

TEST(Rotation, the_first_trust_file_is_signed_by_its_own_keys) {
  Folder folder;
  const auto file = folder.write("first.yaml", trust_text(3, 2, {{1}, {2}, {3}}));
  const auto keys = *load_list_keys(file).value;
  const auto says = [&](const SignatureFile& signatures) {
    folder.write("first.yaml.sig", print(signatures));
    return print(load_first_list_keys(file).errors);
  };
  EXPECT_EQ(print(load_first_list_keys(file).errors),
            "first.yaml.sig: is missing; 'sekisho registry sign' makes it\n");
  EXPECT_EQ(says(signed_keys(keys, {1})),
            "first.yaml: it has 1 of 2 signatures: 'k1' is good (of the file itself)\n");
  EXPECT_TRUE(only_broken_promises(load_first_list_keys(file).errors));
  auto other = signed_keys(keys, {}).statement;
  other.serial = 4;
  EXPECT_EQ(says(signed_by({1, 2}, other)), "first.yaml: the signature is for version 4, not 3\n");
  EXPECT_EQ(says(signed_keys(keys, {1, 3})), "");
  EXPECT_EQ(load_first_list_keys(file).value->version, 3);
}

TEST(Rotation, files_are_read_together) {
  Folder folder;
  const auto before = *trust(1, 1, {{1}}).value;
  const auto file = folder.write("new.yaml", trust_text(2, 1, {{1}, {2}}));
  const auto says = [&](const std::filesystem::path& next) {
    return print(load_next_list_keys(before, next).errors);
  };
  EXPECT_EQ(says(file), "new.yaml: it is not signed: new.yaml.sig is missing\n");
  EXPECT_TRUE(only_broken_promises(load_next_list_keys(before, file).errors));
  folder.write("new.yaml.sig", "{");
  EXPECT_THAT(says(file), HasSubstr("new.yaml.sig:1:1: cannot be read as JSON"));
  folder.write("new.yaml.sig", print(signed_keys(*load_list_keys(file).value, {2})));
  EXPECT_THAT(says(file),
              HasSubstr("new.yaml: it has 0 of 1 signature: 'k2' is not a key of the trust file"));
  folder.write("new.yaml.sig", print(signed_keys(*load_list_keys(file).value, {1})));
  EXPECT_EQ(says(file), "");
  EXPECT_EQ(load_next_list_keys(before, file).value->version, 2);
  EXPECT_EQ(says(folder.write("same.yaml", before.text)), "");
}

}  // namespace
}  // namespace sekisho::config
