// Works off what the ledger could not take at once (cache/bookkeeper.h), every 20 ms. Lives on its worker's
// thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "cache/bookkeeper.h"

namespace sekisho::gateway {

using cache::Task;

class Settlements {
 public:
  Settlements(boost::asio::any_io_executor executor, cache::Bookkeeper& books)
      : executor_(std::move(executor)), books_(books) {}
  void start();
  void stop() { stopped_ = true; }

 private:
  Task<> work_off();

  boost::asio::any_io_executor executor_;
  cache::Bookkeeper& books_;
  bool stopped_ = false;
};

}  // namespace sekisho::gateway
