// A small carrier to try the gate against: the API of config/examples/contract/carrier.yaml, one thread.
// What it sells and remembers is in sample_stock.h; here are its sockets and its command line.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include "deploy/sample_stock.h"
#include "gateway/http/reader.h"
#include "gateway/http/writer.h"

namespace sekisho::sample {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// A number that is given twice or a log that cannot be written must end the program, not only a session.
void end_the_program(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<bool> send(tcp::socket& socket, std::string bytes) {
  const asio::const_buffer all(bytes.data(), bytes.size());
  auto [error, sent] = co_await asio::async_write(socket, all, as_result);
  co_return !error;
}

// The next whole request, or nothing when the peer is gone or cannot be understood.
asio::awaitable<std::optional<http::Request>> next_request(tcp::socket& socket, http::RequestReader& reader) {
  for (;;) {
    const http::Progress progress = reader.advance();
    if (progress == http::Progress::message_done) co_return reader.take();
    if (progress == http::Progress::failed) {
      http::Response refused = complaint(400, reader.failure().detail);
      refused.keep_alive = false;
      std::string bytes;
      http::write(bytes, refused, false);
      co_await send(socket, std::move(bytes));
      co_return std::nullopt;
    }
    if (progress == http::Progress::head_done) {
      std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
      if (reader.expects_continue()) co_await send(socket, std::move(interim));
      continue;
    }
    const std::span<char> space = reader.space();
    const asio::mutable_buffer room(space.data(), space.size());
    auto [error, size] = co_await socket.async_read_some(room, as_result);
    if (error) co_return std::nullopt;
    reader.commit(size);
  }
}

asio::awaitable<void> session(tcp::socket socket, Stock& stock) {
  http::RequestReader reader{http::ReadLimits{}};
  asio::steady_timer timer(socket.get_executor());
  while (auto request = co_await next_request(socket, reader)) {
    const Stock::Course course = stock.course(*request);
    if (course.wait.count() > 0) {
      ++stock.waiting;
      timer.expires_after(course.wait);
      co_await timer.async_wait(as_result);
      --stock.waiting;
    }
    Reply reply = stock.handle(*request, course);
    boost::system::error_code ignored;
    if (reply.ending == Ending::reset) {
      socket.set_option(asio::socket_base::linger(true, 0), ignored);
      socket.close(ignored);  // sends RST; the destructor would take the linger back
      co_return;
    }
    if (reply.ending == Ending::silence) {
      char byte;
      const asio::mutable_buffer anything(&byte, 1);
      co_await socket.async_read_some(anything, as_result);  // until the caller gives up
      co_return;
    }
    reply.response.keep_alive = request->keep_alive && reply.ending == Ending::answer;
    std::string bytes;
    if (reply.ending == Ending::garbage)
      bytes = "220 this is not the protocol you expected\r\n\r\n";
    else
      http::write(bytes, reply.response, request->method == "HEAD");
    const bool sent = co_await send(socket, std::move(bytes));
    if (!sent || !reply.response.keep_alive) co_return;
  }
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, Stock& stock) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(as_result);
    if (error) continue;  // the caller left again
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    asio::co_spawn(acceptor.get_executor(), session(std::move(socket), stock), end_the_program);
  }
}

struct Options {
  tcp::endpoint listen{asio::ip::address_v4::loopback(), 18081};
  std::string log;
  milliseconds delay{0};
};

std::optional<unsigned long> parse_count(const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoul(text);
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) return std::nullopt;
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--listen") {
      const auto colon = value.rfind(':');
      if (colon == std::string::npos) return std::nullopt;
      boost::system::error_code error;
      const auto address = asio::ip::make_address(value.substr(0, colon), error);
      const auto port = parse_count(value.substr(colon + 1));
      if (error || !port || *port > 65535) return std::nullopt;
      options.listen = tcp::endpoint(address, static_cast<unsigned short>(*port));
    } else if (name == "--log") {
      options.log = value;
    } else if (name == "--delay-ms") {
      const auto delay = parse_count(value);
      if (!delay) return std::nullopt;
      options.delay = milliseconds(*delay);
    } else {
      return std::nullopt;
    }
  }
  if (options.log.empty()) return std::nullopt;
  return options;
}

void run(const Options& options) {
  asio::io_context io(1);
  Stock stock(options.log, options.delay);
  tcp::acceptor acceptor(io, options.listen, /*reuse_addr=*/true);
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](auto, int) { io.stop(); });
  asio::co_spawn(io, accept(acceptor, stock), end_the_program);
  std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
  io.run();
}

}  // namespace sekisho::sample

int main(int argc, char** argv) {
  const auto options = sekisho::sample::parse(argc, argv);
  if (!options) {
    std::cerr << "usage: sample_carrier --listen 127.0.0.1:18081 --log FILE [--delay-ms N]\n";
    return 2;
  }
  try {
    sekisho::sample::run(*options);
    return 0;
  } catch (const std::exception& broken) {
    std::cerr << "sample_carrier: " << broken.what() << "\n";
    return 1;
  }
}
