// The collector of traces: one connection, kept for the next batch. Lives on one thread.
#pragma once

#include <memory>
#include <string>

#include "cache/task.h"
#include "config/settings.h"
#include "gateway/collector_answer.h"
#include "gateway/watchdog.h"

namespace sekisho::gateway {

using cache::Task;
namespace asio = boost::asio;

class Collector {
 public:
  // `settings` outlives it, and names a collector.
  Collector(asio::any_io_executor executor, Watchdog& dog, const config::TraceSettings& settings);
  ~Collector();

  // Sends one batch, within the time that the settings give it. Whatever goes wrong is `later`: a span that
  // is told twice is the same span.
  Task<CollectorAnswer> send(std::string body);
  void give_up();  // whatever waits ends now, and nothing is sent any more

 private:
  class Connection;
  Task<bool> connect(std::string& why_not);

  asio::any_io_executor executor_;
  Watchdog& dog_;
  const config::TraceSettings& settings_;
  std::unique_ptr<Connection> connection_;
  bool given_up_ = false;
};

}  // namespace sekisho::gateway
