// A secret as files have it: the SHA-256 of its bytes, never the secret itself.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "config/yaml.h"

namespace sekisho::config {

using KeyDigest = std::array<unsigned char, 32>;
struct KeyDigestHash {
  std::size_t operator()(const KeyDigest& digest) const;  // its first bytes: they are uniform already
};

// Messages never repeat it: somebody may have written the key itself.
struct KeyHash {
  using type = KeyDigest;
  bool read(Document& document, const Node& node, KeyDigest& out) const;
  std::string says() const { return "the SHA-256 of the key, 64 lower-case hexadecimal digits"; }
};

}  // namespace sekisho::config
