#include "cache/scripts.h"

#include <openssl/evp.h>

#include <stdexcept>
#include <vector>

#include "cache/lua_sources.inc"  // made from cache/lua/*.lua by CMakeLists.txt: {"name", R"lua(source)lua"},

namespace sekisho::cache {
namespace {

std::string sha1(std::string_view text) {
  unsigned char digest[20];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  std::string hex;
  for (unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::vector<Script> load() {
  std::vector<Script> all;
  for (const auto& [name, source] : lua_sources) all.push_back({name, source, sha1(source)});
  return all;
}

}  // namespace

const Script& script(std::string_view name) {
  static const std::vector<Script> all = load();
  for (const auto& one : all)
    if (one.name == name) return one;
  throw std::logic_error("no Lua script named " + std::string(name));
}

}  // namespace sekisho::cache
