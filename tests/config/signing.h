// Keys and trust files for tests about signed lists.
#pragma once

#include <string>
#include <vector>

#include "config/ed25519.h"
#include "config/list_keys.h"

namespace sekisho::config {

inline PrivateKey test_key(unsigned char number) {
  std::array<unsigned char, 32> seed{};
  seed.fill(number);
  return PrivateKey::of_seed(seed);
}
inline std::string test_public(unsigned char number) { return base64(test_key(number).public_key()); }

// Keys "k1", "k2" and so on, each the `test_key` of its number; `registers` of a key as YAML, or nothing.
struct TestKey {
  int number = 0;
  std::string registers = {};
};
inline std::string trust_text(int version, int threshold, const std::vector<TestKey>& keys) {
  auto text = "schema: sekisho/list-keys/v1\nversion: " + std::to_string(version) +
              "\nthreshold: " + std::to_string(threshold) + "\nkeys:\n";
  for (const auto& key : keys)
    text += "  - { id: k" + std::to_string(key.number) + ", public: \"" +
            test_public(static_cast<unsigned char>(key.number)) + "\"" +
            (key.registers.empty() ? "" : ", registers: " + key.registers) + " }\n";
  return text;
}
inline Loaded<ListKeys> trust(int version, int threshold, const std::vector<TestKey>& keys) {
  return read_list_keys("list-keys.yaml", trust_text(version, threshold, keys));
}

}  // namespace sekisho::config
