// What every record of the journal is written with: the fields of a JSON object, as `Journal::append` takes
// them.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace sekisho::cache {

// The journal writes the braces, and what stands in every record.
inline std::string inside(const boost::json::object& object) {
  const auto text = boost::json::serialize(object);
  return text.substr(1, text.size() - 2);
}

inline boost::json::array strings(const std::vector<std::string>& list) {
  boost::json::array out;
  for (const auto& one : list) out.emplace_back(one);
  return out;
}

}  // namespace sekisho::cache
