// Where others listen, as URLs in files: Redis, and a carrier's endpoints. Errors never repeat the URL: it
// may hold a password.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "config/settings.h"
#include "policy/adapter.h"

namespace sekisho::config {

// redis://[user:password@]host[:port][/database], unix:///path,
// redis+sentinel://[user:password@]host[:port][,host[:port]...]/master[/database],
// redis+cluster://[user:password@]host[:port][,host[:port]...]. User and password percent-encoded.
std::variant<RedisSettings, std::string> parse_redis_url(std::string_view url);

// http[s]://host[:port][/base/path]. The host of an IPv6 address is kept without its brackets.
std::variant<policy::Endpoint, std::string> parse_endpoint(std::string_view url);

}  // namespace sekisho::config
