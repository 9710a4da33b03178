// The inputs that are kept, as the tests beside the fuzzers read them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/target.h"

namespace sekisho::fuzz {

inline const std::filesystem::path home = std::filesystem::path(SEKISHO_SOURCE_DIR) / "tests/fuzz";

inline std::vector<const Target*> targets() {  // by name
  auto all = Target::all();
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->name < b->name; });
  return all;
}

inline std::vector<std::filesystem::path> kept(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// The corpus, and what was ever found.
inline std::vector<std::filesystem::path> kept(const Target& target) {
  auto files = kept(home / "corpus" / target.name);
  std::ranges::copy(kept(home / "found" / target.name), std::back_inserter(files));
  return files;
}

// Exactly as many bytes as there are, so that a reader beyond them is seen where somebody looks for that.
inline std::vector<char> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace sekisho::fuzz
