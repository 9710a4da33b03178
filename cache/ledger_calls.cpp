#include "cache/ledger_calls.h"

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>

#include "cache/bucket_field.h"
#include "cache/hold_record.h"
#include "cache/keys.h"
#include "cache/scripts.h"

namespace sekisho::cache {

using policy::Bucket;

namespace {

constexpr std::size_t call_bytes = 2048;  // of nearly every call

template <class... Keys>
Command call_of(std::string_view name, const Keys&... keys) {
  Command call;
  call.reserve(call_bytes);
  call.add("EVALSHA").add(script(name).digest).add(sizeof...(keys));
  (call.add(keys), ...);
  return call;
}

// Beside the epoch; where that lies elsewhere, any key of the operator.
keys::Key stand_key(const policy::OperatorId& id, const Stand& stand) {
  return stand.epoch ? keys::Key(keys::epoch) : keys::known(id);
}

void add_epoch(Command& call, const Stand& stand) {
  if (stand.epoch)
    call.add(*stand.epoch);
  else
    call.add("");
}

// The key must lie in the operator's slot also where there is none.
keys::Key idempotency_of(const policy::OperatorId& id, const policy::Hold& hold) {
  return keys::idempotency(id, hold.key.empty() ? std::string_view("none") : std::string_view(hold.key));
}

std::string_view content_of(const policy::Hold& hold, const std::string& content) {
  return hold.key.empty() ? std::string_view() : std::string_view(content);
}

// What a hold reads of one of the three hashes of counts: each bucket once, those that it raises first.
struct Counted {
  std::size_t raised = 0;
  boost::container::small_vector<Bucket, 40> buckets;

  auto ordered() { return buckets.begin() + static_cast<std::ptrdiff_t>(raised); }
  bool raises(const Bucket& bucket) const {
    const auto end = buckets.begin() + static_cast<std::ptrdiff_t>(raised);
    return std::find(buckets.begin(), end, bucket) != end;
  }
  std::size_t place_of(const Bucket& bucket) {
    const auto end = ordered();
    auto at = std::find(buckets.begin(), end, bucket);
    if (at == end) at = std::lower_bound(end, buckets.end(), bucket);
    return static_cast<std::size_t>(at - buckets.begin());
  }
};

// In the order of the script's arguments: usage, days, months.
class CountedByHold {
 public:
  CountedByHold(const policy::Hold& hold, const std::vector<policy::Charge>& charges) {
    for (const auto& bucket : policy::buckets_raised(hold)) of(bucket).buckets.push_back(bucket);
    for (auto& one : all_) one.raised = one.buckets.size();
    for (const auto& charge : charges) {
      limits_.push_back(policy::buckets_of(*charge.rule->limit, hold.day));
      for (const auto& bucket : limits_.back())
        if (auto& one = of(bucket); !one.raises(bucket)) one.buckets.push_back(bucket);
    }
    for (auto& one : all_) {
      std::sort(one.ordered(), one.buckets.end());
      one.buckets.erase(std::unique(one.ordered(), one.buckets.end()), one.buckets.end());
    }
  }

  // Behind `arguments` others. With the names of usage stands the fence's, behind those that are raised.
  void add_names(Command& call, std::size_t arguments) {
    for (std::size_t which = 0; which < all_.size(); ++which) {
      const auto& one = all_[which];
      const bool fenced = which == 0;
      call.add(one.raised).add(one.buckets.size() + fenced);
      arguments += 2;
      first_[which] = arguments + 1;
      for (std::size_t i = 0; i < one.buckets.size(); ++i) {
        if (fenced && i == one.raised) call.add("fence");
        call.add(field_of(one.buckets[i]).name);
      }
      if (fenced && one.buckets.size() == one.raised) call.add("fence");
      arguments += one.buckets.size() + fenced;
    }
  }

  // The arguments in which the names of a limit's buckets stand, as runs: first and last.
  void add_runs(Command& call, std::size_t limit) {
    boost::container::small_vector<std::pair<std::size_t, std::size_t>, 4> runs;
    for (const auto& bucket : limits_[limit]) {
      const auto at = argument_of(bucket);
      if (!runs.empty() && runs.back().second + 1 == at)
        runs.back().second = at;
      else
        runs.emplace_back(at, at);
    }
    call.add(runs.size());
    for (const auto& [first, last] : runs) call.add(first).add(last);
  }

 private:
  static std::size_t which(const Bucket& bucket) {
    return bucket.span() == Bucket::Span::day ? 1 : bucket.span() == Bucket::Span::month ? 2 : 0;
  }
  Counted& of(const Bucket& bucket) { return all_[which(bucket)]; }
  std::size_t argument_of(const Bucket& bucket) {
    auto& one = of(bucket);
    const auto place = one.place_of(bucket);
    const bool behind_fence = which(bucket) == 0 && place >= one.raised;
    return first_[which(bucket)] + place + behind_fence;
  }

  std::array<Counted, 3> all_;
  std::array<std::size_t, 3> first_{};
  std::vector<std::vector<Bucket>> limits_;
};

}  // namespace

Command hold_call(const HoldRequest& request, const Stand& stand) {
  const auto& id = request.operator_id;
  const auto& hold = request.hold;
  auto call = call_of("hold", keys::usage(id), keys::holds(id), idempotency_of(id, hold), keys::known(id),
                      stand_key(id, stand), keys::days(id), keys::months(id), keys::orders(id));
  const auto [before, after] = encode_around_quantity(hold);
  const auto first = first_counted(hold.day, request.keep_days);
  const auto end = runs_out(hold.day, request.keep_days);
  call.add(hold.id).add(hold.quantity).add(request.partial ? "1" : "0");
  call.add(policy::to_ms(hold.since) * 1000).add(before).add(after);
  call.add(content_of(hold, request.content)).add(request.registry_serial);
  call.add(gateway_of(hold)).add(hold.ordinal).add(request.floor);
  add_epoch(call, stand);
  call.add(request.footing.position).add(stand.run);
  call.add(field_of(Bucket::of_day(first.day)).name).add(field_of(Bucket::of_month(first.month)).name);
  call.add((end.days - hold.since).count()).add((end.months - hold.since).count());
  if (request.confirms.empty())
    call.add("");
  else
    call.join(hold.carrier, "/", escape_order_id(request.confirms));
  constexpr std::size_t arguments = 19;  // so far

  CountedByHold counted(hold, *request.charges);
  counted.add_names(call, arguments);
  call.add(request.charges->size());
  for (std::size_t i = 0; i < request.charges->size(); ++i) {
    const auto& charge = (*request.charges)[i];
    call.add(charge.cap).add(charge.rule->limit->trim ? "1" : "0");
    counted.add_runs(call, i);
  }
  call.add(request.throttles->size());
  for (const auto* rule : *request.throttles) {
    const auto interval = rule->throttle->per_ms * 1000 / std::max<std::int64_t>(1, rule->throttle->requests);
    call.join("t:", rule->id)
        .add(interval)
        .add(interval * std::max<std::int64_t>(0, rule->throttle->burst - 1));
  }
  return call;
}

Command settle_call(const SettleRequest& request, const Stand& stand, bool stands, const KeptAnswer& answer,
                    policy::Instant now) {
  const auto& id = request.operator_id;
  const auto& hold = request.hold;
  const auto& settlement = request.settlement;
  const auto order = escape_order_id(settlement.order_id);
  auto call = call_of("settle", keys::usage(id), keys::holds(id), keys::numbers(id), keys::orders(id),
                      idempotency_of(id, hold), keys::known(id), stand_key(id, stand), keys::gone(id),
                      keys::days(id), keys::months(id), keys::past(id));
  call.add(hold.id).add(policy::name(settlement.kind)).add(settlement.granted);
  if (order.empty())
    call.add("");
  else
    call.join(hold.carrier, "/", order);
  call.add(order).add(policy::to_ms(request.now)).add(hold.key.empty() ? "0" : "1");
  call.add(answer.text).add(answer.time.count()).add(content_of(hold, request.content));
  call.add(encode(hold)).add(gateway_of(hold)).add(hold.ordinal);
  call.add(stands && request.footing.epoch != 0 ? request.floor : 0);
  add_epoch(call, stand);
  call.add(stand.run).add(request.only_if_unknown ? 1 : request.only_in_epoch ? 2 : 0);
  // Whoever tells again what was lost does not know how far the policy looks back.
  const auto end = runs_out(hold.day, most_keep_days);
  call.add(std::max<std::int64_t>(0, (end.days - now).count()));
  call.add(std::max<std::int64_t>(0, (end.months - now).count()));
  const auto raised = policy::buckets_raised(hold);
  call.add(raised.size());
  for (const auto& bucket : raised) {
    const auto [in, name] = field_of(bucket);
    call.add(in == Counts::days ? 9 : in == Counts::months ? 10 : 1).add(name);
  }
  call.join(policy::name(hold.number_type), "|", std::to_string(policy::to_ms(request.now)), "|", hold.id,
            "|", escape_order_id(hold.group), "|");
  if (settlement.kind == policy::Settlement::Kind::granted)
    for (const auto& number : settlement.numbers) call.add(number);
  return call;
}

Command release_call(const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers,
                     policy::Instant now, const Stand& stand) {
  auto call = call_of("release", keys::usage(id), keys::numbers(id), stand_key(id, stand), keys::holds(id),
                      keys::gone(id), keys::past(id));
  add_epoch(call, stand);
  call.add(stand.run).add(policy::to_ms(now));
  for (const auto& [number, decision, later] : numbers) call.add(number).add(decision).add(later);
  return call;
}

}  // namespace sekisho::cache
