// The journal on a disk that fails, in a process that dies, and in the hands of somebody who alters it.
#include "cache/journal.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "cache/journal_identity.h"
#include "cache/journal_reader.h"

namespace {
std::atomic<bool> sync_fails = false;
}

// Stands before the C library's in this binary: a disk that takes bytes and cannot keep them.
extern "C" int fdatasync(int fd) {
  if (sync_fails) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace sekisho::cache {
namespace {
namespace fs = std::filesystem;
using namespace std::chrono_literals;

const policy::Instant noon = *policy::parse_instant("2026-11-24T12:00:00.000+09:00");

std::string slurp(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void spill(const fs::path& file, std::string_view content) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
}

std::vector<std::string> lines_of(const std::string& content) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < content.size();) {
    const auto end = content.find('\n', at);
    out.push_back(content.substr(at, end - at + 1));
    at = end + 1;
  }
  return out;
}

std::string join(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line;
  return out;
}

// Appends and waits, for tests that need to know.
bool append_now(Journal& journal, RecordKind kind, const std::string& fields) {
  std::mutex mutex;
  std::condition_variable told;
  std::optional<bool> answer;
  journal.append(kind, noon, fields, [&](bool durable) {
    std::lock_guard lock(mutex);
    answer = durable;
    told.notify_one();
  });
  std::unique_lock lock(mutex);
  told.wait(lock, [&] { return answer.has_value(); });
  return *answer;
}

template <class F>
bool soon(F&& condition, std::chrono::milliseconds patience = 20s) {
  for (const auto end = std::chrono::steady_clock::now() + patience;
       std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return condition();
}

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    std::string name = (fs::temp_directory_path() / "sekisho-journal-XXXXXX").string();
    base = ::mkdtemp(name.data());
    settings.directory = base / "journal";
  }
  ~JournalTest() override {
    sync_fails = false;
    fs::remove_all(base);
  }

  fs::path segment(int number) const { return settings.directory / fmt::format("{:08}.ndjson", number); }
  fs::path key() const { return base / "journal.key"; }
  fs::path head() const { return base / "journal.head"; }

  // A closed journal: checkpoint 1, records 2 to `count` + 1, a checkpoint.
  void write(int count) {
    const auto journal = Journal::open(settings);
    for (int i = 1; i <= count; ++i)
      journal->append(RecordKind::decision, noon + std::chrono::milliseconds(i),
                      fmt::format("\"decision\":\"d{}\"", i));
  }
  Verdict verify(bool with_key = true, std::vector<JournalHead> heads = {}) const {
    return verify_journal({settings.directory, with_key ? key() : fs::path(), std::move(heads)});
  }
  std::vector<std::string> records() const {
    std::vector<std::string> out;
    read_journal(settings.directory, 0, [&](const JournalLine& line) {
      out.emplace_back(line.json);
      return true;
    });
    return out;
  }
  int count(std::string_view text) const {
    int out = 0;
    for (const auto& record : records()) out += record.find(text) != record.npos;
    return out;
  }
  std::string refusal() const {
    try {
      Journal::open(settings);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  fs::path base;
  JournalSettings settings;
};

TEST_F(JournalTest, a_record_reads_as_documented) {
  write(1);
  const auto lines = records();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].substr(0, 8), "{\"seq\":1");
  EXPECT_NE(lines[0].find("\"kind\":\"checkpoint\",\"open_from\":0,\"from\":1,\"digest\":\""),
            std::string::npos);
  EXPECT_EQ(lines[1].substr(0, lines[1].size() - 66),
            R"({"seq":2,"at":"2026-11-24T12:00:00.001+09:00","kind":"decision","decision":"d1","mac":")");
  EXPECT_NE(lines[2].find("\"from\":1,"), std::string::npos);
}

TEST_F(JournalTest, it_continues_over_restarts_and_verifies_with_and_without_the_secret) {
  std::string gateway;
  for (std::uint64_t boot = 1; boot <= 3; ++boot) {
    const auto journal = Journal::open(settings);
    EXPECT_EQ(journal->boot(), boot);
    if (boot > 1) {
      EXPECT_EQ(journal->gateway_id(), gateway);
    }
    gateway = journal->gateway_id();
    EXPECT_TRUE(append_now(*journal, RecordKind::decision, fmt::format("\"decision\":\"b{}\"", boot)));
  }
  for (bool with_key : {true, false}) {
    const Verdict verdict = verify(with_key);
    EXPECT_TRUE(verdict.integrity && verdict.completeness) << verdict.text;
    EXPECT_EQ(verdict.records, 7u);  // a checkpoint; then a record and a checkpoint each time
    EXPECT_FALSE(verdict.first_bad);
  }
  std::uint64_t expected = 0;
  read_journal(settings.directory, 0, [&](const JournalLine& line) { return line.seq == ++expected; });
  EXPECT_EQ(expected, 7u);
  EXPECT_EQ(fs::status(key()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(read_head_file(head())->seq, 7u);
}

TEST_F(JournalTest, raw_newlines_between_tokens_do_not_end_a_record) {
  { append_now(*Journal::open(settings), RecordKind::registry, "\"a\":\n1"); }
  EXPECT_EQ(count("\"a\": 1,\"mac\""), 1);
  EXPECT_TRUE(verify().integrity);
}

TEST_F(JournalTest, head_and_checkpoint_follow_within_a_moment_of_quiet) {
  const auto journal = Journal::open(settings);
  ASSERT_TRUE(append_now(*journal, RecordKind::decision, "\"decision\":\"d1\""));
  EXPECT_TRUE(soon([&] { return read_head_file(head())->seq == 3; }, 4s));
  EXPECT_EQ(journal->head().seq, 3u);
  EXPECT_EQ(read_head_file(head())->mac, journal->head().mac);
  EXPECT_TRUE(verify().completeness) << "while the journal is in use";
}

TEST_F(JournalTest, a_checkpoint_comes_at_least_every_4096_records) {
  write(10000);
  std::uint64_t last = 0;
  read_journal(settings.directory, 0, [&](const JournalLine& line) {
    if (line.kind == RecordKind::checkpoint) {
      EXPECT_LE(line.seq - last, 4097u);
      last = line.seq;
    }
    return true;
  });
  EXPECT_TRUE(verify(false).integrity);
}

TEST_F(JournalTest, segments_begin_with_a_checkpoint_and_reading_begins_where_asked) {
  settings.segment_bytes = 4000;
  {
    const auto journal = Journal::open(settings);
    journal->set_open_from([&] { return journal->head().seq > 40 ? 41 : 7; });
    for (int i = 0; i < 100; ++i)
      append_now(*journal, RecordKind::decision, fmt::format("\"decision\":\"{:0>60}\"", i));
    journal->set_open_from({});
  }
  EXPECT_TRUE(fs::exists(segment(3)));
  for (int number = 1; fs::exists(segment(number)); ++number)
    EXPECT_NE(lines_of(slurp(segment(number)))[0].find("\"kind\":\"checkpoint\""), std::string::npos);
  EXPECT_EQ(recovery_start(settings.directory), 41u);

  std::vector<std::uint64_t> seen;
  read_journal(settings.directory, 41, [&](const JournalLine& line) {
    seen.push_back(line.seq);
    return line.seq < 50;
  });
  EXPECT_GT(seen.front(), 1u);
  EXPECT_LE(seen.front(), 41u);
  EXPECT_EQ(seen.back(), 50u);
  for (bool with_key : {true, false}) {
    const Verdict verdict = verify(with_key);
    EXPECT_TRUE(verdict.integrity && verdict.completeness) << verdict.text;
  }
  write(1);  // and it goes on
  EXPECT_TRUE(verify().integrity);
}

// --- in the hands of somebody who alters it

TEST_F(JournalTest, no_altered_byte_goes_unseen) {
  settings.segment_bytes = 1200;
  write(3);
  write(4);
  ASSERT_TRUE(fs::exists(segment(2)));
  ASSERT_TRUE(verify().integrity);
  for (int number = 1; fs::exists(segment(number)); ++number) {
    const std::string content = slurp(segment(number));
    std::uint64_t seq = std::stoull(content.substr(7));
    for (std::size_t at = 0; at < content.size(); ++at) {
      const char to_newline = at % 8 == 0 ? static_cast<char>(content[at] ^ '\n') : '\x20';
      for (const char mask : {'\x01', to_newline}) {
        if (mask == 0) continue;
        std::string altered = content;
        altered[at] = static_cast<char>(altered[at] ^ mask);
        spill(segment(number), altered);
        const Verdict verdict = verify();
        ASSERT_FALSE(verdict.integrity) << segment(number) << " byte " << at << ": " << verdict.text;
        ASSERT_EQ(verdict.first_bad, seq) << segment(number) << " byte " << at << ": " << verdict.text;
      }
      if (content[at] == '\n') ++seq;
    }
    spill(segment(number), content);
  }
}

TEST_F(JournalTest, without_the_secret_no_altered_byte_up_to_the_last_signature_goes_unseen) {
  write(3);
  write(3);
  const std::string content = slurp(segment(1));
  const std::size_t signed_bytes = content.rfind(",\"mac\"");
  for (std::size_t at = 0; at < content.size(); ++at) {
    std::string altered = content;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    spill(segment(1), altered);
    const Verdict verdict = verify(false);
    // Behind the last signature only the head outside speaks: the mac stands there as well.
    ASSERT_FALSE(verdict.integrity) << "byte " << at << " of " << signed_bytes << ": " << verdict.text;
  }
}

TEST_F(JournalTest, a_deleted_record_is_missing_and_the_rest_still_stands) {
  write(6);
  const auto lines = lines_of(slurp(segment(1)));
  for (std::size_t gone = 0; gone < lines.size(); ++gone) {
    auto rest = lines;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(gone));
    spill(segment(1), join(rest));
    for (bool with_key : {true, false}) {
      const Verdict verdict = verify(with_key);
      EXPECT_FALSE(verdict.completeness) << gone;
      EXPECT_TRUE(verdict.integrity) << gone << verdict.text;
      EXPECT_EQ(verdict.first_bad, gone + 1) << verdict.text;
      EXPECT_EQ(verdict.records, lines.size() - 1);
    }
  }
}

TEST_F(JournalTest, a_journal_cut_at_a_records_end_is_shorter_than_its_head) {
  write(6);
  const auto lines = lines_of(slurp(segment(1)));
  const JournalHead known = *read_head_file(head());
  for (std::size_t keep = 0; keep < lines.size(); ++keep) {
    spill(segment(1), join({lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(keep)}));
    const Verdict by_file = verify();
    EXPECT_FALSE(by_file.completeness) << keep;
    EXPECT_TRUE(by_file.integrity) << by_file.text;
    EXPECT_EQ(by_file.first_bad, keep + 1);
    fs::rename(head(), base / "away");
    EXPECT_FALSE(verify(true, {known}).completeness) << keep;
    EXPECT_FALSE(verify(false, {known}).completeness) << keep;
    fs::rename(base / "away", head());
  }
}

TEST_F(JournalTest, swapped_and_repeated_records_are_alterations) {
  write(6);
  const auto lines = lines_of(slurp(segment(1)));
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    auto swapped = lines, repeated = lines;
    std::swap(swapped[i], swapped[i + 1]);
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    spill(segment(1), join(swapped));
    EXPECT_FALSE(verify().integrity) << i;
    EXPECT_FALSE(verify(false).integrity) << i;
    spill(segment(1), join(repeated));
    EXPECT_FALSE(verify().integrity) << i;
    EXPECT_FALSE(verify(false).integrity) << i;
    EXPECT_THROW(records(), std::runtime_error);
  }
}

TEST_F(JournalTest, a_head_that_disagrees_or_belongs_to_another_key_is_seen) {
  write(3);
  EXPECT_FALSE(verify(true, {{3, std::string(64, 'a')}}).integrity);
  EXPECT_EQ(verify(true, {{3, std::string(64, 'a')}}).first_bad, 3u);
  spill(head(), "nonsense");
  EXPECT_FALSE(verify().completeness);
  fs::remove(head());
  make_secret(base / "other.key");
  EXPECT_FALSE(verify_journal({settings.directory, base / "other.key", {}}).integrity);
  EXPECT_THROW(verify_journal({base / "nothing", key(), {}}), std::runtime_error);
}

TEST_F(JournalTest, missing_segments_are_missing) {
  settings.segment_bytes = 1200;
  for (int i = 0; i < 5; ++i) write(3);
  ASSERT_TRUE(fs::exists(segment(4)));
  int last = 4;
  while (fs::exists(segment(last + 1))) ++last;
  for (int number = 1; number <= last; ++number) {
    fs::rename(segment(number), base / "away");
    for (bool with_key : {true, false}) {
      const Verdict verdict = verify(with_key);
      EXPECT_FALSE(verdict.completeness) << number;
      EXPECT_TRUE(verdict.integrity) << verdict.text;
    }
    if (number == 1) {
      EXPECT_EQ(verify().first_bad, 1u);
    }
    fs::rename(base / "away", segment(number));
  }
  EXPECT_TRUE(verify().completeness);
  // Older segments moved to an archive do not keep the gateway from starting.
  for (int number = 1; number < last; ++number) fs::remove(segment(number));
  EXPECT_EQ(refusal(), "");
}

// --- opening what somebody or something left behind

TEST_F(JournalTest, a_last_record_torn_at_any_byte_is_repaired) {
  write(3);
  const std::string whole = slurp(segment(1));
  const auto last = whole.rfind("\n{") + 1;
  const auto lines = lines_of(whole);
  const std::string mac_before = lines[lines.size() - 2].substr(lines[lines.size() - 2].size() - 67, 64);
  for (std::size_t end = last + 1; end < whole.size(); ++end) {
    spill(segment(1), whole.substr(0, end));
    spill(head(), fmt::format("{} {}\n", lines.size() - 1, mac_before));
    EXPECT_EQ(records().size(), lines.size() - 1);
    EXPECT_TRUE(verify().integrity && verify().completeness) << verify().text;
    { append_now(*Journal::open(settings), RecordKind::decision, "\"decision\":\"after\""); }
    const Verdict verdict = verify();
    ASSERT_TRUE(verdict.integrity && verdict.completeness) << end << verdict.text;
    const bool only_newline = end == whole.size() - 1;
    EXPECT_EQ(count(fmt::format("\"kind\":\"gap\",\"torn_bytes\":{},", end - last)), only_newline ? 0 : 1);
    EXPECT_EQ(count("after"), 1);
  }
}

TEST_F(JournalTest, records_the_head_knows_stay_missing_for_ever) {
  write(3);
  const auto lines = lines_of(slurp(segment(1)));
  for (std::size_t cut = 0; cut + 1 < lines[3].size(); cut += 20) {
    const std::string head_was = slurp(head());
    spill(segment(1), join({lines.begin(), lines.begin() + 3}) + lines[3].substr(0, cut));
    EXPECT_EQ(refusal(), "");
    EXPECT_EQ(count("\"missing_from\":4,\"missing_until\":5,\"head\":\""), 1);
    write(2);
    EXPECT_EQ(refusal(), "") << "the stated hole is no obstacle";
    for (bool with_key : {true, false}) {
      const Verdict verdict = verify(with_key);
      EXPECT_TRUE(verdict.integrity) << verdict.text;
      EXPECT_FALSE(verdict.completeness);
      EXPECT_EQ(verdict.first_bad, 4u);
    }
    spill(head(), head_was);
  }
}

TEST_F(JournalTest, an_emptied_directory_does_not_pass_for_a_new_journal) {
  write(3);
  fs::remove_all(settings.directory);
  write(2);
  write(1);
  EXPECT_FALSE(verify().completeness);
  EXPECT_EQ(verify().first_bad, 1u);
  EXPECT_TRUE(verify().integrity) << verify().text;
}

TEST_F(JournalTest, anything_a_crash_cannot_do_is_refused_with_file_and_line) {
  write(5);
  const std::string whole = slurp(segment(1));
  const auto lines = lines_of(whole);
  struct Case {
    const char* what;
    std::string content;
    const char* says;
  };
  auto without = lines, swapped = lines;
  without.erase(without.begin() + 2);
  std::swap(swapped[2], swapped[3]);
  std::string altered = whole, newline = whole;
  altered[whole.find("\"d2") + 1] = 'D';
  newline.back() = ' ';
  const Case cases[] = {
      {"an altered byte", altered, "00000001.ndjson:3: record 3 was altered"},
      {"a hole", join(without), "00000001.ndjson:3: record 4 stands where record 3 belongs"},
      {"swapped", join(swapped), "00000001.ndjson:3: record 4 stands where record 3 belongs"},
      {"another file's text", lines[0] + "hello\n", "00000001.ndjson:2: not a record"},
      {"no checkpoint first", lines[1] + lines[2],
       "00000001.ndjson:1: a segment must begin with a checkpoint"},
      {"an altered last newline", newline, "00000001.ndjson:7: the newline of the last record was altered"},
  };
  for (const Case& c : cases) {
    spill(segment(1), c.content);
    EXPECT_NE(refusal().find(c.says), std::string::npos) << c.what << ": " << refusal();
    EXPECT_EQ(slurp(segment(1)), c.content) << c.what << ": left as it was";
  }
  spill(segment(1), whole);
  spill(head(), fmt::format("3 {}\n", std::string(64, 'b')));
  EXPECT_NE(refusal().find(":3: record 3 has another mac than the head file says"), std::string::npos)
      << refusal();
  spill(head(), "3 b\n");
  EXPECT_NE(refusal().find("not a journal's head"), std::string::npos) << refusal();
}

TEST_F(JournalTest, it_refuses_a_second_gateway_and_a_lost_or_foreign_key) {
  {
    const auto journal = Journal::open(settings);
    EXPECT_NE(refusal().find(fmt::format("in use by another gateway (process {})", ::getpid())),
              std::string::npos)
        << refusal();
  }
  fs::rename(key(), base / "away");
  EXPECT_NE(refusal().find("the secret of journal"), std::string::npos) << refusal();
  EXPECT_FALSE(fs::exists(key())) << "no new secret for an old journal";
  make_secret(key());
  EXPECT_NE(refusal().find("this is the secret of another journal"), std::string::npos) << refusal();
  spill(key(), "hmac 12\n");
  EXPECT_NE(refusal().find("journal.key: line 1: "), std::string::npos) << refusal();
  fs::rename(base / "away", key());
  spill(settings.directory / "gateway.json", "{}");
  EXPECT_NE(refusal().find("gateway.json: "), std::string::npos) << refusal();
  fs::remove(settings.directory / "gateway.json");
  EXPECT_NE(refusal().find("gateway.json: missing"), std::string::npos) << refusal();
}

TEST_F(JournalTest, a_directory_it_may_not_write_is_named) {
  write(1);
  fs::permissions(settings.directory / "lock", fs::perms::owner_read);
  fs::permissions(settings.directory, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_all);
  fs::permissions(base, fs::perms::all);
  int pipes[2];
  ASSERT_EQ(::pipe(pipes), 0);
  const pid_t child = ::fork();
  if (child == 0) {  // root may write anywhere, so not as root
    if (::getuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    const std::string text = refusal();
    ::_exit(::write(pipes[1], text.data(), text.size()) < 0);
  }
  ::close(pipes[1]);
  char text[1000] = {};
  EXPECT_GT(::read(pipes[0], text, sizeof text - 1), 0);
  ::close(pipes[0]);
  ::waitpid(child, nullptr, 0);
  EXPECT_NE(std::string(text).find("Permission denied"), std::string::npos) << text;
  EXPECT_NE(std::string(text).find("journal"), std::string::npos) << text;
  fs::permissions(settings.directory, fs::perms::owner_all);
}

// --- many threads, a disk that fails, a process that dies

TEST_F(JournalTest, appenders_on_four_threads_are_told_in_their_order) {
  settings.segment_bytes = 100000;
  constexpr int each = 3000;
  std::map<int, std::vector<int>> told;  // on the journal's thread only
  {
    const auto journal = Journal::open(settings);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < each; ++i)
          journal->append(RecordKind::outcome, noon, fmt::format("\"t\":{},\"i\":{}", t, i),
                          [&told, t, i](bool ok) {
                            EXPECT_TRUE(ok);
                            told[t].push_back(i);
                          });
      });
    for (auto& thread : threads) thread.join();
  }
  for (int t = 0; t < 4; ++t) {
    ASSERT_EQ(told[t].size(), std::size_t(each));
    EXPECT_TRUE(std::is_sorted(told[t].begin(), told[t].end()));
  }
  const Verdict verdict = verify();
  EXPECT_TRUE(verdict.integrity && verdict.completeness) << verdict.text;
  EXPECT_GE(verdict.records, 4u * each);
}

TEST_F(JournalTest, counters_add_up) {
  const auto journal = Journal::open(settings);
  for (int i = 0; i < 5; ++i) append_now(*journal, RecordKind::decision, "");
  const JournalCounters counters = journal->counters();
  EXPECT_GE(counters.records, 6u);
  EXPECT_EQ(counters.lag_records, 0u);
  EXPECT_GE(counters.syncs, 6u);
  std::uint64_t in_buckets = 0;
  for (auto n : counters.sync_buckets) in_buckets += n;
  EXPECT_EQ(in_buckets, counters.syncs);
  EXPECT_EQ(counters.sync_buckets.size(), sync_bounds().size() + 1);
}

TEST_F(JournalTest, a_failed_sync_loses_nothing_that_was_promised) {
  for (const bool group : {true, false}) {
    if (!group) settings.interval = 1ms;
    const auto journal = Journal::open(settings);
    ASSERT_TRUE(append_now(*journal, RecordKind::forwarding, "\"n\":\"first\""));
    sync_fails = true;
    const bool promised = append_now(*journal, RecordKind::forwarding, "\"n\":\"second\"");
    EXPECT_EQ(promised, !group);
    EXPECT_TRUE(soon([&] { return !journal->writable(); }));
    EXPECT_NE(journal->counters().error.find("Input/output error"), std::string::npos);
    journal->append(RecordKind::outcome, noon, "\"n\":\"third\"");
    std::this_thread::sleep_for(250ms);
    sync_fails = false;
    EXPECT_TRUE(soon([&] { return journal->writable() && journal->counters().lag_records == 0; }));
    EXPECT_TRUE(append_now(*journal, RecordKind::forwarding, "\"n\":\"fourth\""));
    EXPECT_EQ(count("second"), promised ? 1 : 0);
    EXPECT_EQ(count("third"), group ? 1 : 2);  // both rounds write into one journal
    EXPECT_EQ(count("\"lost\":1"), 1);
    const Verdict verdict = verify();
    EXPECT_TRUE(verdict.integrity && verdict.completeness) << verdict.text;
  }
}

// The file may not grow: the write comes back short, then with an error, as on a full disk.
TEST_F(JournalTest, on_a_full_disk_appenders_are_told_and_a_gap_is_recorded_when_there_is_space) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    int failures = 0;
    const auto expect = [&](bool ok, int bit) { failures |= ok ? 0 : bit; };
    {
      const auto journal = Journal::open(settings);
      expect(append_now(*journal, RecordKind::forwarding, "\"n\":1"), 1);
      rlimit limit;
      ::getrlimit(RLIMIT_FSIZE, &limit);
      const rlim_t was = limit.rlim_cur;
      limit.rlim_cur = fs::file_size(segment(1)) + 50;
      ::setrlimit(RLIMIT_FSIZE, &limit);
      expect(!append_now(*journal, RecordKind::forwarding, "\"n\":2"), 2);
      expect(!journal->writable(), 4);
      journal->append(RecordKind::settled, noon, "\"n\":3");  // kept
      expect(!append_now(*journal, RecordKind::forwarding, "\"n\":4"), 8);
      expect(verify().integrity, 16);  // whole records only, also meanwhile
      limit.rlim_cur = was;
      ::setrlimit(RLIMIT_FSIZE, &limit);
      expect(soon([&] { return journal->writable(); }), 32);
      expect(append_now(*journal, RecordKind::forwarding, "\"n\":5"), 64);
      expect(journal->counters().gaps == 2, 128);
    }
    ::_exit(failures);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "bits " << WEXITSTATUS(status);
  const Verdict verdict = verify();
  EXPECT_TRUE(verdict.integrity && verdict.completeness) << verdict.text;
  EXPECT_EQ(count("\"n\":2") + count("\"n\":4"), 0);
  EXPECT_EQ(count("\"n\":3") + count("\"n\":5"), 2);
  EXPECT_EQ(count("\"kind\":\"gap\",\"lost\":2,\"from\":\"2026-11-24T12:00:00.000+09:00\","
                  "\"until\":\"2026-11-24T12:00:00.000+09:00\",\"kinds\":{\"forwarding\":2},"),
            1);
}

TEST_F(JournalTest, after_kill_9_every_acknowledged_record_is_there) {
  settings.segment_bytes = 200000;
  std::mt19937 random(20261124);
  std::set<std::uint64_t> acknowledged;
  for (std::uint64_t round = 0; round < 20; ++round) {
    int pipes[2];
    ASSERT_EQ(::pipe(pipes), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(pipes[0]);
      const auto journal = Journal::open(settings);
      std::atomic<int> under_way = 0;
      for (std::uint64_t i = round * 1000000 + 1;; ++i) {
        while (under_way > 64) std::this_thread::yield();
        ++under_way;
        journal->append(RecordKind::forwarding, noon, fmt::format("\"n\":{},\"text\":\"{:0>300}\"", i, i),
                        [&, i](bool ok) {
                          if (ok && ::write(pipes[1], &i, sizeof i) != sizeof i) ::_exit(1);
                          --under_way;
                        });
      }
    }
    ::close(pipes[1]);
    std::uint64_t n = 0;
    ASSERT_EQ(::read(pipes[0], &n, sizeof n), ssize_t(sizeof n)) << "it runs";
    acknowledged.insert(n);
    std::thread killer([&, wait = random() % 40] {
      std::this_thread::sleep_for(std::chrono::milliseconds(wait));
      ::kill(child, SIGKILL);
    });
    while (::read(pipes[0], &n, sizeof n) == ssize_t(sizeof n)) acknowledged.insert(n);
    killer.join();
    ::waitpid(child, nullptr, 0);
    ::close(pipes[0]);
    const Verdict verdict = verify();
    ASSERT_TRUE(verdict.integrity && verdict.completeness) << verdict.text;
  }
  { Journal::open(settings); }
  std::set<std::uint64_t> found;
  read_journal(settings.directory, 0, [&](const JournalLine& line) {
    const auto at = line.json.find("\"n\":");
    if (at != line.json.npos) found.insert(std::stoull(std::string(line.json.substr(at + 4, 20))));
    return true;
  });
  EXPECT_GT(acknowledged.size(), 20u);
  for (auto n : acknowledged) ASSERT_TRUE(found.contains(n)) << n;
  EXPECT_TRUE(verify(false).integrity && verify(false).completeness) << verify(false).text;
}

}  // namespace
}  // namespace sekisho::cache
