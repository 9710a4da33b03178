#include "gateway/worker.h"

#include <pthread.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "gateway/answers.h"
#include "gateway/log.h"

namespace sekisho::gateway {

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
            .executor = context_.get_executor(),
            .overload = Overload(shared.settings.limits.queue),
            .spans = shared.spans},
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
  house_.handle = [this](http::Request request, const Peer& peer, BodyStream* body) {
    return pipeline_.handle(std::move(request), peer, body);
  };
  house_.passes = [this](const http::Request& head) { return pipeline_.passes(head); };
  house_.unreadable = [this](const http::ReadFailure& failure, const http::Headers& headers) {
    desk_.metrics.add(Metric::requests, {"", "", "refused", policy::code(failure.reason)});
    return unreadable(failure, headers, desk_.site ? desk_.site->policy.contact : "");
  };
  house_.closing = [this] { return shared_.draining.load(std::memory_order_relaxed); };
  dog_.on_tick = [this](auto late) { desk_.overload.tick(late); };
  house_.handshake = [this](bool good, const std::string& trouble) {
    desk_.metrics.add(Metric::tls_handshakes, {"listener", good ? "good" : "failed"});
    if (!good) log::debug("a client's TLS handshake failed", {{"why", trouble}});
  };
  link_.on_reply = [this](double seconds) { desk_.metrics.observe(Metric::redis_roundtrip, {}, seconds); };
  link_.on_change = [](bool up) { log::info(up ? "redis link up" : "redis link down"); };
}

Worker::~Worker() {
  if (thread_.joinable()) join();
}

std::vector<config::Address> Worker::listen(const std::vector<config::Address>& addresses) {
  std::vector<config::Address> bound;
  for (const auto& address : addresses) {
    doors_.push_back(std::make_unique<Door>(context_, address, true));
    bound.push_back(doors_.back()->address());
  }
  return bound;
}

void Worker::start(bool polls) {
  dog_.start();
  link_.start();
  settlements_.start();
  if (polls) poller_.start();
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "worker");
    context_.run();
  });
}

void Worker::open_doors() {
  for (auto& door : doors_) door->listen();
  asio::post(context_, [this] {
    const auto stuck = [this] { desk_.metrics.add(Metric::shed, {"accept"}); };
    for (std::size_t i = 0; i < doors_.size(); ++i) {
      const auto enter_here = [this, i](net::Stream stream) { enter(std::move(stream), i); };
      asio::co_spawn(context_, doors_[i]->keep_open(enter_here, stuck), asio::detached);
    }
  });
}

void Worker::enter(net::Stream stream, std::size_t door) {
  if (sessions_.size() < shared_.settings.limits.connections / shared_.settings.workers)
    asio::co_spawn(context_, serve(std::move(stream), door), asio::detached);
  else
    desk_.metrics.add(Metric::shed, {"connections"});  // and it closes here
}

Task<> Worker::serve(net::Stream stream, std::size_t door) {
  boost::system::error_code gone;  // before it was accepted: the session finds out
  Peer peer{.address = address_of(stream.socket().remote_endpoint(gone))};
  Session session(std::move(stream), house_, desk_.site->listener_tls[door], std::move(peer));
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
    const auto tls = x.site->carrier_tls.find(carrier->name);
    pool = std::make_shared<CarrierPool>(context_.get_executor(), dog_, std::move(carrier),
                                         tls == x.site->carrier_tls.end() ? nullptr : tls->second);
    pool->on_handshake = [this](bool good) {
      desk_.metrics.add(Metric::tls_handshakes, {"carrier", good ? "good" : "failed"});
    };
  }
  return pool;
}

void Worker::hear_no_more() {
  asio::post(context_, [this] {
    for (auto& door : doors_) door->hear_no_more();
  });
}

void Worker::stop_accepting() {
  asio::post(context_, [this] {
    house_.doors_closed = true;
    for (auto& door : doors_) door->close();
    for (auto* session : sessions_) session->close_if_idle();
  });
}

void Worker::join() {
  // Everything that waits is ended, and ends in its own way: the loop runs out of work by itself.
  asio::post(context_, [this] {
    for (auto& door : doors_) door->close();
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

Task<std::shared_ptr<Exchange>> Worker::check_call(http::Request request, Peer peer, bool whole,
                                                   std::string asked_by) {
  auto check = pipeline_.check_call(std::move(request), std::move(peer), whole, std::move(asked_by));
  co_return co_await asio::co_spawn(context_, std::move(check), asio::use_awaitable);
}

Task<std::shared_ptr<Exchange>> Worker::check_order(std::shared_ptr<const DescribedOrder> order,
                                                    std::string asked_by) {
  auto check = pipeline_.check_order(std::move(order), std::move(asked_by));
  co_return co_await asio::co_spawn(context_, std::move(check), asio::use_awaitable);
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
