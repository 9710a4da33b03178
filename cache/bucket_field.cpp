#include "cache/bucket_field.h"

#include <algorithm>
#include <iterator>

namespace sekisho::cache {

using policy::Bucket;
using policy::NumberType;

namespace {

static_assert(std::all_of(std::begin(policy::number_type_words), std::end(policy::number_type_words),
                          [](std::string_view word) { return word.size() <= 22; }));

void append_two_digits(FieldName& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

FieldName letter_of(const Bucket& bucket) {
  FieldName name;
  name += bucket.span() == Bucket::Span::lifetime ? 'L' : 'N';
  if (bucket.type_place() == 0) return name;
  name += '.';
  name += policy::name(static_cast<NumberType>(bucket.type_place() - 1));
  return name;
}

std::optional<Bucket> bucket_of_letter(std::string_view name) {
  if (!name.starts_with('L') && !name.starts_with('N')) return std::nullopt;
  const auto plain = name[0] == 'L' ? Bucket::of_lifetime() : Bucket::of_held();
  if (name.size() == 1) return plain;
  const auto type = name[1] == '.' ? policy::parse_word<NumberType>(name.substr(2)) : std::nullopt;
  return type ? std::optional(plain.of(*type)) : std::nullopt;
}

}  // namespace

Counts hash_of(const Bucket& bucket) {
  return bucket.span() == Bucket::Span::day     ? Counts::days
         : bucket.span() == Bucket::Span::month ? Counts::months
                                                : Counts::usage;
}

BucketField field_of(const Bucket& bucket) {
  BucketField field{hash_of(bucket), {}};
  if (field.in == Counts::usage) return {field.in, letter_of(bucket)};
  const bool daily = field.in == Counts::days;
  const auto date = bucket.day().ymd();
  append_two_digits(field.name, static_cast<unsigned>(static_cast<int>(date.year())));
  append_two_digits(field.name, static_cast<unsigned>(date.month()));
  if (daily) append_two_digits(field.name, static_cast<unsigned>(date.day()));
  append_two_digits(field.name, bucket.type_place());
  return field;
}

std::optional<Bucket> bucket_of(Counts in, std::string_view name) {
  if (in == Counts::usage) return bucket_of_letter(name);
  const bool daily = in == Counts::days;
  if (name.size() != (daily ? 8 : 6)) return std::nullopt;
  for (const char c : name)
    if (c < '0' || c > '9') return std::nullopt;
  const auto two_digits = [&](std::size_t at) {
    return static_cast<unsigned>(10 * (name[at] - '0') + (name[at + 1] - '0'));
  };
  const std::chrono::year_month_day date(std::chrono::year(2000 + static_cast<int>(two_digits(0))),
                                         std::chrono::month(two_digits(2)),
                                         std::chrono::day(daily ? two_digits(4) : 1));
  const auto type = two_digits(name.size() - 2);
  if (!date.ok() || type > policy::count_of<NumberType>()) return std::nullopt;
  const policy::JstDate day{std::chrono::sys_days(date)};
  const auto plain = daily ? Bucket::of_day(day) : Bucket::of_month(day);
  return type == 0 ? plain : plain.of(static_cast<NumberType>(type - 1));
}

FirstCounted first_counted(policy::JstDate today, int keep_days) {
  const auto day = today.plus(-keep_days);
  return {day, day.fiscal_year_begin()};
}

RunsOut runs_out(policy::JstDate newest, int keep_days) {
  const auto year_end = newest.fiscal_year_begin().plus_months(12);
  return {newest.plus(keep_days + 1).begins(), year_end.plus(keep_days).begins()};
}

}  // namespace sekisho::cache
