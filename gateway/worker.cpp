#include "gateway/worker.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "gateway/answers.h"
#include "gateway/log.h"

namespace sekisho::gateway {
using asio::ip::tcp;
using boost::system::error_code;
using unix_stream = asio::local::stream_protocol;
using namespace std::chrono_literals;

Worker::Worker(Shared& shared)
    : shared_(shared),
      link_(context_.get_executor(), shared.settings.redis),
      accounts_(link_, cache::ledger_settings(shared.settings)),
      memory_(link_),
      nonces_(link_),
      callers_{.all = shared.callers, .everywhere = nonces_},
      books_(ledger_, shared.journal, shared.books),
      settlements_(context_.get_executor(), books_),
      desk_{.settings = shared.settings,
            .ledger = ledger_,
            .journal = shared.journal,
            .books = books_,
            .memory = memory_,
            .callers = callers_,
            .known = shared.known,
            .dates = shared.dates,
            .executor = context_.get_executor()},
      pipeline_(desk_),
      poller_(desk_, shared.books),
      house_{.dog = dog_,
             .limits = {.header_bytes = shared.settings.limits.header_bytes,
                        .headers = shared.settings.limits.headers,
                        .body_bytes = shared.settings.limits.body_bytes},
             .header_timeout = shared.settings.limits.header_timeout,
             .body_timeout = shared.settings.limits.body_timeout,
             .idle_timeout = shared.settings.limits.idle_timeout} {
  desk_.pool_of = [this](const Exchange& x) { return pool_of(x); };
  house_.handle = [this](http::Request request, const Peer& peer) {
    return pipeline_.handle(std::move(request), peer);
  };
  house_.unreadable = [this](const http::ReadFailure& failure, const http::Headers& headers) {
    desk_.metrics.add(Metric::requests, {"", "", "refused", policy::code(failure.reason)});
    return unreadable(failure, headers, desk_.site ? desk_.site->policy.contact : "");
  };
  house_.closing = [this] { return shared_.draining.load(std::memory_order_relaxed); };
  link_.on_reply = [this](double seconds) { desk_.metrics.observe(Metric::redis_roundtrip, {}, seconds); };
  link_.on_change = [](bool up) { log::info(up ? "redis link up" : "redis link down"); };
}

Worker::~Worker() {
  if (thread_.joinable()) join();
}

std::vector<config::Address> Worker::listen(const std::vector<config::Address>& addresses) {
  using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  std::vector<config::Address> bound;
  for (auto address : addresses) {
    if (!address.unix_path.empty()) {
      ::unlink(address.unix_path.c_str());
      unix_.push_back(
          std::make_unique<unix_stream::acceptor>(context_, unix_stream::endpoint(address.unix_path)));
    } else {
      const tcp::endpoint at(asio::ip::make_address(address.host), address.port);
      auto acceptor = std::make_unique<tcp::acceptor>(context_);
      acceptor->open(at.protocol());
      acceptor->set_option(tcp::acceptor::reuse_address(true));
      // A listener a worker: the kernel spreads connections, and nobody hands sockets around.
      acceptor->set_option(reuse_port(true));
      acceptor->bind(at);
      acceptor->listen(4096);
      address.port = acceptor->local_endpoint().port();
      tcp_.push_back(std::move(acceptor));
    }
    bound.push_back(address);
  }
  return bound;
}

void Worker::start(bool polls) {
  dog_.start();
  link_.start();
  settlements_.start();
  if (polls) poller_.start();
  for (auto& acceptor : tcp_) asio::co_spawn(context_, accept(*acceptor), asio::detached);
  for (auto& acceptor : unix_) asio::co_spawn(context_, accept(*acceptor), asio::detached);
  thread_ = std::thread([this] { context_.run(); });
}

template <class Acceptor>
Task<> Worker::accept(Acceptor& acceptor) {
  while (acceptor.is_open()) {
    error_code failed;
    auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::operation_aborted || failed == asio::error::bad_descriptor) co_return;
    if (failed) {
      // Out of descriptors: those we have go on, and the next try comes when some may be free again.
      desk_.metrics.add(Metric::shed, {"accept"});
      asio::steady_timer pause(context_);
      pause.expires_after(50ms);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
      continue;
    }
    if (sessions_.size() >= shared_.settings.limits.connections / shared_.settings.workers) {
      desk_.metrics.add(Metric::shed, {"connections"});
      continue;  // the socket closes here
    }
    if constexpr (std::is_same_v<Acceptor, tcp::acceptor>) socket.set_option(tcp::no_delay(true), failed);
    asio::generic::stream_protocol::socket stream(std::move(socket));
    asio::co_spawn(context_, serve(std::move(stream)), asio::detached);
  }
}

Task<> Worker::serve(asio::generic::stream_protocol::socket socket) {
  error_code gone;  // before it was accepted: the session finds out
  Peer peer{.address = address_of(socket.remote_endpoint(gone))};
  Session session(std::move(socket), house_, std::move(peer));
  sessions_.insert(&session);
  try {
    co_await session.run();
  } catch (const std::exception& bug) {
    // The session wall: expected trouble never comes this far.
    log::error("a session ended by an exception", {{"what", bug.what()}});
  }
  sessions_.erase(&session);
}

std::shared_ptr<CarrierPool> Worker::pool_of(const Exchange& x) {
  auto& [site, pool] = pools_[x.match->carrier->name];
  if (!pool || site != x.site) {
    site = x.site;
    std::shared_ptr<const policy::Carrier> carrier(x.site, x.match->carrier);
    pool = std::make_shared<CarrierPool>(context_.get_executor(), dog_, std::move(carrier));
  }
  return pool;
}

void Worker::stop_accepting() {
  asio::post(context_, [this] {
    error_code ignored;
    for (auto& acceptor : tcp_) acceptor->close(ignored);
    for (auto& acceptor : unix_) acceptor->close(ignored);
    for (auto* session : sessions_) session->close_if_idle();
  });
}

void Worker::join() {
  // Everything that waits is ended, and ends in its own way: the loop runs out of work by itself.
  asio::post(context_, [this] {
    error_code ignored;
    for (auto& acceptor : tcp_) acceptor->close(ignored);
    for (auto& acceptor : unix_) acceptor->close(ignored);
    settlements_.stop();
    poller_.stop();
    link_.stop();
    dog_.stop();
    work_.reset();
  });
  if (thread_.joinable()) thread_.join();
}

void Worker::publish(std::shared_ptr<const config::Installation> site) {
  asio::post(context_, [this, site = std::move(site)] { desk_.site = site; });
}

void Worker::publish(std::shared_ptr<const policy::Registry> registry) {
  asio::post(context_, [this, registry = std::move(registry)] { desk_.registry = registry; });
}

std::future<Worker::Report> Worker::report() {
  auto promise = std::make_shared<std::promise<Report>>();
  auto future = promise->get_future();
  asio::post(context_, [this, promise] {
    Report report{desk_.metrics, link_.up(), sessions_.size(), 0, books_.backlog()};
    for (const auto* session : sessions_) report.busy += session->busy();
    promise->set_value(std::move(report));
  });
  return future;
}

}  // namespace sekisho::gateway
