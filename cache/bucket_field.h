// Where the ledger in Redis keeps a bucket (policy/usage.h): in which of an operator's three hashes, and
// under which name. Pure.
//
// What is counted of days and of months lies apart from the rest, because it goes by itself: each of those
// two hashes runs out when no limit can ask for its newest bucket any more. Their fields are digits, which
// Redis packs into four bytes: year, month (and day), then 00 for all types, or the place of one type in
// policy::number_type_words counted from 1. What was taken of mobile numbers on 24 November 2026 is 26112409
// among the days. In the lifetime's hash "L" and "N" (held now) count all types, "L.mobile" one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/bucket.h"

namespace sekisho::cache {

enum class Counts { usage, days, months };

// A short text in place: a hold names some forty of them.
class FieldName {
 public:
  operator std::string_view() const { return {text_, size_}; }
  FieldName& operator+=(char c) { return text_[size_++] = c, *this; }
  FieldName& operator+=(std::string_view more) {
    more.copy(text_ + size_, more.size());
    return size_ += more.size(), *this;
  }

 private:
  char text_[24];  // the longest is "L." and a number type
  std::size_t size_ = 0;
};

struct BucketField {
  Counts in{};
  FieldName name;
};

Counts hash_of(const policy::Bucket& bucket);
BucketField field_of(const policy::Bucket& bucket);
// Nothing for a field that is no bucket: a throttle, the fence.
std::optional<policy::Bucket> bucket_of(Counts in, std::string_view name);

// The first day that the ledger still counts on `today`; and of months, the first of that day's fiscal year.
// What lies before is swept, or runs out.
struct FirstCounted {
  policy::JstDate day, month;
};
FirstCounted first_counted(policy::JstDate today, int keep_days);

// When the hashes run out whose newest bucket is of this day: the moment from which nothing in them counts.
struct RunsOut {
  policy::Instant days{}, months{};
};
RunsOut runs_out(policy::JstDate newest, int keep_days);

}  // namespace sekisho::cache
