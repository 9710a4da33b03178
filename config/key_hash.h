// A secret as files have it: the SHA-256 of its bytes, never the secret itself.
#pragma once

#include <string>

#include "config/digest.h"
#include "config/yaml.h"

namespace sekisho::config {

// Messages never repeat it: somebody may have written the key itself.
struct KeyHash {
  using type = Digest;
  bool read(Document& document, const Node& node, Digest& out) const;
  std::string says() const { return "the SHA-256 of the key, 64 lower-case hexadecimal digits"; }
};

}  // namespace sekisho::config
