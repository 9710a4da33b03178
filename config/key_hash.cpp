#include "config/key_hash.h"

#include <cstring>

namespace sekisho::config {

std::size_t KeyDigestHash::operator()(const KeyDigest& digest) const {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

bool KeyHash::read(Document& document, const Node& node, KeyDigest& out) const {
  const auto value = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  bool good = node.kind == Node::Kind::scalar && node.text.size() == 2 * out.size();
  for (std::size_t i = 0; good && i < out.size(); ++i) {
    const int high = value(node.text[2 * i]), low = value(node.text[2 * i + 1]);
    good = high >= 0 && low >= 0;
    out[i] = static_cast<unsigned char>(high * 16 + low);
  }
  if (!good) document.error(node.place, "expected " + says() + "; 'sekisho client hash' prints it");
  return good;
}

}  // namespace sekisho::config
