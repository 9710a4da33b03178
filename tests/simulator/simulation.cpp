#include "tests/simulator/simulation.h"

#include <fmt/format.h>

#include "tests/policy/builders.h"
#include "tests/simulator/gateway.h"

namespace sekisho::simulator {
namespace {

constexpr Quantity lifetime_cap = 24, held_cap = 16, group_lifetime_cap = 40, group_held_cap = 26;
constexpr int gateways = 3, busy_steps = 140;

class Simulation {
 public:
  Simulation(std::uint64_t seed, Mutation mutation)
      : scheduler_(seed),
        store_(mutation),
        carrier_(scheduler_.dice, operators_),
        world_{.scheduler = scheduler_,
               .store = store_,
               .carrier = carrier_,
               .mutation = mutation,
               .faults = {}} {
    for (auto* rule : {&group_lifetime_, &group_held_}) rule->limit->of = policy::Scope::owner_group;
    world_.charges = {{&lifetime_, lifetime_cap},
                      {&group_lifetime_, group_lifetime_cap},
                      {&held_, held_cap},
                      {&group_held_, group_held_cap}};
    for (int i = 0; i < gateways; ++i)
      gateways_.push_back(std::make_unique<Gateway>(world_, "gw-" + std::to_string(i)));
  }
  ~Simulation() {
    for (auto& gateway : gateways_) gateway->kill();
    scheduler_.clear();
  }

  Outcome run() {
    for (auto& gateway : gateways_) gateway->start();
    // They have met before the trouble begins: a gateway that never heard of another cannot miss it.
    for (int met = 0; met < 4; ++met) {
      for (auto& gateway : gateways_) gateway->beat();
      while (scheduler_.step()) {
      }
    }
    world_.faults = {.reply_lost = 12, .request_lost = 20, .repeated = 15, .disk_fails = 30};
    for (int i = 0; i < busy_steps && outcome_.broken.empty(); ++i) {
      something();
      for (auto burst = scheduler_.dice.below(5); burst > 0; --burst) scheduler_.step();
      never_above_a_limit();
    }
    if (outcome_.broken.empty()) rest();
    if (outcome_.broken.empty()) exact();
    outcome_.steps = scheduler_.steps;
    return outcome_;
  }

 private:
  Gateway& any_gateway() { return *gateways_[scheduler_.dice.below(gateways)]; }
  const OperatorId& any_operator() { return operators_[scheduler_.dice.below(operators_.size())]; }

  void something() {
    auto& dice = scheduler_.dice;
    auto& gateway = any_gateway();
    const auto luck = dice.below(100);
    if (luck < 34) {
      if (gateway.alive()) gateway.order(any_operator(), Quantity(1 + dice.below(6)));
    } else if (luck < 60) {
      gateway.beat();
    } else if (luck < 74) {
      gateway.work_off();
    } else if (luck < 80) {
      give_back(gateway);
    } else if (luck < 86) {
      ask_status(gateway);
    } else if (luck < 90) {
      store_.remember();
    } else if (luck < 93) {
      trace("kill " + gateway.name());
      gateway.kill();
      ++outcome_.deaths;
    } else if (luck < 97) {
      if (gateway.alive()) return;
      trace("start " + gateway.name());
      gateway.start();
    } else {
      trouble_in_the_store();
    }
  }

  void trouble_in_the_store() {
    auto& dice = scheduler_.dice;
    if (++outcome_.losses > 4) return;
    const auto kind = dice.below(4);
    trace("trouble in the store: " + std::to_string(kind));
    if (kind == 0) {  // emptied where it stands
      store_.data = {};
    } else {
      store_.another_process();
      if (kind != 1) store_.lose(dice);  // else: a restart that lost nothing
    }
  }

  void give_back(Gateway& gateway) {
    if (!gateway.alive()) return;
    const auto& who = any_operator();
    std::vector<cache::ReturnedNumber> numbers;
    for (const auto& number : carrier_.held[who]) {
      if (!world_.heard.contains(number) || !scheduler_.dice.one_in(3)) continue;
      const auto& listed = store_.data.accounts[who].numbers;
      if (const auto grant = listed.find(number); grant != listed.end())
        numbers.push_back({number, grant->second.decision});
    }
    if (!numbers.empty()) gateway.give_back(who, std::move(numbers));
  }

  void ask_status(Gateway& gateway) {
    if (!gateway.alive()) return;
    const auto& who = any_operator();
    for (const auto& hold : store_.data.accounts[who].usage.holds)
      if (!hold.order_id.empty() && scheduler_.dice.one_in(2)) return gateway.ask_status(who, hold.order_id);
  }

  // What the carrier gave, and could still give, never was above a limit that was in force.
  void never_above_a_limit() {
    Quantity given = 0, held = 0;
    for (const auto& who : operators_) {
      given += carrier_.given[who] - carrier_.excess[who];
      held += Quantity(carrier_.held[who].size()) - carrier_.excess[who];
    }
    if (given > group_lifetime_cap)
      broken(fmt::format("the group was given {} numbers of {}", given, group_lifetime_cap));
    if (held > group_held_cap) broken(fmt::format("the group holds {} numbers of {}", held, group_held_cap));
    for (const auto& who : operators_) {
      const auto excess = carrier_.excess[who];
      if (carrier_.given[who] - excess > lifetime_cap)
        broken(fmt::format("{} was given {} numbers of {}", who.text(), carrier_.given[who] - excess,
                           lifetime_cap));
      if (Quantity(carrier_.held[who].size()) - excess > held_cap)
        broken(fmt::format("{} holds {} numbers of {}", who.text(), carrier_.held[who].size(), held_cap));
    }
  }

  // The faults end; whoever is dead starts; persons ask the carrier about what nobody knows.
  void rest() {
    trace("the faults end");
    world_.faults = {};
    int quiet_rounds = 0;  // the first beat may only show that a connection is gone
    for (int round = 0; round < 400; ++round) {
      for (auto& gateway : gateways_) {
        if (!gateway->alive()) gateway->start();
        gateway->beat();
        gateway->work_off();
      }
      while (scheduler_.step()) never_above_a_limit();
      if (!outcome_.broken.empty()) return;
      bool quiet = true;
      for (auto& gateway : gateways_) quiet &= gateway->admits() && !gateway->busy();
      quiet_rounds = quiet ? quiet_rounds + 1 : 0;
      if (quiet_rounds >= 3 && !resolve_one()) return;
    }
    broken("it never comes to rest");
  }

  bool resolve_one() {
    auto accounts = operators_;
    accounts.push_back(account_of_group_);  // last: what stands there alone came twice, and late
    for (const auto& who : accounts) {
      for (const auto& hold : store_.data.accounts[who].usage.holds) {
        if (world_.under_way.contains(hold.id)) continue;
        // Only what the carrier may still do, or what nobody heard the end of, is left to a person. A request
        // that arrives twice, which no connection does, may hold what its first arrival was refused.
        const bool told_of = hold.state == policy::HoldState::suspense || !hold.order_id.empty() ||
                             world_.asked[{who.text(), hold.id}] > 1;
        if (!told_of) {
          broken("the hold " + hold.id + " is one that nobody answers for");
          return false;
        }
        auto truth = carrier_.status(hold.id);
        if (truth.kind != policy::Outcome::Kind::finished) truth = {.kind = policy::Outcome::Kind::unsent};
        const cache::SettleRequest request{
            .operator_id = who, .hold = hold, .settlement = policy::settle(truth), .now = world_.now()};
        auto joint = request;
        joint.operator_id = account_of_group_;
        store_.settle(joint);
        if (who != account_of_group_) store_.settle(request);
        return true;
      }
    }
    return false;
  }

  void exact() {
    Quantity given = 0;
    std::set<std::string> all;
    for (const auto& who : operators_) {
      given += carrier_.given[who];
      all.insert(carrier_.held[who].begin(), carrier_.held[who].end());
    }
    exact(account_of_group_, given, all);
    for (const auto& who : operators_) exact(who, carrier_.given[who], carrier_.held[who]);
  }

  void exact(const OperatorId& who, Quantity given, const std::set<std::string>& truth) {
    const auto& account = store_.data.accounts[who];
    const auto ever = account.usage.bucket(policy::Bucket::of_lifetime());
    const auto held = account.usage.bucket(policy::Bucket::of_held());
    if (!account.usage.holds.empty()) broken(who.text() + " has open holds at rest");
    if (ever != given) broken(fmt::format("{}: {} numbers counted ever, {} given", who.text(), ever, given));
    if (held != Quantity(truth.size()))
      broken(fmt::format("{}: {} numbers counted as held, {} are", who.text(), held, truth.size()));
    std::set<std::string> listed;
    for (const auto& [number, grant] : account.numbers) listed.insert(number);
    if (listed != truth) broken(who.text() + ": other numbers are listed than it holds");
    if (const auto grants = Quantity(account.numbers.size() + account.past.size()); grants != given)
      broken(fmt::format("{}: {} grants of numbers on record, {} made", who.text(), grants, given));
  }

  void broken(const std::string& how) {
    if (outcome_.broken.empty()) outcome_.broken = fmt::format("step {}: {}", scheduler_.steps, how);
  }

  Scheduler scheduler_;
  Store store_;
  const OperatorId account_of_group_ = OperatorId::of_group(group);
  const std::vector<OperatorId> operators_{policy::corporate(1), policy::corporate(2)};
  Carrier carrier_;
  const policy::Rule lifetime_ = policy::limits("lifetime", lifetime_cap, {policy::Period::Kind::lifetime});
  const policy::Rule held_ = policy::limits("held", held_cap, {policy::Period::Kind::held});
  policy::Rule group_lifetime_ =
      policy::limits("group-lifetime", group_lifetime_cap, {policy::Period::Kind::lifetime});
  policy::Rule group_held_ = policy::limits("group-held", group_held_cap, {policy::Period::Kind::held});
  Surroundings world_;
  std::vector<std::unique_ptr<Gateway>> gateways_;
  Outcome outcome_;
};

}  // namespace

Outcome simulate(std::uint64_t seed, Mutation mutation) { return Simulation(seed, mutation).run(); }

}  // namespace sekisho::simulator
