// Revocations are sticky: thousands of random histories, and no gateway ever permits an operator after its
// revocation without a later reinstatement.
//
// Each history runs against a real Redis: imports of old and new lists, revocations, reinstatements, gateways
// that are slow, restarted from their copy on disk or begun with nothing, and a Redis that goes back to an
// earlier state. A model remembers for each operator what the last act was; whoever has heard of it must hold
// to it.
#include <gtest/gtest.h>

#include <random>

#include "cache/keys.h"
#include "cache/registry_copy.h"
#include "cache/registry_replica.h"
#include "cache/registry_store.h"
#include "config/import_plan.h"
#include "tests/cache/real_redis.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;

constexpr int operators = 4, gateways = 3, steps = 40;
const Instant noon = at("2026-11-24T12:00:00+09:00");
const JstDate today = JstDate::of(noon);

class History {
 public:
  History(Linked& linked, unsigned seed, const std::filesystem::path& folder)
      : linked_(linked), engine_(seed), folder_(folder) {
    linked_.call({"FLUSHALL"});
    import_list(list(0));
    for (int i = 0; i < gateways; ++i) start(i, true);
  }
  ~History() {
    for (auto& gateway : gateways_) gateway = {};
    for (int i = 0; i < gateways; ++i) std::filesystem::remove(copy_of(i));
  }

  void step() {
    switch (pick(11)) {
      case 0:
      case 1:
        return import_list(list(pick(4)));
      case 2:
      case 3:
        return act(pick(operators), true);
      case 4:
        return act(pick(operators), false);
      case 5:
      case 6:
      case 7:
        return catch_up(pick(gateways));
      case 8:
        return start(pick(gateways), flip());
      case 9:
        return save();
      default:
        return lose();
    }
  }
  void end() {
    // Twice: what the first ones restore is news for the others.
    for (int i = 0; i < 2 * gateways; ++i) catch_up(i % gateways);
    for (int i = 0; i < gateways; ++i) check(i);
    for (int n = 0; n < operators; ++n)
      if (acts_[n] && acts_[n]->revoked)
        EXPECT_TRUE(stored_revoked(n)) << "operator " << n << " in Redis\n" << said_;
  }
  const std::string& said() const { return said_; }

 private:
  struct Gateway {
    RegistryReplica replica;
    std::unique_ptr<RegistryCopy> copy;
    std::array<std::optional<RevocationAct>, operators> heard;  // the last act that it was certain to have
  };

  // Lists of a publisher who knows nothing of acts, some with fewer operators; number 0 has all.
  config::RegisterFile list(int which) {
    config::RegisterFile file{.which = Register::etoc, .digest = std::to_string(which)};
    for (int n = 0; n < operators; ++n) {
      if (which > 0 && pick(4) == 0) continue;
      config::RegisterRow row{.id = corporate(n + 1)};
      row.etoc = {.state = EtocState::certified, .valid_until = today.plus(30 + which)};
      file.rows.push_back(row);
    }
    return file;
  }

  void import_list(config::RegisterFile file) {
    say("import " + file.digest + " of " + std::to_string(file.rows.size()));
    const auto whole = wait(linked_.context, store_.load());
    config::ImportRules rules{.shrink = 1, .min_rows = 0, .today = today};
    rules.approved = WordSet<config::Approval>::all();
    const auto plan = config::plan_import(*whole->registry, file, rules);
    const RegistryChange change{.at = tick(), .by = "import"};
    ASSERT_NE(
        wait(linked_.context, store_.commit(whole->registry->serial(), change, plan.changed)).value_or(0),
        0u);
  }

  // As the command does it: on top of what Redis has now, later than the act before.
  void act(int n, bool revoke) {
    say((revoke ? "revoke " : "reinstate ") + std::to_string(n));
    const auto meta = wait(linked_.context, store_.meta());
    bool reachable = false;
    const auto known = wait(linked_.context, store_.find(corporate(n + 1), reachable));
    auto record = known ? known->unpack() : OperatorRecord{.id = corporate(n + 1)};
    if (!revoke && !(record.act && record.act->revoked)) return;
    record.act = RevocationAct{revoke, tick(), "desk", "reason"};
    acts_[std::size_t(n)] = record.act;
    const RegistryChange change{
        .kind = revoke ? RegistryChange::Kind::revoke : RegistryChange::Kind::reinstate,
        .at = record.act->at};
    const std::vector<RecordPtr> records{PackedRecord::of(record)};
    ASSERT_NE(wait(linked_.context, store_.commit(meta->serial, change, records)).value_or(0), 0u);
    // A revocation reaches the gateways that are there within moments, before Redis can lose it.
    for (int i = 0; i < gateways; ++i)
      if (pick(3) > 0 || i == 0) catch_up(i);
  }

  // What the follower does, without its waiting.
  void catch_up(int i) {
    say("gateway " + std::to_string(i) + " catches up");
    auto& gateway = gateways_[std::size_t(i)];
    for (int tries = 0; tries < 20; ++tries) {
      const auto meta = wait(linked_.context, store_.meta());
      if (gateway.replica.same_as(meta->epoch, meta->serial, meta->head)) break;
      bool missed = !gateway.replica.behind(meta->epoch, meta->serial);
      if (!missed) {
        auto place = gateway.replica.whole().stream_id;
        const auto news = wait(linked_.context, store_.news(place, 0ms));
        missed = !news || news->empty();
        if (news) {
          for (const auto& event : *news) {
            const auto taken = gateway.replica.apply(event);
            missed |= taken == RegistryReplica::Taken::missed;
            if (missed) break;
            gateway.replica.at_stream(place);
            if (taken == RegistryReplica::Taken::applied)
              gateway.copy->add(event, gateway.replica.whole(), now_);
          }
        }
      }
      if (missed) load(gateway, i);
      check(i);
    }
    for (int n = 0; n < operators; ++n) {
      const auto* record = gateway.replica.registry()->find(corporate(n + 1));
      if (record && record->has_act()) gateway.heard[std::size_t(n)] = record->unpack().act;
    }
  }

  void load(Gateway& gateway, int i) {
    auto found = wait(linked_.context, store_.load());
    const auto lost = gateway.replica.adopt(std::move(*found));
    gateway.copy->keep(gateway.replica.whole(), now_);
    if (lost.empty()) return;
    say("gateway " + std::to_string(i) + " restores " + std::to_string(lost.size()));
    const RegistryChange change{.kind = RegistryChange::Kind::restore, .at = tick()};
    wait(linked_.context, store_.commit(gateway.replica.registry()->serial(), change, lost));
  }

  // A gateway that dies, and begins again with its copy on disk; or a new one with nothing, once others have
  // restored what Redis lost (the follower gives a Redis that has just started a moment for that).
  void start(int i, bool with_nothing) {
    say("gateway " + std::to_string(i) + (with_nothing ? " begins anew" : " is restarted"));
    auto& gateway = gateways_[std::size_t(i)];
    if (gateway.copy) gateway.copy->flush();
    gateway.copy.reset();
    const auto heard = gateway.heard;
    gateway.replica = {};
    if (with_nothing) {
      for (int other = 0; other < gateways; ++other)
        if (other != i && gateways_[std::size_t(other)].copy) catch_up(other);
      std::filesystem::remove(copy_of(i));
      // What only it knew is gone with it, unless Redis has it: nobody can keep what nobody has.
      gateway.heard = {};
    } else {
      auto found = read_copy(copy_of(i));
      if (found.whole) gateway.replica.adopt(std::move(*found.whole));
      EXPECT_EQ(found.trouble, "");
    }
    gateway.copy = std::make_unique<RegistryCopy>(copy_of(i));
    if (!with_nothing && !gateway.replica.empty()) {
      gateway.heard = heard;
      gateway.copy->keep(gateway.replica.whole(), now_);
      check(i);
    }
    catch_up(i);
  }

  void save() {
    say("a dump is made");
    for (const auto& key : {keys::registry_operators, keys::registry_events, keys::registry_meta})
      dump_[key] = linked_.text({"DUMP", key});
  }
  void lose() {
    if (dump_.empty()) return;
    // A reinstatement that no gateway has heard of may be lost: that errs on the safe side. A revocation that
    // only Redis knew cannot be lost here: `act` lets a gateway hear of it.
    say("Redis goes back to the dump");
    for (int i = 0; i < gateways; ++i) catch_up(i);
    for (const auto& [key, dump] : dump_) linked_.call({"RESTORE", key, "0", dump, "REPLACE"});
    // It may go on another way before anybody looks.
    for (int more = pick(4); more > 0; --more) import_list(list(pick(4)));
    catch_up(pick(gateways));
  }

  // The promise.
  void check(int i) {
    const auto& gateway = gateways_[std::size_t(i)];
    if (gateway.replica.empty()) return;
    for (int n = 0; n < operators; ++n) {
      const auto& heard = gateway.heard[std::size_t(n)];
      if (!heard || !heard->revoked) continue;
      const auto& last = acts_[std::size_t(n)];
      if (last && !last->revoked) continue;  // reinstated since: it may have heard of that by now
      const auto* record = gateway.replica.registry()->find(corporate(n + 1));
      EXPECT_TRUE(record && etoc_on(*record, today) == EtocState::revoked)
          << "gateway " << i << " permits operator " << n << "\n"
          << said_;
    }
  }

  bool stored_revoked(int n) {
    bool reachable = false;
    const auto known = wait(linked_.context, store_.find(corporate(n + 1), reachable));
    return known && etoc_on(*known, today) == EtocState::revoked;
  }

  void say(const std::string& what) { said_ += what + "\n"; }
  Instant tick() { return now_ += 1ms; }
  int pick(int below) { return int(engine_() % unsigned(below)); }
  bool flip() { return pick(2) == 0; }
  std::filesystem::path copy_of(int i) const { return folder_ / ("copy-" + std::to_string(i)); }

  Linked& linked_;
  RegistryStore store_{linked_.link};
  std::mt19937_64 engine_;
  std::filesystem::path folder_;
  Instant now_ = noon;
  std::array<Gateway, gateways> gateways_;
  std::array<std::optional<RevocationAct>, operators> acts_;
  std::map<std::string, std::string> dump_;
  std::string said_;
};

TEST(Sticky, no_interleaving_brings_a_revoked_operator_back) {
  const char* asked = std::getenv("SEKISHO_SEED");
  const char* many = std::getenv("SEKISHO_HISTORIES");
  const unsigned first = asked ? unsigned(std::stoul(asked)) : std::random_device()();
  const int histories = many ? std::stoi(many) : 300;
  std::string pattern = (std::filesystem::temp_directory_path() / "sekisho-sticky-XXXXXX").string();
  ASSERT_TRUE(::mkdtemp(pattern.data()));
  Linked linked(RealRedis::shared().settings());
  for (int i = 0; i < histories; ++i) {
    const auto seed = first + unsigned(i);
    History history(linked, seed, pattern);
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) history.step();
    if (!testing::Test::HasFailure()) history.end();
    ASSERT_FALSE(testing::Test::HasFailure()) << "SEKISHO_SEED=" << seed << "\n" << history.said();
  }
  std::filesystem::remove_all(pattern);
  std::printf("%d histories of %d steps from seed %u\n", histories, steps, first);
}

}  // namespace
}  // namespace sekisho::cache
