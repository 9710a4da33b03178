// How fast clients and sources may call. All workers of a gateway count together, under a lock that is held
// for one look-up.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <unordered_map>

#include "config/clients.h"
#include "gateway/source_table.h"

namespace sekisho::gateway {

// What gives numbers back or looks after an order is shed last: it has room when orders have none any more.
enum class Shed { first, last };

class Rates {
 public:
  using Time = SourceTable::Time;
  using Nanoseconds = std::chrono::nanoseconds;

  explicit Rates(std::uint64_t secret) : sources_(secret) {}

  // Zero: the call is within the rate, and counted. Else how long until one would be.
  Nanoseconds client(const config::Client& client, Shed shed, Time now);  // one without a rate: zero
  Nanoseconds source(const config::AddressBytes& source, const policy::Throttle& rate, Shed shed, Time now);

 private:
  std::mutex lock_;
  std::unordered_map<std::string, Time> clients_;  // by id; when the bucket is empty
  SourceTable sources_;
};

// A call into a bucket that holds `burst`, or twice as many for what is shed last, and is full no more when
// time has emptied it.
Rates::Nanoseconds count_call(Rates::Time& empty_at, const policy::Throttle& rate, Shed shed,
                              Rates::Time now);

}  // namespace sekisho::gateway
