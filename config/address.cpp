#include "config/address.h"

#include <algorithm>
#include <charconv>

namespace sekisho::config {
namespace {

struct Authority {
  std::string host;
  std::optional<std::uint16_t> port;
};

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto* end = text.data() + text.size();
  const auto [stopped, trouble] = std::from_chars(text.data(), end, value);
  if (text.empty() || !is_alnum(text[0]) || trouble != std::errc() || stopped != end) return std::nullopt;
  return value;
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 253 && is_alnum(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != text.npos && text.find_first_not_of("0123456789abcdefABCDEF:.") == text.npos;
}

// "host", "host:80", "[::1]", "[::1]:80"
std::optional<Authority> parse_authority(std::string_view text) {
  Authority out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos || !is_ipv6(text.substr(1, end - 1))) return std::nullopt;
    out.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    if (!is_host(text.substr(0, colon))) return std::nullopt;
    out.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (rest.empty()) return out;
  if (rest[0] != ':') return std::nullopt;
  out.port = parse_number<std::uint16_t>(rest.substr(1));
  if (!out.port) return std::nullopt;
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto* end = text.data() + i + 3;
    if (std::from_chars(text.data() + i + 1, end, value, 16).ptr != end || value == 0) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

bool is_base_path(std::string_view path) {
  if (path.find("//") != path.npos || (std::string(path) + "/").find("/../") != std::string::npos)
    return false;
  return std::all_of(path.begin(), path.end(), [](char c) {
    return is_alnum(c) || std::string_view("/-._~!$&'()*+,=:@").find(c) != std::string_view::npos;
  });
}

// The part before "@", and the rest. Nothing when it is not "user:password".
bool take_credentials(std::string_view& rest, RedisSettings& out) {
  const auto at = rest.rfind('@');
  if (at == rest.npos) return true;
  const auto credentials = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  const auto colon = credentials.find(':');
  if (colon == credentials.npos) return false;
  const auto user = percent_decode(credentials.substr(0, colon));
  const auto password = percent_decode(credentials.substr(colon + 1));
  if (!user || !password || password->empty()) return false;
  out.username = *user;
  out.password = *password;
  return true;
}

// "host[:port],host[:port]": each once.
std::optional<std::vector<Address>> parse_peers(std::string_view list, std::uint16_t usual_port) {
  std::vector<Address> out;
  while (true) {
    const auto comma = std::min(list.find(','), list.size());
    const auto authority = parse_authority(list.substr(0, comma));
    if (!authority || authority->port == 0) return std::nullopt;
    Address peer{.host = authority->host, .port = authority->port.value_or(usual_port)};
    const auto same = [&](const Address& other) { return other.text() == peer.text(); };
    if (std::any_of(out.begin(), out.end(), same)) return std::nullopt;
    out.push_back(std::move(peer));
    if (comma == list.size()) return out;
    list.remove_prefix(comma + 1);
  }
}

// "", "/" or "/3"
constexpr auto no_database = "expected a database's number at the end of the URL of Redis";
bool take_database(std::string_view path, RedisSettings& out) {
  if (path.size() <= 1) return true;
  const auto number = parse_number<std::uint16_t>(path.substr(1));
  if (number) out.database = *number;
  return number.has_value();
}

// The characters that sentinel.conf allows.
bool is_master_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

std::variant<RedisSettings, std::string> parse_sentinels(std::string_view rest, RedisSettings out) {
  out.setup = RedisSettings::Setup::sentinel;
  const auto slash = std::min(rest.find('/'), rest.size());
  auto peers = parse_peers(rest.substr(0, slash), 26379);
  if (!peers) return "expected the sentinels before the name: redis+sentinel://host[:port],host[:port]/name";
  out.peers = std::move(*peers);
  rest.remove_prefix(slash);
  if (rest.starts_with('/')) rest.remove_prefix(1);
  const auto end = std::min(rest.find('/'), rest.size());
  if (!is_master_name(rest.substr(0, end)))
    return "expected the master's name behind the sentinels: redis+sentinel://host[:port]/name[/database]";
  out.master = rest.substr(0, end);
  if (!take_database(rest.substr(end), out)) return no_database;
  return out;
}

std::variant<RedisSettings, std::string> parse_cluster(std::string_view rest, RedisSettings out) {
  out.setup = RedisSettings::Setup::cluster;
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != rest.npos) return "a cluster has one database; nothing stands behind its hosts";
  auto peers = parse_peers(rest, 6379);
  if (!peers) return "expected nodes of the cluster, each once: redis+cluster://host[:port],host[:port]";
  out.peers = std::move(*peers);
  return out;
}

}  // namespace

std::string Address::text() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  const bool brackets = host.find(':') != host.npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Address::is_local() const {
  return !unix_path.empty() || host.starts_with("127.") || host == "::1" || host == "localhost";
}

std::optional<Address> Address::parse(const std::string& text) {
  if (text.starts_with("unix:")) {
    const auto path = text.substr(5);
    // The system's limit for the path of a socket is 107 bytes.
    if (path.empty() || path.size() > 107) return std::nullopt;
    return Address{.unix_path = path};
  }
  const auto authority = parse_authority(text);
  if (!authority || !authority->port) return std::nullopt;
  return Address{.host = authority->host, .port = *authority->port};
}

std::variant<RedisSettings, std::string> parse_redis_url(std::string_view url) {
  RedisSettings out;
  const auto colon = url.find("://");
  if (colon == url.npos) return "expected a URL such as redis://127.0.0.1:6379";
  const auto scheme = url.substr(0, colon);
  auto rest = url.substr(colon + 3);
  const bool sentinel = scheme == "redis+sentinel" || scheme == "rediss+sentinel";
  const bool cluster = scheme == "redis+cluster" || scheme == "rediss+cluster";
  out.secure = scheme.starts_with("rediss");
  if (scheme != "redis" && scheme != "rediss" && scheme != "unix" && !sentinel && !cluster)
    return "the URL of Redis begins with redis://, redis+sentinel://, redis+cluster://, each also with "
           "rediss "
           "for TLS, or with unix://";
  if (rest.find_first_of("?#") != rest.npos)
    return "the URL of Redis has no '?' and no '#' part; encode them (%3F, %23)";
  if (!take_credentials(rest, out))
    return "before '@' stands user:password, percent-encoded, the user may be empty";
  if (sentinel) return parse_sentinels(rest, std::move(out));
  if (cluster) return parse_cluster(rest, std::move(out));
  if (scheme == "unix") {
    if (!rest.starts_with('/') || rest.size() < 2 || rest.size() > 107)
      return "expected a socket's absolute path, as in unix:///run/redis.sock";
    out.unix_path = rest;
    return out;
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto authority = parse_authority(rest.substr(0, slash));
  if (!authority || authority->port == 0) return "expected host[:port] in the URL of Redis";
  out.host = authority->host;
  out.port = authority->port.value_or(out.port);
  if (!take_database(rest.substr(slash), out)) return no_database;
  return out;
}

std::variant<policy::Endpoint, std::string> parse_endpoint(std::string_view url) {
  policy::Endpoint out;
  out.tls = url.starts_with("https://");
  if (!out.tls && !url.starts_with("http://")) return "an endpoint begins with https:// or http://";
  auto rest = url.substr(out.tls ? 8 : 7);
  if (rest.find('@') != rest.npos) return "an endpoint has no credentials; put them under 'headers'";
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto authority = parse_authority(rest.substr(0, slash));
  if (!authority || authority->port == 0) return "expected https://host[:port][/base/path]";
  out.host = authority->host;
  out.port = authority->port.value_or(out.tls ? 443 : 80);
  auto base = rest.substr(slash);
  if (!is_base_path(base)) return "an endpoint's path is plain: no '?', '#', '%', ';', '//' or '..'";
  if (base.ends_with('/')) base.remove_suffix(1);
  out.base_path = base;
  return out;
}

}  // namespace sekisho::config
