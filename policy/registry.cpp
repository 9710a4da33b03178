#include "policy/registry.h"

#include <algorithm>
#include <functional>

namespace sekisho::policy {
namespace {

// Where a record stands: six bits for each of three levels, and 32 others as the tag in a leaf.
struct Place {
  std::uint64_t hash;
  explicit Place(std::string_view id) : hash(std::hash<std::string_view>{}(id)) {}
  std::size_t branch() const { return hash >> 58; }
  std::size_t twig() const { return hash >> 52 & 63; }
  std::size_t leaf() const { return hash >> 46 & 63; }
  std::uint32_t tag() const { return static_cast<std::uint32_t>(hash); }
};

// The changes that share a piece of the tree, from the front of those that are sorted by place.
template <class Change, class Level>
std::span<const Change> take_alike(std::span<const Change>& changes, Level level) {
  const auto alike = std::find_if(changes.begin(), changes.end(), [&](const Change& change) {
    return level(change.place) != level(changes.front().place);
  });
  const auto taken = changes.first(static_cast<std::size_t>(alike - changes.begin()));
  changes = changes.subspan(taken.size());
  return taken;
}

}  // namespace

struct Registry::Change {
  Place place;
  RecordPtr record;
};

const Registry::Slot* Registry::slot(std::string_view id) const {
  const Place place(id);
  const auto& branch = root_[place.branch()];
  if (!branch) return nullptr;
  const auto& twig = branch->twigs[place.twig()];
  if (!twig) return nullptr;
  for (const auto& slot : twig->leaves[place.leaf()].all())
    if (slot.tag == place.tag() && slot.record->id() == id) return &slot;
  return nullptr;
}

const PackedRecord* Registry::find(std::string_view id) const {
  const auto* found = slot(id);
  return found ? found->record.get() : nullptr;
}

RecordPtr Registry::share(std::string_view id) const {
  const auto* found = slot(id);
  return found ? found->record : nullptr;
}

const PackedRecord* Registry::acting_for(std::string_view id, JstDate day) const {
  const auto* acting = find(id);
  for (int hops = 0; acting && hops < mergers_max && !acting->merged_into().empty(); ++hops) {
    bool refused = etoc_on(*acting, day) == EtocState::revoked;
    acting->each_refusal([&](const auto& terms) { refused |= terms.in_force(std::nullopt, day); });
    if (refused) return acting;
    const auto* successor = find(acting->merged_into());
    if (!successor) return acting;
    acting = successor;
  }
  return acting;
}

Registry::Leaf Registry::grown(const Leaf& old, std::span<const Change> changes) {
  std::vector<Slot> slots(old.all().begin(), old.all().end());
  for (const auto& change : changes) {
    const auto same = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) {
      return slot.tag == change.place.tag() && slot.record->id() == change.record->id();
    });
    if (same == slots.end())
      slots.push_back({change.place.tag(), change.record});
    else
      same->record = change.record;
  }
  auto kept = std::make_shared<Slot[]>(slots.size());
  std::move(slots.begin(), slots.end(), kept.get());
  return {std::move(kept), static_cast<std::uint32_t>(slots.size())};
}

std::shared_ptr<const Registry> Registry::with(std::vector<RecordPtr> changed, std::uint64_t serial,
                                               const Sources& sources) const {
  std::vector<Change> sorted;
  sorted.reserve(changed.size());
  for (auto& record : changed) {
    const Place place(record->id());
    sorted.push_back({place, std::move(record)});
  }
  // Stable: of two records of one operator the last must stay the last.
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Change& a, const Change& b) { return a.place.hash >> 46 < b.place.hash >> 46; });

  auto next = std::make_shared<Registry>(*this);  // copies 64 pointers
  next->serial_ = serial;
  next->sources_ = sources;
  for (std::span<const Change> all = sorted; !all.empty();) {
    auto in_branch = take_alike(all, [](const Place& place) { return place.branch(); });
    auto& branch_at = next->root_[in_branch.front().place.branch()];
    auto branch = branch_at ? std::make_shared<Branch>(*branch_at) : std::make_shared<Branch>();
    while (!in_branch.empty()) {
      auto in_twig = take_alike(in_branch, [](const Place& place) { return place.twig(); });
      auto& twig_at = branch->twigs[in_twig.front().place.twig()];
      auto twig = twig_at ? std::make_shared<Twig>(*twig_at) : std::make_shared<Twig>();
      while (!in_twig.empty()) {
        const auto in_leaf = take_alike(in_twig, [](const Place& place) { return place.leaf(); });
        auto& leaf = twig->leaves[in_leaf.front().place.leaf()];
        const auto before = leaf.count;
        leaf = grown(leaf, in_leaf);
        next->size_ += leaf.count - before;
      }
      twig_at = std::move(twig);
    }
    branch_at = std::move(branch);
  }
  return next;
}

}  // namespace sekisho::policy
