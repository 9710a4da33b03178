// The Lua scripts of cache/lua, compiled in (CMakeLists.txt turns the files into scripts.cpp).
#pragma once

#include <string>
#include <string_view>

namespace sekisho::cache {

struct Script {
  std::string_view name, source;
  std::string digest;  // SHA-1 of the source, hex: how EVALSHA names it
};
const Script& script(std::string_view name);

}  // namespace sekisho::cache
