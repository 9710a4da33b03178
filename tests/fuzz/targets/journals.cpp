// A journal of records that the input's lines are the fields of, whole and then damaged; and the input itself
// as a journal's segment. Always: what was written verifies, with the secret and without; one byte changed,
// one line gone or doubled does not; no reader ends otherwise than by std::runtime_error.
#include <simdjson.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cache/journal_chain.h"
#include "cache/journal_reader.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t records_max = 20;

// A directory of this process in memory, with the journal's identity in it.
struct Place {
  fs::path directory = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                       ("sekisho-fuzz-" + std::to_string(getpid())) / "journal";
  cache::JournalSecret secret;
  cache::GatewayIdentity identity{.gateway = "gw-0000000000000001", .boot = 1, .created = "2026-11-28"};

  Place() {
    fs::create_directories(directory);
    secret.hmac_key.fill(1);
    secret.signing_seed.fill(2);
    identity.public_key = cache::SigningKey(secret.signing_seed).public_key();
    cache::write_identity(directory, identity);
    std::ofstream(key()) << "hmac " << cache::hex(secret.hmac_key) << "\ned25519 "
                         << cache::hex(secret.signing_seed) << "\n";
  }
  ~Place() { fs::remove_all(directory.parent_path()); }
  fs::path key() const { return directory.parent_path() / "key"; }
  void write(std::string_view segment) const {
    std::ofstream(directory / "00000001.ndjson", std::ios::binary) << segment;
  }
};

Place& place() {
  static Place made;
  return made;
}

// At least one member: space alone is no field.
bool is_inside_of_an_object(std::string_view fields) {
  static simdjson::dom::parser parser;
  const auto text = "{" + std::string(fields) + "}";
  simdjson::dom::object object;
  return fields.find('\n') == fields.npos && !parser.parse(text).get(object) && object.size() > 0;
}

std::string journal_of(Input input) {
  cache::Chain chain(place().secret, place().identity.gateway);
  std::string out;
  chain.add_checkpoint(out, {}, 0);
  for (std::size_t i = 0; i < records_max && !input.rest().empty(); ++i) {
    const auto fields = input.line();
    if (!is_inside_of_an_object(fields)) continue;
    chain.add(out, static_cast<cache::RecordKind>(i % 7),
              policy::from_ms(static_cast<std::int64_t>(i) * 1001), fields);
    if (i % 5 == 4) chain.add_checkpoint(out, {}, i);
  }
  chain.add_checkpoint(out, {}, 0);
  return out;
}

cache::Verdict verdict(bool with_secret) {
  return cache::verify_journal(
      {.directory = place().directory, .key_file = with_secret ? place().key() : fs::path()});
}
bool good(const cache::Verdict& verdict) { return verdict.integrity && verdict.completeness; }

// Where.
std::size_t damage(std::string& journal, Dice& dice) {
  const auto at = dice.below(journal.size());
  const auto line = journal.rfind('\n', at == 0 ? 0 : at - 1) + 1;  // npos + 1: the first line
  const auto text = journal.substr(line, journal.find('\n', at) + 1 - line);
  switch (dice.below(3)) {
    case 0:
      journal[at] = static_cast<char>(journal[at] ^ (1 << dice.below(8)));
      break;
    case 1:
      if (line + text.size() == journal.size()) break;  // a journal cut at its end: only a head would know
      journal.erase(line, text.size());
      break;
    default:
      journal.insert(line, text);
  }
  return at;
}

void of_fields(std::string_view bytes) {
  auto journal = journal_of(Input(bytes));
  const auto whole = journal;
  place().write(journal);
  for (const bool with_secret : {true, false}) must(good(verdict(with_secret)), "what was written verifies");
  Dice dice(bytes);
  const auto at = damage(journal, dice);
  if (journal == whole) return;
  place().write(journal);
  must(!good(verdict(true)), "what was damaged does not verify");
  // Nothing has yet signed the mac of the last record.
  if (at < whole.rfind(",\"mac\"")) must(!good(verdict(false)), "nor by the public key alone");
}

void as_segment(std::string_view bytes) {
  place().write(bytes);
  for (const bool with_secret : {true, false}) verdict(with_secret);
  try {
    std::uint64_t last = 0;
    cache::read_journal(place().directory, 0, [&](const cache::JournalLine& line) {
      must(line.seq > last, "records come in order");
      last = line.seq;
      return true;
    });
    cache::recovery_start(place().directory);
  } catch (const std::runtime_error&) {
  }
}

void run(std::string_view input) {
  of_fields(input);
  as_segment(input);
}

const Target target{"journals", run};

}  // namespace
}  // namespace sekisho::fuzz
