// Request targets and hosts: which forms the gate takes, and none that two readers could take for two things.
//
// For the readers only; nothing outside gateway/http includes it.
#pragma once

#include <string>
#include <string_view>

namespace sekisho::http {

// A Host header's value: a name, an IPv4 address or an IPv6 literal in brackets, and a port if any. Not
// empty.
bool is_host(std::string_view host);

// Puts `target` into origin form ("/path?query"). Says what is wrong with it, or nothing.
//
// Absolute form ("http://host/path") is taken when its authority equals `host`. Refused: a fragment, bytes
// that RFC 3986 does not allow (brackets, braces, "|" and "^" pass in the query, where many clients leave
// them raw), a "%" without two hex digits, "%00", and dot segments in the path ("..", "%2e%2e", "..;x"),
// which a carrier may resolve into another path than the one that was judged.
const char* to_origin_form(std::string& target, std::string_view host);

}  // namespace sekisho::http
