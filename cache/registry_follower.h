// Keeps a gateway's registry in step with Redis: begins with the copy on disk, loads what it must, follows
// the stream of changes, and swaps whole. What it knows and how that grows is registry_replica.h; here are
// the link, the disk and the clock.
//
// Always true: `in_step_at` never claims more than was certain. It is the moment before the question whose
// answer showed that nothing was missing.
//
// Lives on one thread, with a link of its own (it blocks in XREAD).
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "cache/registry_copy.h"
#include "cache/registry_replica.h"
#include "cache/registry_store.h"

namespace sekisho::cache {

class RegistryFollower {
 public:
  // What is new: changes, or a registry that was loaded whole (no changes then).
  struct News {
    std::shared_ptr<const policy::Registry> registry;
    std::span<const RegistryEvent> changes;
    enum class From { copy, redis, stream } from = From::stream;
    policy::Instant seen_at{};  // copy: until when it was in step
    std::string trouble;        // what could not be read of the copy; a restore that was due
  };
  using Publish = std::function<void(const News&)>;
  struct Options {
    std::filesystem::path copy;  // empty: none
    std::string gateway;         // who restores what Redis has lost
  };

  // `in_step_at` is set to the moment (boot_ms) when this gateway was last certain to have every change; 0:
  // never.
  RegistryFollower(boost::asio::any_io_executor executor, const config::RedisSettings& settings,
                   Options options, std::atomic<std::int64_t>& in_step_at, Publish publish);
  void start();  // publishes the copy at once, if there is one
  void stop();
  std::string copy_trouble() const {
    return copy_.trouble();
  }  // why the copy cannot be written; empty: it can

 private:
  Task<> run();
  Task<bool> load_whole();
  Task<bool> still_settling();
  Task<> restore(std::vector<policy::RecordPtr> lost);
  Task<bool> follow_once();
  void apply(std::vector<RegistryEvent> events);
  void note_seen();

  RedisLink link_;
  RegistryStore store_;
  const Options options_;
  const Publish publish_;
  boost::asio::any_io_executor executor_;
  RegistryReplica replica_;
  RegistryCopy copy_;
  std::int64_t noted_at_ = 0;
  bool missed_ = true;  // load whole before anything else
  bool stopped_ = false;
  std::atomic<std::int64_t>& in_step_at_;
};

}  // namespace sekisho::cache
