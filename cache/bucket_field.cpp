#include "cache/bucket_field.h"

#include <fmt/format.h>

namespace sekisho::cache {

using policy::NumberType;

BucketField field_of(std::string_view bucket) {
  const auto dot = bucket.find('.');
  const auto plain = bucket.substr(0, dot);
  if (plain[0] != 'D' && plain[0] != 'M') return {Counts::usage, std::string(bucket)};
  int type = 0;
  if (dot != std::string_view::npos)
    type = 1 + static_cast<int>(policy::parse_word<NumberType>(bucket.substr(dot + 1)).value());
  BucketField field{plain[0] == 'D' ? Counts::days : Counts::months, std::string(plain.substr(3))};
  field.name += static_cast<char>('0' + type / 10);
  field.name += static_cast<char>('0' + type % 10);
  return field;
}

std::optional<std::string> bucket_of(Counts in, std::string_view name) {
  if (in == Counts::usage)
    return name[0] == 'L' || name[0] == 'N' ? std::optional(std::string(name)) : std::nullopt;
  const std::size_t size = in == Counts::days ? 8 : 6;
  if (name.size() != size) return std::nullopt;
  for (const char c : name)
    if (c < '0' || c > '9') return std::nullopt;
  const auto type = std::size_t(name[size - 2] - '0') * 10 + std::size_t(name[size - 1] - '0');
  if (type > policy::count_of<NumberType>()) return std::nullopt;
  auto bucket = fmt::format("{}20{}", in == Counts::days ? 'D' : 'M', name.substr(0, size - 2));
  if (type > 0) bucket += "." + std::string(policy::name(static_cast<NumberType>(type - 1)));
  return bucket;
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
