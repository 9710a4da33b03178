#include "cache/net/connect.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

namespace sekisho::net {
using asio::ip::tcp;

Task<bool> connect(Stream::Socket& socket, std::string host, std::uint16_t port, const bool& given_up) {
  error_code failed;
  std::vector<tcp::endpoint> candidates;
  const auto literal = asio::ip::make_address(host, failed);
  if (!failed) {
    candidates.emplace_back(literal, port);
  } else {
    tcp::resolver resolver(socket.get_executor());
    const auto found = co_await resolver.async_resolve(host, std::to_string(port),
                                                       asio::redirect_error(asio::use_awaitable, failed));
    if (!failed)
      for (const auto& entry : found) candidates.push_back(entry.endpoint());
  }
  for (const auto& address : candidates) {
    if (given_up) break;
    const asio::generic::stream_protocol::endpoint candidate(address);
    co_await socket.async_connect(candidate, asio::redirect_error(asio::use_awaitable, failed));
    if (!failed) break;
    error_code ignored;
    socket.close(ignored);
  }
  if (failed || given_up || candidates.empty()) co_return false;
  socket.set_option(tcp::no_delay(true), failed);
  co_return true;
}

}  // namespace sekisho::net
