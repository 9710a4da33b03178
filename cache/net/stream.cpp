#include "cache/net/stream.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>

namespace sekisho::net {
namespace {
constexpr int reads_in_a_row = 16;  // without a wait; then others on this thread have their turn

std::string words_of(unsigned long code) {
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "the connection ended";
}

}  // namespace

void Stream::Free::operator()(ssl_st* tls) const { SSL_free(tls); }
void Stream::Free::operator()(x509_st* certificate) const { X509_free(certificate); }

Task<bool> Stream::accept_tls(const config::TlsContext& context) {
  context_ = context;
  tls_.reset(SSL_new(context_.get()));
  SSL_set_accept_state(tls_.get());
  return shake_hands(true);
}

Task<bool> Stream::connect_tls(const config::TlsContext& context, std::string host) {
  context_ = context;
  tls_.reset(SSL_new(context_.get()));
  auto* tls = tls_.get();
  SSL_set_connect_state(tls);
  auto* wanted = SSL_get0_param(tls);
  error_code no_address;
  asio::ip::make_address(host, no_address);
  if (no_address) SSL_set_tlsext_host_name(tls, host.c_str());
  if (!X509_VERIFY_PARAM_get0_host(wanted, 0)) {  // unless the context names another
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (no_address)
      X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
    else
      X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
  }
  return shake_hands(false);
}

Task<bool> Stream::shake_hands(bool server) {
  error_code failed;
  socket_.non_blocking(true, failed);
  SSL_set_fd(tls_.get(), socket_.native_handle());
  while (!failed) {
    ERR_clear_error();
    const int result = SSL_do_handshake(tls_.get());
    if (result == 1) {
      peer_.reset(SSL_get1_peer_certificate(tls_.get()));
      co_return true;
    }
    const auto code = ERR_peek_last_error();
    const auto verdict = SSL_get_verify_result(tls_.get());
    co_await wait_for(result, failed);
    if (!failed) continue;
    trouble_ = failed == asio::error::operation_aborted ? "it took too long" : words_of(code);
    if (verdict != X509_V_OK && (!server || code != 0))
      trouble_ += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
  }
  ERR_clear_error();
  co_return false;
}

// Until what OpenSSL lacks may be there; or why it never will. Asked right after the call that returned
// `result`, before anybody else may use the thread's queue of errors.
Task<> Stream::wait_for(int result, error_code& failed) {
  const int why = SSL_get_error(tls_.get(), result);
  if (why == SSL_ERROR_WANT_READ) {  // it has read until the system had nothing left
    co_await socket_.async_wait_edge(asio::redirect_error(asio::use_awaitable, failed));
    co_return;
  }
  if (why == SSL_ERROR_WANT_WRITE) {
    co_await socket_.async_wait(Socket::wait_write, asio::redirect_error(asio::use_awaitable, failed));
    co_return;
  }
  ERR_clear_error();
  if (why == SSL_ERROR_ZERO_RETURN)
    failed = asio::error::eof;
  else
    failed = asio::error::connection_reset;
}

Task<std::size_t> Stream::read_some(std::span<char> into, error_code& failed) {
  return tls_ ? read_tls(into, failed) : read_plain(into, failed);
}

Task<std::size_t> Stream::read_plain(std::span<char> into, error_code& failed) {
  failed = {};
  std::size_t bytes = 0;
  while (quiet_ || !read_now(into, bytes, failed)) {
    co_await socket_.async_wait_edge(asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return 0;
    quiet_ = false;
    reads_at_once_ = 0;
  }
  if (++reads_at_once_ == reads_in_a_row) {
    reads_at_once_ = 0;
    co_await asio::post(socket_.get_executor(), asio::use_awaitable);
  }
  co_return bytes;
}

Stream::Tells Stream::ask_to_tell() {
  const int descriptor = socket_.native_handle();
  const int on = 1;
  if (::setsockopt(descriptor, IPPROTO_TCP, TCP_INQ, &on, sizeof on) == 0) return Tells::by_message;
  int domain = 0;
  socklen_t size = sizeof domain;
  const bool known = ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0;
  return known && domain == AF_UNIX ? Tells::by_size : Tells::no;
}

// False: there is nothing to read yet.
bool Stream::read_now(std::span<char> into, std::size_t& bytes, error_code& failed) {
  if (tells_ == Tells::unasked) tells_ = ask_to_tell();
  iovec space{into.data(), into.size()};
  alignas(cmsghdr) char told[CMSG_SPACE(sizeof(int))];
  msghdr message{.msg_iov = &space, .msg_iovlen = 1, .msg_control = told, .msg_controllen = sizeof told};
  ssize_t got = 0;
  do got = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    quiet_ = true;
    return false;
  }
  bytes = got < 0 ? 0 : static_cast<std::size_t>(got);
  if (got < 0) failed.assign(errno, boost::system::system_category());
  if (got == 0 && !into.empty()) failed = asio::error::eof;
  left_nothing_ = !failed && tells_ == Tells::by_size && writes_often_ && bytes < into.size();
  const auto* tail = CMSG_FIRSTHDR(&message);
  if (tail && tail->cmsg_level == IPPROTO_TCP && tail->cmsg_type == TCP_CM_INQ) {
    int left = 0;
    std::memcpy(&left, CMSG_DATA(tail), sizeof left);
    left_nothing_ = !failed && left == 0;
  }
  quiet_ = left_nothing_ && writes_often_;
  return true;
}

Task<std::size_t> Stream::read_tls(std::span<char> into, error_code& failed) {
  failed = {};
  while (!failed) {
    std::size_t bytes = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(tls_.get(), into.data(), into.size(), &bytes);
    if (result == 1) co_return bytes;
    co_await wait_for(result, failed);
  }
  co_return 0;
}

// No coroutine: an idle connection keeps what waits for it.
Task<> Stream::wait_readable(error_code& failed) {
  failed = {};
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  if (tls_ && SSL_has_pending(tls_.get())) return asio::post(socket_.get_executor(), asio::use_awaitable);
  // Whatever ends this, and whatever is written meanwhile, the next read looks.
  left_nothing_ = false;
  if (std::exchange(quiet_, false)) return socket_.async_wait_edge(token);
  return socket_.async_wait(Socket::wait_read, token);
}

// What the system takes at once needs no wait, which is nearly always all of it.
Task<std::size_t> Stream::write(std::string_view bytes, error_code& failed) {
  if (tls_) co_return co_await write_tls(bytes, failed);
  const auto sent = write_now(bytes, failed);
  if (failed || sent == bytes.size()) co_return sent;
  const auto rest = asio::buffer(bytes.substr(sent));
  co_return sent +
      co_await asio::async_write(socket_, rest, asio::redirect_error(asio::use_awaitable, failed));
}

std::size_t Stream::write_now(std::string_view bytes, error_code& failed) {
  failed = {};
  if (tls_ || bytes.empty()) return 0;
  const auto sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) {
    quiet_ = quiet_ || left_nothing_;
    return static_cast<std::size_t>(sent);
  }
  if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
    failed.assign(errno, boost::system::system_category());
  return 0;
}

Task<std::size_t> Stream::write_tls(std::string_view bytes, error_code& failed) {
  failed = {};
  const auto* wire = SSL_get_wbio(tls_.get());
  const auto before = BIO_number_written(const_cast<BIO*>(wire));
  while (!failed && !bytes.empty()) {
    std::size_t taken = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &taken);
    if (result == 1)
      bytes.remove_prefix(taken);
    else
      co_await wait_for(result, failed);
  }
  co_return BIO_number_written(const_cast<BIO*>(wire)) - before;
}

bool Stream::spoiled() {
  if (tls_) {
    // A ticket for the next session may have come, which is nothing that was said; it is read over here.
    char byte;
    ERR_clear_error();
    const int result = SSL_peek(tls_.get(), &byte, 1);
    const bool quiet = result <= 0 && SSL_get_error(tls_.get(), result) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return !quiet;
  }
  char byte;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void Stream::cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Stream::close() {
  error_code ignored;
  socket_.close(ignored);
}

void Stream::end_sending() {
  error_code ignored;
  if (tls_ && socket_.is_open() && SSL_is_init_finished(tls_.get())) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void Stream::shutdown() {
  error_code ignored;
  end_sending();
  socket_.shutdown(asio::socket_base::shutdown_both, ignored);
}

}  // namespace sekisho::net
