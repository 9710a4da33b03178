// The registry's copy on disk: what was kept is read again, and of a file that was cut or altered only what
// is whole.
#include "cache/registry_copy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <random>

#include "cache/registry_replica.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

const Instant noon = at("2026-11-24T12:00:00+09:00");

std::map<std::string, OperatorRecord> records_of(const Registry& registry) {
  std::map<std::string, OperatorRecord> out;
  registry.each([&](const PackedRecord& record) { out.emplace(record.id(), record.unpack()); });
  return out;
}

void expect_same(const WholeRegistry& found, const WholeRegistry& kept) {
  EXPECT_EQ(found.epoch, kept.epoch);
  EXPECT_EQ(found.head, kept.head);
  EXPECT_EQ(found.stream_id, kept.stream_id);
  EXPECT_EQ(found.recent, kept.recent);
  EXPECT_EQ(found.fields, kept.fields);
  EXPECT_EQ(found.registry->serial(), kept.registry->serial());
  EXPECT_EQ(found.registry->sources(), kept.registry->sources());
  EXPECT_TRUE(records_of(*found.registry) == records_of(*kept.registry));
}

OperatorRecord operator_of(std::int64_t base, std::uint64_t serial) {
  auto made = certified_operator(base);
  made.names = {.ja = "株式会社\"" + std::to_string(base) + "\"\n", .former = {"前の名前"}};
  made.version = {.serial = serial, .known_at = noon, .effective = day("2026-11-01")};
  if (base % 3 == 0) made.act = RevocationAct{true, noon, "compliance", "reason"};
  return made;
}

WholeRegistry whole_of(std::int64_t count) {
  WholeRegistry whole{.epoch = "epoch-1", .head = "h1", .stream_id = "5-0", .recent = {{1, "h1"}}};
  whole.fields = {
      {"etoc.serial", "1"}, {"etoc.rows", "3"}, {"etoc.verified_at", "5000"}, {"etoc.digest", "ab"}};
  std::vector<RecordPtr> records;
  for (std::int64_t base = 1; base <= count; ++base)
    records.push_back(PackedRecord::of(operator_of(base, 1)));
  whole.registry = Registry().with(records, 1, sources_of(whole.fields));
  return whole;
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void put(const fs::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

struct RegistryCopyTest : testing::Test {
  RegistryCopyTest() {
    std::string pattern = (fs::temp_directory_path() / "sekisho-copy-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    file = folder / "registry";
  }
  ~RegistryCopyTest() override {
    fs::permissions(folder, fs::perms::owner_all);
    fs::remove_all(folder);
  }

  // The next change on top of what `replica` knows: these records, and a field.
  RegistryEvent next(const RegistryReplica& replica, std::vector<std::int64_t> bases) {
    const auto serial = replica.registry()->serial() + 1;
    RegistryEvent event{.serial = serial, .id = "h" + std::to_string(serial), .after = replica.whole().head};
    event.change.meta = {{"etoc.rows", std::to_string(serial)}};
    for (const auto base : bases) event.records.push_back(PackedRecord::of(operator_of(base, serial)));
    return event;
  }
  void take(RegistryCopy& copy, RegistryReplica& replica, const RegistryEvent& event, Instant now) {
    ASSERT_EQ(replica.apply(event), RegistryReplica::Taken::applied);
    replica.at_stream(std::to_string(event.serial) + "-7");
    copy.add(event, replica.whole(), now);
  }

  // A file of five blocks, and what each of them adds up to.
  struct Block {
    std::size_t end;
    WholeRegistry whole;
    Instant seen_at;
  };
  std::vector<Block> write_blocks() {
    std::vector<Block> blocks;
    RegistryReplica replica;
    RegistryCopy copy(file);
    const auto note = [&](Instant seen_at) {
      copy.flush();
      blocks.push_back({std::size_t(fs::file_size(file)), replica.whole(), seen_at});
    };
    replica.adopt(whole_of(4));
    copy.keep(replica.whole(), noon);
    note(noon);
    take(copy, replica, next(replica, {2, 9}), noon + 1s);
    note(noon + 1s);
    copy.seen(noon + 60s);
    note(noon + 60s);
    take(copy, replica, next(replica, {}), noon + 61s);
    note(noon + 61s);
    take(copy, replica, next(replica, {3, 4, 10}), noon + 62s);
    note(noon + 62s);
    return blocks;
  }

  // How many blocks were read, at least by their number; fails when it is not exactly a prefix.
  static std::size_t prefix(const CopyFound& found, const std::vector<Block>& blocks) {
    if (!found.whole) {
      EXPECT_EQ(found.seen_at, Instant{});
      return 0;
    }
    for (std::size_t i = blocks.size(); i > 0; --i) {
      const auto& block = blocks[i - 1];
      if (found.seen_at != block.seen_at) continue;
      expect_same(*found.whole, block.whole);
      return i;
    }
    ADD_FAILURE() << "in step until a moment that nobody wrote: " << to_ms(found.seen_at);
    return 0;
  }

  fs::path folder, file;
};

TEST_F(RegistryCopyTest, a_file_that_is_missing_is_no_trouble) {
  const auto found = read_copy(file);
  EXPECT_FALSE(found.whole);
  EXPECT_EQ(found.trouble, "");
  EXPECT_EQ(found.seen_at, Instant{});
}

TEST_F(RegistryCopyTest, an_empty_file_holds_nothing) {
  put(file, "");
  EXPECT_FALSE(read_copy(file).whole);
}

TEST_F(RegistryCopyTest, what_cannot_be_read_is_trouble) {
  fs::create_directory(file);
  const auto found = read_copy(file);
  EXPECT_FALSE(found.whole);
  EXPECT_NE(found.trouble, "");
}

TEST_F(RegistryCopyTest, without_a_file_nothing_is_kept_and_nothing_fails) {
  RegistryCopy copy("");
  copy.keep(whole_of(1), noon);
  copy.seen(noon);
  copy.flush();
  EXPECT_EQ(copy.trouble(), "");
}

TEST_F(RegistryCopyTest, what_is_kept_is_read_again) {
  const auto blocks = write_blocks();
  const auto found = read_copy(file);
  EXPECT_EQ(found.trouble, "");
  ASSERT_TRUE(found.whole);
  expect_same(*found.whole, blocks.back().whole);
  EXPECT_EQ(found.seen_at, noon + 62s);
  EXPECT_EQ(found.whole->registry->size(), 6u);
  EXPECT_EQ(found.whole->registry->source(Register::etoc).rows, 4u) << "the fields of the changes too";
  EXPECT_FALSE(fs::exists(folder / "registry.new"));
  EXPECT_EQ(fs::status(file).permissions() & fs::perms::mask, fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(RegistryCopyTest, what_waits_is_written_before_the_copy_ends) {
  { RegistryCopy(file).keep(whole_of(3), noon); }
  const auto found = read_copy(file);
  ASSERT_TRUE(found.whole);
  expect_same(*found.whole, whole_of(3));
}

TEST_F(RegistryCopyTest, a_change_is_kept_as_it_is_in_force_and_not_as_it_came) {
  RegistryCopy copy(file);
  RegistryReplica replica;
  replica.adopt(whole_of(4));
  copy.keep(replica.whole(), noon);
  auto event = next(replica, {});
  event.records.push_back(PackedRecord::of(certified_operator(3)));  // a list that knows nothing of the act
  take(copy, replica, event, noon);
  copy.flush();
  const auto found = read_copy(file);
  ASSERT_TRUE(found.whole);
  EXPECT_TRUE(found.whole->registry->find(corporate(3))->revoked_by_act());
}

TEST_F(RegistryCopyTest, of_a_file_cut_anywhere_a_prefix_is_read_and_it_is_said) {
  const auto blocks = write_blocks();
  const auto bytes = bytes_of(file);
  ASSERT_EQ(bytes.size(), blocks.back().end);
  std::vector<std::size_t> cuts;
  for (std::size_t at = blocks[3].end; at <= bytes.size(); ++at) cuts.push_back(at);  // all of the last block
  for (std::size_t at = 1; at < blocks[3].end; at += 13) cuts.push_back(at);
  for (const auto& block : blocks) cuts.insert(cuts.end(), {block.end - 1, block.end, block.end + 1});
  const auto cut_file = folder / "cut";
  for (const auto at : cuts) {
    if (at > bytes.size()) continue;
    put(cut_file, std::string_view(bytes).substr(0, at));
    const auto found = read_copy(cut_file);
    std::size_t whole_blocks = 0;
    bool at_end = false;
    for (const auto& block : blocks) {
      // The line feed behind a block's sum is the only byte that says nothing.
      whole_blocks += block.end <= at + 1;
      at_end |= block.end == at || block.end == at + 1;
    }
    ASSERT_EQ(prefix(found, blocks), whole_blocks) << "cut at byte " << at << " of " << bytes.size();
    ASSERT_EQ(found.trouble.empty(), at_end) << "cut at byte " << at << ": " << found.trouble;
    ASSERT_TRUE(at_end || found.trouble.find(cut_file.string()) != std::string::npos) << found.trouble;
  }
  std::printf("%zu cuts of a file of %zu bytes\n", cuts.size(), bytes.size());
}

TEST_F(RegistryCopyTest, of_a_file_with_an_altered_byte_a_prefix_is_read_and_it_is_said) {
  const auto blocks = write_blocks();
  const auto bytes = bytes_of(file);
  const auto altered_file = folder / "altered";
  std::mt19937 engine(7);
  for (std::size_t at = 0; at < bytes.size(); at += at < blocks[3].end ? 3 : 1) {
    auto altered = bytes;
    altered[at] = char(altered[at] ^ (1u << (engine() % 8)));
    put(altered_file, altered);
    const auto found = read_copy(altered_file);
    std::size_t before = 0;
    while (blocks[before].end <= at) ++before;
    ASSERT_EQ(prefix(found, blocks), before) << "byte " << at;
    ASSERT_NE(found.trouble, "") << "byte " << at;
  }
}

TEST_F(RegistryCopyTest, blocks_taken_out_of_the_middle_or_doubled_in_front_do_not_pass_for_a_copy) {
  const auto blocks = write_blocks();
  const auto bytes = bytes_of(file);
  put(file, std::string_view(bytes).substr(blocks[0].end));
  auto found = read_copy(file);
  EXPECT_FALSE(found.whole) << "changes without what they change";
  EXPECT_NE(found.trouble, "");
  put(file, bytes.substr(0, blocks[0].end) + bytes);
  found = read_copy(file);
  EXPECT_EQ(prefix(found, blocks), 1u) << "a second whole is not expected behind the first";
  EXPECT_NE(found.trouble, "");
}

TEST_F(RegistryCopyTest, a_change_is_not_written_behind_a_cut_block) {
  write_blocks();
  fs::resize_file(file, fs::file_size(file) - 10);
  const auto cut = read_copy(file);
  ASSERT_TRUE(cut.whole);
  RegistryReplica replica;
  replica.adopt(*cut.whole);
  RegistryCopy copy(file);  // as a gateway does after its start: it has written no whole yet
  take(copy, replica, next(replica, {1}), noon + 90s);
  copy.flush();
  const auto found = read_copy(file);
  EXPECT_EQ(found.trouble, "");
  ASSERT_TRUE(found.whole);
  expect_same(*found.whole, replica.whole());
}

TEST_F(RegistryCopyTest, behind_a_copy_from_before_the_start_it_is_noted_until_when_one_was_in_step) {
  write_blocks();
  {
    RegistryCopy copy(file);
    copy.goes_on();
    copy.seen(noon + 3600s);
  }
  const auto found = read_copy(file);
  EXPECT_EQ(found.trouble, "");
  EXPECT_EQ(found.seen_at, noon + 3600s);
}

TEST_F(RegistryCopyTest, a_folder_that_takes_no_files_is_trouble_until_it_does) {
  // Root writes wherever it likes, so that here the folder is one that is not there.
  const auto gone = folder / "gone";
  RegistryCopy copy(gone / "registry");
  RegistryReplica replica;
  replica.adopt(whole_of(2));
  copy.keep(replica.whole(), noon);
  copy.flush();
  EXPECT_NE(copy.trouble().find((gone / "registry").string()), std::string::npos) << copy.trouble();
  take(copy, replica, next(replica, {1}), noon + 1s);
  copy.seen(noon + 2s);
  copy.flush();
  EXPECT_NE(copy.trouble(), "");
  fs::create_directory(gone);
  take(copy, replica, next(replica, {2}), noon + 3s);
  copy.flush();
  EXPECT_EQ(copy.trouble(), "");
  const auto found = read_copy(gone / "registry");
  ASSERT_TRUE(found.whole);
  expect_same(*found.whole, replica.whole());
}

TEST_F(RegistryCopyTest, a_folder_that_may_only_be_read_is_trouble_until_it_may_be_written) {
  if (::geteuid() == 0) GTEST_SKIP() << "root writes wherever it likes";
  RegistryCopy copy(file);
  RegistryReplica replica;
  replica.adopt(whole_of(2));
  fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
  copy.keep(replica.whole(), noon);
  copy.flush();
  EXPECT_NE(copy.trouble(), "");
  fs::permissions(folder, fs::perms::owner_all);
  take(copy, replica, next(replica, {1}), noon + 1s);
  copy.flush();
  EXPECT_EQ(copy.trouble(), "");
  expect_same(*read_copy(file).whole, replica.whole());
}

TEST_F(RegistryCopyTest, a_copy_that_could_not_be_replaced_stays_as_it_was) {
  RegistryCopy copy(file);
  RegistryReplica replica;
  replica.adopt(whole_of(2));
  copy.keep(replica.whole(), noon);
  copy.flush();
  fs::create_directory(folder / "registry.new");  // nothing can be written beside it
  copy.keep(whole_of(3), noon + 1s);
  copy.flush();
  EXPECT_NE(copy.trouble(), "");
  expect_same(*read_copy(file).whole, whole_of(2));
  fs::remove(folder / "registry.new");
  copy.keep(whole_of(3), noon + 2s);
  copy.flush();
  EXPECT_EQ(copy.trouble(), "");
  expect_same(*read_copy(file).whole, whole_of(3));
}

TEST_F(RegistryCopyTest, after_many_changes_the_whole_is_written_anew) {
  RegistryCopy copy(file);
  RegistryReplica replica;
  replica.adopt(whole_of(200));
  copy.keep(replica.whole(), noon);
  copy.flush();
  const auto at_first = fs::file_size(file);
  std::vector<std::int64_t> many;
  for (std::int64_t base = 1; base <= 200; ++base) many.push_back(base);
  std::uintmax_t largest = 0;
  int written_anew = 0;
  for (int i = 1; i <= 120; ++i) {
    const auto before = fs::file_size(file);
    take(copy, replica, next(replica, many), noon + std::chrono::seconds(i));
    copy.flush();
    const auto now = fs::file_size(file);
    largest = std::max(largest, now);
    written_anew += now < before;
    ASSERT_EQ(copy.trouble(), "");
  }
  EXPECT_GE(written_anew, 1);
  EXPECT_LT(largest, at_first + 2 * (std::uintmax_t(1) << 20));
  const auto found = read_copy(file);
  EXPECT_EQ(found.trouble, "");
  ASSERT_TRUE(found.whole);
  expect_same(*found.whole, replica.whole());
  std::printf("%d times written anew; the whole %ju bytes, the file at most %ju\n", written_anew, at_first,
              largest);
}

}  // namespace
}  // namespace sekisho::cache
