// A JSON body that every careful parser reads alike.
//
// Beyond what JSON itself forbids, refused: a byte order mark, repeated keys at any depth (after unescaping),
// keys with a NUL, unpaired surrogates, more than 32 levels.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

namespace sekisho::policy {

inline constexpr int json_depth_max = 32;

// Why the body is refused, as a sentence; empty when it is not. `root` is good until the next read on this
// thread.
std::string read_strict_json(std::string_view body, simdjson::dom::element& root);

}  // namespace sekisho::policy
