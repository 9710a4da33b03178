#include "cache/ledger_calls.h"

#include <algorithm>
#include <array>

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

// The names that a hold gives to hold.lua: of each of the three hashes first what it raises, then what limits
// ask for beside that. All that limits ask for of one type is one row back from today, as long as the longest
// window.
class NamesInHold {
 public:
  NamesInHold(const policy::Hold& hold, const std::vector<policy::Charge>& charges) : hold_(hold) {
    for (const auto& bucket : policy::buckets_raised(hold)) row(bucket).raised = true;
    for (const auto& charge : charges) {
      const auto [span, count] = window_of(charge);
      each_row(span, charge, [count = count](Row& row) { row.count = std::max(row.count, count); });
    }
  }

  // With the names of usage those of the throttles.
  void add(Command& call, const std::vector<const policy::Rule*>& throttles) {
    for (const auto in : {Counts::usage, Counts::days, Counts::months}) {
      std::size_t names = 0;
      each_row_in(in, [&](const Bucket&, const Row& row) { names += row.raised + row.others(); });
      call.add(names);
      if (in == Counts::usage) call.add(throttles.size());
      std::size_t place = 0;
      each_row_in(in, [&](const Bucket& first, Row& row) {
        if (!row.raised) return;
        call.add(field_of(first).name);
        row.first = ++place;
      });
      each_row_in(in, [&](const Bucket& first, Row& row) {
        row.rest = place + 1;
        for (int back = row.raised; back < row.count; ++back, ++place)
          call.add(field_of(first.back(back)).name);
      });
      if (in != Counts::usage) continue;
      call.add("fence");
      for (const auto* rule : throttles) call.join("t:", rule->id);
    }
  }

  // The places at which the names of what a limit counts stand, as runs: which hash, first and last.
  void add_runs(Command& call, const policy::Charge& charge) {
    const auto [span, count] = window_of(charge);
    const int in = span == Bucket::Span::day ? 2 : span == Bucket::Span::month ? 3 : 1;
    std::size_t runs = 0;
    if (count > 0) each_row(span, charge, [&](Row& row) { runs += row.raised + (count > row.raised); });
    call.add(runs);
    if (runs == 0) return;
    each_row(span, charge, [&, count = count](Row& row) {
      if (row.raised) call.add(in).add(row.first).add(row.first);
      if (count > row.raised)
        call.add(in).add(row.rest).add(row.rest + static_cast<std::size_t>(count - row.raised) - 1);
    });
  }

 private:
  struct Row {
    bool raised = false;
    int count = 0;                    // how many limits ask for, today's included
    std::size_t first = 0, rest = 0;  // places: today's where it is raised, and the first of the others
    std::size_t others() const { return static_cast<std::size_t>(std::max(0, count - raised)); }
  };
  static constexpr std::size_t spans = 4, types = 1 + policy::count_of<policy::NumberType>();

  policy::Window window_of(const policy::Charge& charge) const {
    return policy::window_of(charge.rule->limit->per, hold_.day);
  }
  Row& row(const Bucket& bucket) {
    return rows_[static_cast<std::size_t>(bucket.span())][bucket.type_place()];
  }

  template <class F>
  void each_row(Bucket::Span span, const policy::Charge& charge, F&& visit) {
    auto& rows = rows_[static_cast<std::size_t>(span)];
    const auto& asked = charge.rule->limit->number_types;
    if (policy::counts_everything(asked)) return visit(rows[0]);
    asked.each([&](policy::NumberType type) { visit(rows[1 + static_cast<std::size_t>(type)]); });
  }
  // With today's bucket of each.
  template <class F>
  void each_row_in(Counts in, F&& visit) {
    for (const auto& today :
         {Bucket::of_day(hold_.day), Bucket::of_month(hold_.day), Bucket::of_lifetime(), Bucket::of_held()}) {
      if (hash_of(today) != in) continue;
      auto& rows = rows_[static_cast<std::size_t>(today.span())];
      for (std::size_t type = 0; type < types; ++type)
        if (rows[type].raised || rows[type].count > 0)
          visit(type == 0 ? today : today.of(static_cast<policy::NumberType>(type - 1)), rows[type]);
    }
  }

  const policy::Hold& hold_;
  std::array<std::array<Row, types>, spans> rows_{};
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

  NamesInHold names(hold, *request.charges);
  names.add(call, *request.throttles);
  call.add(request.charges->size());
  for (const auto& charge : *request.charges) {
    call.add(charge.cap).add(charge.rule->limit->trim ? "1" : "0");
    names.add_runs(call, charge);
  }
  for (const auto* rule : *request.throttles) {
    const auto interval = rule->throttle->per_ms * 1000 / std::max<std::int64_t>(1, rule->throttle->requests);
    call.add(interval).add(interval * std::max<std::int64_t>(0, rule->throttle->burst - 1));
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
  std::string buckets;
  for (const auto& bucket : policy::buckets_raised(hold)) {
    const auto field = field_of(bucket);
    buckets += field.in == Counts::days ? "9:" : field.in == Counts::months ? "10:" : "1:";
    buckets += std::string_view(field.name);
    buckets += ',';
  }
  call.add(buckets);
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
