#include "cache/registry_change.h"

#include <charconv>

namespace sekisho::cache {

std::string meta_field(policy::Register which, std::string_view what) {
  return std::string(policy::name(which)) + "." + std::string(what);
}

policy::Sources sources_of(const RegistryFields& fields) {
  policy::Sources out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto which = static_cast<policy::Register>(i);
    const auto number = [&](std::string_view what) {
      std::uint64_t value = 0;
      const auto found = fields.find(meta_field(which, what));
      if (found != fields.end())
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
      return value;
    };
    out[i].serial = number("serial");
    out[i].rows = number("rows");
    if (const auto at = number("verified_at")) out[i].verified_at = policy::from_ms(std::int64_t(at));
  }
  return out;
}

}  // namespace sekisho::cache
