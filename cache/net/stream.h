// A connected stream of bytes, plain or under TLS: what sessions, carriers and Redis are spoken to over.
//
// TLS is OpenSSL straight on the descriptor, which is waited for: an idle connection then costs what OpenSSL
// keeps (its buffers are given back between records), not two records' worth of buffers beside it. One read
// and one write may wait at the same time, both on the thread of the executor.
//
// A read asks the system only when something may be there. Of TCP the system tells with each read how much it
// has left (TCP_INQ, tcp(7); the end of the stream counts as something). When that was nothing, and a write
// went through since, the next read waits first: had a reset come together with the bytes, the write would
// have met it. Measured (tests/bench/run --only calls): two calls of the system less for each request that
// passes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cache/net/edge_socket.h"
#include "config/tls_context.h"

struct ssl_st;
struct x509_st;

namespace sekisho::net {
template <class T = void>
using Task = asio::awaitable<T>;

class Stream {
 public:
  using Socket = EdgeSocket::Plain;

  explicit Stream(asio::any_io_executor executor) : socket_(executor) {}
  explicit Stream(Socket socket) : socket_(std::move(socket)) {}
  Stream(Stream&&) = default;

  // To connect, to set options, to name the peer; bytes go through the functions below.
  Socket& socket() { return socket_; }
  const Socket& socket() const { return socket_; }

  // The handshake, from either side. `host`: whom the server's certificate must name, unless the context says
  // otherwise. Failed: `trouble` says why, for a log; nothing but TLS alerts was exchanged.
  Task<bool> accept_tls(const config::TlsContext& context);
  Task<bool> connect_tls(const config::TlsContext& context, std::string host);
  const std::string& trouble() const { return trouble_; }
  bool secure() const { return tls_ != nullptr; }
  // The other end's certificate, which was verified; null: it showed none. Lives as long as the stream.
  const x509_st* peer_certificate() const { return peer_.get(); }

  // Some bytes, at least one unless it failed. The end of the stream is asio::error::eof; under TLS one that
  // was not announced is `connection_reset`: somebody may have cut off what was still to come.
  Task<std::size_t> read_some(std::span<char> into, error_code& failed);
  // Until there may be something to read, or the end of it, or `failed`: for who keeps no memory ready
  // meanwhile.
  Task<> wait_readable(error_code& failed);
  // All of it, or failed. Returns how many bytes left, encrypted or not, until then: 0 is for certain
  // nothing.
  Task<std::size_t> write(std::string_view bytes, error_code& failed);
  // For an owner who writes again before long whatever comes, and meets by that what came together with the
  // bytes: a read that left nothing is enough for the next one to wait, over a local socket too, where one
  // that did not fill its space left nothing.
  void writes_often() { writes_often_ = true; }
  // As much of it as the system takes at once; under TLS nothing.
  std::size_t write_now(std::string_view bytes, error_code& failed);

  // Bytes that were received and not read, or the end: whatever a connection at rest must not have.
  bool spoiled();

  void cancel();       // what waits ends with operation_aborted
  void close();        // at once
  void end_sending();  // announces the end as far as that needs no waiting; what comes is still read
  void shutdown();     // the same, and reads no more

 private:
  struct Free {
    void operator()(ssl_st* tls) const;
    void operator()(x509_st* certificate) const;
  };

  enum class Tells { unasked, by_message, by_size, no };  // what a read tells of what it left

  Task<bool> shake_hands(bool server);
  Task<std::size_t> read_plain(std::span<char> into, error_code& failed);
  Tells ask_to_tell();
  bool read_now(std::span<char> into, std::size_t& bytes, error_code& failed);
  Task<std::size_t> read_tls(std::span<char> into, error_code& failed);
  Task<std::size_t> write_tls(std::string_view bytes, error_code& failed);
  Task<> wait_for(int result, error_code& failed);

  EdgeSocket socket_;
  Tells tells_ = Tells::unasked;
  bool writes_often_ = false;
  bool left_nothing_ = false;       // the last read did
  bool quiet_ = false;              // nothing is there before the next edge
  std::uint8_t reads_at_once_ = 0;  // one after another, without a wait
  std::unique_ptr<ssl_st, Free> tls_;
  std::unique_ptr<x509_st, Free> peer_;
  config::TlsContext context_;
  std::string trouble_;
};

}  // namespace sekisho::net
