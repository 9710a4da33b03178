// Keeps a gateway's registry in step with Redis: loads it once, then follows the stream of changes, and swaps
// whole.
//
// Always true: an operator revoked in a snapshot stays revoked in every later one until a later act of
// reinstatement, also when Redis came back with older data. `in_step_at` never claims more than was certain:
// it is the moment before the question whose answer showed that nothing was missing.
//
// Lives on one thread, with a link of its own (it blocks in XREAD).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "cache/registry_store.h"

namespace sekisho::cache {

// Milliseconds of a clock that also counts while the machine or the process is suspended.
std::int64_t boot_ms();

class RegistryFollower {
 public:
  using Publish = std::function<void(std::shared_ptr<const policy::Registry>, const RegistryEvent* event)>;

  // `in_step_at` is set to the moment (boot_ms) when this gateway was last certain to have every change; 0:
  // never.
  RegistryFollower(boost::asio::any_io_executor executor, const config::RedisSettings& settings,
                   std::atomic<std::int64_t>& in_step_at, Publish publish);
  void start();
  void stop();

 private:
  Task<> run();
  Task<bool> load_whole();
  Task<bool> follow_once();
  void apply(RegistryEvent event);

  RedisLink link_;
  RegistryStore store_;
  const Publish publish_;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<const policy::Registry> current_;
  std::array<policy::SourceStatus, 4> sources_{};
  EventAssembler assembler_;
  std::string epoch_, last_id_;
  bool missed_ = false;  // a hole in the serials: load whole
  bool stopped_ = false;
  std::atomic<std::int64_t>& in_step_at_;
};

}  // namespace sekisho::cache
