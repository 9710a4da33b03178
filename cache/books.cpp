#include "cache/books.h"

namespace sekisho::cache {

void UnderWay::begin(std::uint64_t place) {
  const std::lock_guard lock(mutex_);
  places_.insert(place);
}

void UnderWay::end(std::uint64_t place) {
  const std::lock_guard lock(mutex_);
  if (const auto found = places_.find(place); found != places_.end()) places_.erase(found);
}

std::uint64_t UnderWay::lowest() const {
  const std::lock_guard lock(mutex_);
  return places_.empty() ? std::numeric_limits<std::uint64_t>::max() : *places_.begin();
}

std::uint64_t Ordinals::begin() {
  const std::lock_guard lock(mutex_);
  under_way_.insert(next_);
  return next_++;
}

void Ordinals::end(std::uint64_t ordinal) {
  const std::lock_guard lock(mutex_);
  under_way_.erase(ordinal);
}

std::uint64_t Ordinals::floor() const {
  const std::lock_guard lock(mutex_);
  return under_way_.empty() ? next_ : *under_way_.begin();
}

void LiveHolds::begin(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ids_.insert(id);
}

void LiveHolds::end(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ids_.erase(id);
}

std::set<std::string> LiveHolds::all() const {
  const std::lock_guard lock(mutex_);
  return ids_;
}

// The position is written before the epoch and read after it: who sees an epoch sees a position of it, or a
// newer one.
Footing Books::footing() const {
  const auto epoch = epoch_.load();
  return {epoch, position_.load(), servers_.load()};
}

void Books::stand_on(Footing footing) {
  position_.store(footing.position);
  servers_.store(footing.servers);
  epoch_.store(footing.epoch);
}

void Books::close() { epoch_.store(0); }

void Books::suspect() {
  close();
  if (on_suspicion) on_suspicion();
}

void Books::miss(std::uint64_t epoch) {
  missed_.store(epoch);
  suspect();
}

}  // namespace sekisho::cache
