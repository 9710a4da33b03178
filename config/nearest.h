// "did you mean ...": the known word that a mistyped one most likely stands for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sekisho::config {

// "; did you mean 'when'?", or nothing when no candidate is near (one slip for every three letters).
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace sekisho::config
