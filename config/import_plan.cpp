#include "config/import_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <unordered_map>

namespace sekisho::config {
namespace {

using policy::EtocState;
using policy::OperatorId;
using policy::OperatorRecord;
using policy::PackedRecord;
using policy::RecordPtr;
using policy::Register;

// Listed in a way that lets an operator order as a certified one, or did until its last day passed.
bool listed_certified(EtocState state) {
  return state == EtocState::certified || state == EtocState::renewal_pending ||
         state == EtocState::objection;
}

bool revoked_by_act(const OperatorRecord& record) { return record.act && record.act->revoked; }

// What a list can take away: an act of revocation has taken it already.
bool is_certified(const OperatorRecord& record) {
  return listed_certified(record.etoc.state) && !revoked_by_act(record);
}

// An end that the list itself states. Whoever is named so is not gone: somebody decided it.
bool is_stated_end(EtocState state) {
  return state == EtocState::revoked || state == EtocState::surrendered || state == EtocState::expired;
}

bool has_part(const OperatorRecord& record, Register which) {
  switch (which) {
    case Register::etoc:
      return record.etoc != policy::EtocEntry{};
    case Register::plan:
      return record.plan != policy::PlanEntry{};
    case Register::refusals:
      return !record.refusals.empty();
    case Register::track_record:
      break;
  }
  return record.track_record != policy::TrackRecord{} || !record.owner_group.empty() ||
         !record.domestic_agent.empty() || !record.notification_number.empty();
}

// Whatever change made them so.
bool same_parts(OperatorRecord a, const OperatorRecord& b) {
  a.version = b.version;
  return a == b;
}

// Certificate numbers are opaque; only their case is none of anybody's business.
std::string folded(std::string_view certificate) {
  std::string out(certificate);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return out;
}

// A list's names replace ours where it has them; the name before stays known as a former one.
void take_names(policy::Names& ours, const policy::Names& listed) {
  if (!listed.ja.empty() && !ours.ja.empty() && listed.ja != ours.ja) {
    std::erase(ours.former, listed.ja);
    if (std::find(ours.former.begin(), ours.former.end(), ours.ja) == ours.former.end())
      ours.former.push_back(ours.ja);
  }
  if (!listed.ja.empty()) ours.ja = listed.ja;
  if (!listed.kana.empty()) ours.kana = listed.kana;
  if (!listed.en.empty()) ours.en = listed.en;
}

void put_row(OperatorRecord& record, Register which, const RegisterRow& row) {
  switch (which) {
    case Register::etoc:
      take_names(record.names, row.names);
      record.etoc = row.etoc;
      break;
    case Register::plan:
      record.plan = row.plan;
      break;
    case Register::refusals:
      record.refusals.push_back(row.refusal);
      break;
    case Register::track_record:
      record.track_record = row.track_record;
      record.owner_group = row.owner_group;
      record.domestic_agent = row.domestic_agent;
      record.notification_number = row.notification_number;
      break;
  }
}

void empty_part(OperatorRecord& record, Register which) {
  switch (which) {
    case Register::etoc:
      record.etoc = {};
      break;
    case Register::plan:
      record.plan = {};
      break;
    case Register::refusals:
      record.refusals.clear();
      break;
    case Register::track_record:
      record.track_record = {};
      record.owner_group.clear();
      record.domestic_agent.clear();
      record.notification_number.clear();
      break;
  }
}

class Planner {
 public:
  Planner(const policy::Registry& registry, const RegisterFile& file, const ImportRules& rules)
      : registry_(registry), file_(file), rules_(rules) {}

  ImportPlan plan() {
    find_operators();
    if (!plan_.errors.empty()) return std::move(plan_);
    for (auto row = rows_.begin(); row != rows_.end();) {
      const auto same =
          std::find_if(row, rows_.end(), [&](const auto& one) { return one.first != row->first; });
      consider_listed(row->first, {row, same});
      row = same;
    }
    registry_.each([this](const PackedRecord& record) { consider_unlisted(record); });
    // The bytes alone do not tell: a corrected mapping makes another list of the same file.
    if (!rules_.last_digest.empty() && rules_.last_digest == file_.digest && plan_.changed.empty()) {
      plan_.same_file = true;
      guard_rollback();  // an older date or serial given with it would lower the mark for every later list
      tidy();
      return std::move(plan_);
    }
    guard_rows();
    guard_rollback();
    if (file_.which == Register::etoc) {
      guard_shrink();
      guard_reinstate();
    }
    tidy();
    return std::move(plan_);
  }

 private:
  using Rows = std::vector<std::pair<OperatorId, const RegisterRow*>>;

  void find_operators() {
    for (const auto& row : file_.rows) {
      const auto id = row.id.empty() ? by_certificate(row) : row.id;
      if (id.empty()) continue;
      const auto [entry, fresh] = listed_.emplace(id.text(), row.line);
      if (!fresh && file_.which != Register::refusals && row.id.empty())
        error(row, fmt::format("by its certificate this is {}, which stands on line {} already", id.text(),
                               entry->second));
      rows_.emplace_back(id, &row);
    }
    std::stable_sort(rows_.begin(), rows_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  // A list without a corporate number: the certificate number tells whose row it is. A name only suggests.
  OperatorId by_certificate(const RegisterRow& row) {
    index_registry();
    const auto [from, until] = by_certificate_.equal_range(folded(row.etoc.certificate));
    const auto found = row.etoc.certificate.empty() ? 0 : std::distance(from, until);
    if (found == 1) return *OperatorId::parse(from->second);
    auto text = row.etoc.certificate.empty() ? std::string("the corporate number is missing")
                : found == 0                 ? "no corporate number, and no operator has the certificate '" +
                                   row.etoc.certificate + "'"
                             : "no corporate number, and several operators have the certificate '" +
                                   row.etoc.certificate + "'";
    if (const auto named = by_name_.find(row.names.ja); named != by_name_.end() && !row.names.ja.empty())
      text += fmt::format("; by its name it may be {}: if it is, write that number", named->second);
    error(row, std::move(text));
    return {};
  }

  void index_registry() {
    if (indexed_) return;
    indexed_ = true;
    registry_.each([&](const PackedRecord& packed) {
      const auto record = packed.unpack();
      if (!record.etoc.certificate.empty())
        by_certificate_.emplace(folded(record.etoc.certificate), record.id.text());
      if (!record.names.ja.empty()) by_name_.emplace(record.names.ja, record.id.text());
      for (const auto& former : record.names.former) by_name_.emplace(former, record.id.text());
    });
  }

  void error(const RegisterRow& row, std::string text) {
    if (plan_.errors.size() < 200)
      plan_.errors.push_back({file_.file, row.line, row.column, std::move(text)});
  }

  void consider_listed(const OperatorId& id, std::span<const Rows::value_type> rows) {
    const auto* packed = registry_.find(id);
    const auto old = packed ? std::optional(packed->unpack()) : std::nullopt;
    OperatorRecord next = old ? *old : OperatorRecord{.id = id, .country = id.text().substr(0, 2)};
    if (file_.which == Register::refusals) next.refusals.clear();
    for (const auto& row : rows) put_row(next, file_.which, *row.second);
    if (file_.which == Register::etoc) count_etoc(old ? &*old : nullptr, next);
    if (old && same_parts(*old, next)) return;

    (old && has_part(*old, file_.which) ? plan_.altered : plan_.added).push_back(id.text());
    change(old ? &*old : nullptr, std::move(next));
  }

  void consider_unlisted(const PackedRecord& packed) {
    if (listed_.contains(std::string(packed.id()))) return;
    const auto old = packed.unpack();
    if (!has_part(old, file_.which)) return;
    if (file_.which == Register::etoc) {
      // An old or cut list must not bring it back: a revocation outlives the row.
      if (old.etoc.state == EtocState::revoked) return;
      if (is_certified(old)) {
        ++certified_before_;
        gone_.push_back(old.id.text());
      }
    }
    OperatorRecord next = old;
    empty_part(next, file_.which);
    plan_.removed.push_back(old.id.text());
    change(&old, std::move(next));
  }

  void count_etoc(const OperatorRecord* old, const OperatorRecord& next) {
    const auto listed = next.etoc.state;
    if (listed_certified(listed)) ++certified_after_;
    if (revoked_by_act(next) && listed_certified(listed)) plan_.still_revoked.push_back(next.id.text());
    if (!old) return;
    if (is_certified(*old)) {
      ++certified_before_;
      if (!listed_certified(listed) && !is_stated_end(listed)) gone_.push_back(next.id.text());
    }
    if (old->etoc.state == EtocState::revoked && listed != EtocState::revoked)
      reinstated_.push_back(next.id.text());
  }

  void change(const OperatorRecord* old, OperatorRecord next) {
    const auto before = old ? policy::etoc_on(*old, rules_.today) : EtocState::none;
    const auto after = policy::etoc_on(next, rules_.today);
    if (after == EtocState::revoked && before != after) plan_.revoked.push_back(next.id.text());
    if (after == EtocState::expired && before != after) plan_.expired.push_back(next.id.text());
    if (before == EtocState::revoked && before != after) plan_.reinstated.push_back(next.id.text());
    next.version = {.effective = rules_.published};
    // The record has the act in it: a list that was published before it does not make it older.
    if (old && old->act && rules_.published)
      next.version.effective = std::max(*rules_.published, old->version.from());
    plan_.changed.push_back(PackedRecord::of(next));
  }

  void guard(Approval approval, std::string text) {
    if (!rules_.approved.has(approval)) plan_.guards.push_back({approval, std::move(text)});
  }

  void guard_rows() {
    if (file_.rows.size() < rules_.min_rows)
      guard(Approval::rows, fmt::format("the list has {} rows, fewer than the {} that are expected at least",
                                        file_.rows.size(), rules_.min_rows));
  }

  void guard_rollback() {
    if (rules_.published && rules_.last_published && *rules_.published < *rules_.last_published)
      guard(Approval::rollback,
            fmt::format("the list was published on {}, before the one of {} that is in force",
                        rules_.published->text(), rules_.last_published->text()));
    if (rules_.list_serial && rules_.last_list_serial && *rules_.list_serial < *rules_.last_list_serial)
      guard(Approval::rollback, fmt::format("the list has the serial {}, before the {} that is in force",
                                            *rules_.list_serial, *rules_.last_list_serial));
    if (rules_.one_list_a_serial && rules_.list_serial && rules_.list_serial == rules_.last_list_serial &&
        rules_.last_digest != file_.digest)
      guard(Approval::rollback, fmt::format("another list with the serial {} is in force; each new list has "
                                            "the next one",
                                            *rules_.list_serial));
  }

  void guard_shrink() {
    if (certified_before_ == 0) return;
    if (certified_after_ == 0)
      return guard(Approval::shrink, fmt::format("the list has no certified operator; {} are certified now",
                                                 certified_before_));
    const double share = double(gone_.size()) / double(certified_before_);
    if (gone_.empty() || share <= rules_.shrink) return;
    guard(Approval::shrink,
          fmt::format(
              "{} of {} certified operators are not certified in the list any more ({:.1f} %, allowed are "
              "{:.1f} %): {}",
              gone_.size(), certified_before_, share * 100, rules_.shrink * 100, some(gone_)));
  }

  void guard_reinstate() {
    if (!reinstated_.empty())
      guard(Approval::reinstate,
            fmt::format("the list brings back operators that are listed as revoked: {}", some(reinstated_)));
  }

  // The first few, for a message.
  static std::string some(std::vector<std::string> ids) {
    constexpr std::size_t shown = 5;
    std::sort(ids.begin(), ids.end());
    std::string out;
    for (std::size_t i = 0; i < std::min(shown, ids.size()); ++i) out += (i ? ", " : "") + ids[i];
    if (ids.size() > shown) out += fmt::format(" and {} more", ids.size() - shown);
    return out;
  }

  void tidy() {
    for (auto* ids : {&plan_.added, &plan_.altered, &plan_.removed, &plan_.revoked, &plan_.expired,
                      &plan_.still_revoked, &plan_.reinstated})
      std::sort(ids->begin(), ids->end());
    std::sort(plan_.changed.begin(), plan_.changed.end(),
              [](const auto& a, const auto& b) { return a->id() < b->id(); });
  }

  const policy::Registry& registry_;
  const RegisterFile& file_;
  const ImportRules& rules_;
  Rows rows_;                                    // by operator
  std::unordered_map<std::string, int> listed_;  // operator -> the line where it stands first
  std::unordered_multimap<std::string, std::string> by_certificate_;
  std::unordered_map<std::string, std::string> by_name_;
  bool indexed_ = false;
  std::size_t certified_before_ = 0, certified_after_ = 0;
  std::vector<std::string> gone_, reinstated_;
  ImportPlan plan_;
};

}  // namespace

ImportPlan plan_import(const policy::Registry& registry, const RegisterFile& file, const ImportRules& rules) {
  return Planner(registry, file, rules).plan();
}

}  // namespace sekisho::config
