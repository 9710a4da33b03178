// A listening socket, TCP or unix: lets connections in for as long as it is open.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>

#include "cache/net/stream.h"
#include "cache/task.h"
#include "config/settings.h"

namespace sekisho::gateway {

using cache::Task;
namespace asio = boost::asio;

class Door {
 public:
  // Binds, and throws boost::system::system_error where it cannot. `shared`: others may listen on the same
  // port, and the kernel spreads connections among them, so that nobody hands sockets around. Port 0 takes a
  // free one.
  Door(asio::io_context& context, config::Address address, bool shared);
  // Whether somebody listens there now.
  static bool taken(const config::Address& address);

  const config::Address& address() const { return address_; }  // with the port that was taken

  void listen();  // from now on callers come here
  // Until it is closed. `enter` is given each connection; `stuck` is told when none can be taken, as when
  // descriptors have run out: those we have go on, and the next try comes when some may be free again.
  Task<> keep_open(std::function<void(net::Stream)> enter, std::function<void()> stuck);
  // Nobody knocks from now on, on a shared port: the kernel drops the first packet of a handshake, and the
  // caller sends it again after a second, to whoever else listens. Handshakes that have begun are ended here:
  // to close on one resets it.
  void hear_no_more();
  // Whoever has knocked is let in first: to close on a queue resets the connections in it.
  void close();

 private:
  using Socket = asio::generic::stream_protocol::socket;
  void let_in(Socket socket);

  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
  config::Address address_;
  bool shared_;
  std::function<void(net::Stream)> enter_;
};

}  // namespace sekisho::gateway
