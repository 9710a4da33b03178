// Any bytes as what Redis, a sentinel or a cluster's node sends. Always: values that are not there are empty,
// never memory of somebody else's; a map of slots has each slot once; an address has a port; pieces do not
// matter.
#include <hiredis/hiredis.h>

#include "cache/redis_answer.h"
#include "cache/redis_reader.h"
#include "cache/redis_slots.h"
#include "cache/sentinel_word.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {
namespace {

using cache::RedisAnswer;

std::vector<RedisAnswer> answers_in(std::string_view bytes, std::size_t piece) {
  std::vector<RedisAnswer> answers;
  const auto reader = cache::make_redis_reader();
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    redisReaderFeed(reader.get(), bytes.data(), std::min(piece, bytes.size()));
    while (true) {
      void* raw = nullptr;
      if (redisReaderGetReply(reader.get(), &raw) != REDIS_OK) return answers;
      if (raw == nullptr) break;
      answers.push_back({RedisAnswer::Kind::reply, {}});
      answers.back().raw.reset(static_cast<redisReply*>(raw));
    }
  }
  return answers;
}

// Everything that can be asked of an answer, as one text.
std::string told(const RedisAnswer& answer) {
  std::string out = answer.error() + "|" + std::string(answer.text().value_or("none"));
  out += "|" + std::to_string(answer.integer().value_or(-1)) + "|" + std::to_string(answer.size());
  for (std::size_t i = 0; i <= answer.size(); ++i) {
    out +=
        "|" + std::string(answer.text(i).value_or("none")) + std::to_string(answer.integer(i).value_or(-1));
    for (const auto& [field, value] : answer.pairs(i)) out += field + "=" + value;
    for (const auto& text : cache::texts(answer.element(i))) out += text;
    out += cache::stream_entry(answer.element(i)).id;
    const auto* within = cache::inner(answer.element(i), 0);
    out += std::string(cache::text_at(within, 1)) + std::to_string(cache::integer_at(within, 0));
  }
  for (const auto& [field, value] : answer.pairs()) out += field + "=" + value;
  for (const auto& entry : cache::stream_entries(answer, "s")) out += entry.id;
  return out;
}

void check_slots(const RedisAnswer& answer) {
  const auto slots = cache::SlotMap::parse(answer, "asked.example");
  if (!slots) return;
  int next = 0;
  for (const auto& range : slots->ranges) {
    must(range.first >= next && range.last >= range.first && range.last < cache::slot_count,
         "each slot once");
    must(range.master.port != 0 && !range.master.host.empty(), "a master has an address");
    must(slots->master_of(range.first) == &range.master && slots->master_of(range.last) == &range.master,
         "the master of a slot is its range's");
    next = range.last + 1;
  }
}

void run(std::string_view input) {
  const auto answers = answers_in(input, input.size()), in_pieces = answers_in(input, 7);
  must(answers.size() == in_pieces.size(), "the same answers whatever the pieces");
  for (std::size_t i = 0; i < answers.size(); ++i) {
    must_equal(told(answers[i]), told(in_pieces[i]), "the same answers whatever the pieces");
    check_slots(answers[i]);
    const auto refusal = cache::refusal_of(answers[i].refused());
    using Kind = cache::Refusal::Kind;
    if (refusal.kind == Kind::moved || refusal.kind == Kind::ask)
      must(refusal.slot < cache::slot_count && refusal.at.port != 0, "a slot that has moved is somewhere");
    const std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
    const auto named = cache::named_by(answers[i], answers.back(), now);
    if (named) must(cache::newest({named}, now)->host == named->master.host, "whom the one sentinel names");
  }
  cache::has_all_of(input, input);
  must(cache::slot_of(input) < cache::slot_count, "a key has a slot");
}

const Target target{"redis", run};

}  // namespace
}  // namespace sekisho::fuzz
