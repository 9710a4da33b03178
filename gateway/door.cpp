#include "gateway/door.h"

#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sekisho::gateway {
using asio::ip::tcp;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;
using namespace std::chrono_literals;

namespace {

constexpr int backlog = 4096;

Protocol::endpoint endpoint_of(const config::Address& address) {
  if (!address.unix_path.empty())
    return Protocol::endpoint(asio::local::stream_protocol::endpoint(address.unix_path));
  return Protocol::endpoint(tcp::endpoint(asio::ip::make_address(address.host), address.port));
}

std::uint16_t port_of(const Protocol::endpoint& at) {
  tcp::endpoint known;
  known.resize(at.size());
  std::copy_n(reinterpret_cast<const char*>(at.data()), at.size(), reinterpret_cast<char*>(known.data()));
  return known.port();
}

}  // namespace

Door::Door(asio::io_context& context, config::Address address, bool shared)
    : acceptor_(context), address_(std::move(address)), shared_(shared && address_.unix_path.empty()) {
  using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  const auto at = endpoint_of(address_);
  acceptor_.open(at.protocol());
  if (address_.unix_path.empty()) {
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    if (shared_) acceptor_.set_option(reuse_port(true));
  } else {
    ::unlink(address_.unix_path.c_str());
  }
  acceptor_.bind(at);
  if (address_.unix_path.empty()) address_.port = port_of(acceptor_.local_endpoint());
}

// The kernel lets nobody bind beside a listener but who shares the port with it.
bool Door::taken(const config::Address& address) {
  if (!address.unix_path.empty() || address.port == 0) return false;
  asio::io_context context;
  asio::basic_socket_acceptor<Protocol> probe(context);
  const auto at = endpoint_of(address);
  error_code failed;
  probe.open(at.protocol(), failed);
  probe.set_option(tcp::acceptor::reuse_address(true), failed);
  probe.bind(at, failed);
  return failed == asio::error::address_in_use;
}

void Door::listen() { acceptor_.listen(backlog); }

Task<> Door::keep_open(std::function<void(net::Stream)> enter, std::function<void()> stuck) {
  enter_ = std::move(enter);
  asio::steady_timer pause(acceptor_.get_executor());
  while (acceptor_.is_open()) {
    error_code failed;
    auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::operation_aborted || failed == asio::error::bad_descriptor) co_return;
    if (failed) {
      stuck();
      pause.expires_after(50ms);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
      continue;
    }
    let_in(std::move(socket));
  }
}

void Door::let_in(Socket socket) {
  error_code ignored;
  if (address_.unix_path.empty()) socket.set_option(tcp::no_delay(true), ignored);
  enter_(net::Stream(std::move(socket)));
}

void Door::hear_no_more() {
  if (!shared_ || !acceptor_.is_open()) return;
  // A packet as the filter sees it begins with the TCP header (RFC 9293, 3.1): its flags are the byte at 13.
  constexpr std::uint8_t syn = 0x02, ack = 0x10;
  constexpr std::uint32_t whole = 0xffffffff, nothing = 0;
  std::array<sock_filter, 5> program{{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn | ack),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, nothing),
      BPF_STMT(BPF_RET | BPF_K, whole),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  // Where the kernel has no such filter, the door closes as it is.
  ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

void Door::close() {
  if (!acceptor_.is_open()) return;
  error_code failed, ignored;
  acceptor_.non_blocking(true, failed);
  while (enter_ && !failed) {
    Socket socket(acceptor_.get_executor());
    acceptor_.accept(socket, failed);
    if (!failed) let_in(std::move(socket));
  }
  acceptor_.close(ignored);
}

}  // namespace sekisho::gateway
