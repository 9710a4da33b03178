#include "config/key_hash.h"

namespace sekisho::config {

bool KeyHash::read(Document& document, const Node& node, Digest& out) const {
  const bool good = node.kind == Node::Kind::scalar && read_sha256_hex(node.text, out);
  if (!good) document.error(node.place, "expected " + says() + "; 'sekisho client hash' prints it");
  return good;
}

}  // namespace sekisho::config
