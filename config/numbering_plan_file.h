// A numbering plan from a file (schema sekisho/numbering-plan/v1), or the one that is compiled in.
//
// Every type has a pattern, and no number is of two types on one day, unless the file says which one counts
// (`last`).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "config/file_error.h"
#include "policy/numbering_plan.h"

namespace sekisho::config {

// The text of config/numbering-plan.yaml as it was when this was built.
std::string_view shipped_numbering_plan();

// An empty path: the shipped one. `digest`: the SHA-256 (hex) of the bytes that were read.
Loaded<policy::NumberingPlan> load_numbering_plan(const std::filesystem::path& file, std::string& digest);
Loaded<policy::NumberingPlan> load_numbering_plan(const std::filesystem::path& file = {});

}  // namespace sekisho::config
