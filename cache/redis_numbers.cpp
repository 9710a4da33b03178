// What the ledger in Redis tells of numbers: who had one, and which ones somebody had.
//
// From when and until when a number was whose lies with the operator, written by the scripts in the same step
// as the count. Beside it lies only to whom numbers were ever granted, in another slot: written beside it,
// and twice without harm; without the tenure it means nothing.
#include <algorithm>

#include "cache/keys.h"
#include "cache/redis_ledger.h"
#include "cache/tenure_record.h"

namespace sekisho::cache {

namespace {

std::string_view block_of(const std::string& number) { return keys::block(number).tag; }

}  // namespace

// Two commands for each block, in the order of the numbers: who had them last, and from now on.
void RedisLedger::add_notes(std::vector<Command>& commands, const SettleRequest& request,
                            const std::vector<std::string>& by_block) {
  for (const auto& number : by_block) {
    const bool begins = &number == &by_block.front() || block_of(number) != block_of(*(&number - 1));
    if (begins) {
      commands.push_back({"HMGET", keys::block(number)});
      commands.push_back({"HSET", keys::block(number)});
    }
    auto &get = *(commands.end() - 2), &set = commands.back();
    get.add(keys::last_of(number));
    set.add(keys::last_of(number)).add(request.operator_id.text());
    set.add(keys::in_block(number, request.hold.id)).add(request.operator_id.text());
  }
}

// From the answers to those commands: whose numbers they were before, and are no more. `again`: somebody may
// have noted them before, and not lived to see whose they were.
Task<std::optional<std::vector<Displaced>>> RedisLedger::displaced_by(
    const SettleRequest& request, bool again, const std::vector<std::string>& by_block,
    std::span<const RedisAnswer> answers) {
  const auto& id = request.operator_id;
  std::vector<std::string> contested;  // the number went to somebody else before
  std::size_t command = 0, place = 0;
  for (std::size_t i = 0; i < by_block.size(); ++i, ++place) {
    if (i > 0 && block_of(by_block[i]) != block_of(by_block[i - 1])) command += 2, place = 0;
    const auto &before = answers[command], &noted = answers[command + 1];
    if (!before.ok() || !noted.ok()) co_return std::nullopt;
    const auto last = before.text(place);
    // Where this was tried before, we may be the last by that.
    const bool somebody_elses = last && (!request.first_try || *last != id.text());
    if (again || somebody_elses) contested.push_back(by_block[i]);
  }
  std::vector<Displaced> displaced;
  for (const auto& number : contested) {
    const auto tenures = co_await trace(number);
    if (!tenures) co_return std::nullopt;
    // Newest first: whoever comes behind one that has not ended has it no more.
    const Tenure* later = nullptr;
    for (const auto& tenure : *tenures) {
      if (tenure.until) continue;
      const auto account = policy::OperatorId::parse(tenure.operator_id);
      if (later && account && tenure.operator_id != later->operator_id)
        displaced.push_back({*account,
                             {number, tenure.decision, later->decision},
                             later->from - std::chrono::milliseconds(1)});
      if (!later) later = &tenure;
    }
    if (!later || later->operator_id == id.text()) continue;
    Command last{"HSET", keys::block(number), keys::last_of(number), later->operator_id};
    const auto kept = co_await link_.call(std::move(last));
    if (!kept.ok()) co_return std::nullopt;
  }
  co_return displaced;
}

Task<std::optional<std::vector<Tenure>>> RedisLedger::trace(const std::string& number) {
  Command get{"HGETALL", keys::block(number)};
  const auto block = co_await link_.call(std::move(get));
  if (!block.ok()) co_return std::nullopt;
  struct Grant {
    policy::OperatorId to;
    std::string decision;
  };
  std::vector<Grant> grants;
  std::vector<Command> gets;
  const auto mine = keys::in_block(number, "").text();
  for (const auto& [name, to] : block.pairs()) {
    const auto id = policy::OperatorId::parse(to);
    if (!name.starts_with(mine) || !id) continue;
    grants.push_back({*id, name.substr(mine.size())});
    gets.push_back({"HGET", keys::numbers(*id), number});
    gets.push_back({"HGET", keys::past(*id), number + "|" + grants.back().decision});
  }
  const auto answers = co_await link_.call_all(std::move(gets));
  std::vector<Tenure> out;
  for (std::size_t i = 0; i < grants.size(); ++i) {
    const auto &present = answers[2 * i], &past = answers[2 * i + 1];
    if (!present.ok() || !past.ok()) co_return std::nullopt;
    const auto& [id, decision] = grants[i];
    auto grant = decode_past(number + "|" + decision, past.text().value_or(""));
    if (!grant) grant = decode_present(number, present.text().value_or(""));
    if (grant && grant->decision == decision) out.push_back(tenure_of(id, *grant));
  }
  newest_first(out);
  co_return out;
}

// In pages, so that nobody waits behind an operator with a million numbers.
Task<bool> RedisLedger::read_pages(std::string key, const std::function<void(const RedisAnswer&)>& page) {
  std::string cursor = "0";
  do {
    Command scan{"HSCAN", key, cursor, "COUNT", "1000"};
    const auto answer = co_await link_.call(std::move(scan));
    if (!answer.ok()) co_return false;
    cursor = answer.text(0).value_or("0");
    page(answer);
  } while (cursor != "0");
  co_return true;
}

Task<std::optional<std::vector<GrantedNumber>>> RedisLedger::numbers(const policy::OperatorId& id,
                                                                     std::optional<policy::Instant> at) {
  std::vector<GrantedNumber> grants;
  const auto read = [&grants](auto decode) {
    return [&grants, decode](const RedisAnswer& page) {
      for (const auto& [name, record] : page.pairs(1))
        if (auto grant = decode(name, record)) grants.push_back(std::move(*grant));
    };
  };
  // In this order: what is given back between the two is seen in the second.
  const std::function<void(const RedisAnswer&)> present = read(decode_present), past = read(decode_past);
  const bool present_read = co_await read_pages(keys::numbers(id).text(), present);
  if (!present_read) co_return std::nullopt;
  if (at) {
    const bool past_read = co_await read_pages(keys::past(id).text(), past);
    if (!past_read) co_return std::nullopt;
  }
  co_return held_at(std::move(grants), at);
}

}  // namespace sekisho::cache
