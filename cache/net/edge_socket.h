// A socket that can be waited for without asking the system to: until something came since the last such
// wait.
//
// Asio watches each socket edge-triggered: the system says once that bytes (or the end, or an error) came.
// But its reads first try whether something is there, and its waits register the socket anew, so that either
// costs a call of the system each time, also where nothing can have come. `async_wait_edge` costs none: it
// hears of the next edge, or at once of one that came while nobody waited. It is for who has read until
// nothing was left.
//
// Asio has no public name for this, so this file, and no other, names parts of Asio that are its own. They
// are those of Boost 1.81, which Debian 12 ships; a newer one will say here what has changed.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/detail/bind_handler.hpp>
#include <boost/asio/detail/fenced_block.hpp>
#include <boost/asio/detail/handler_alloc_helpers.hpp>
#include <boost/asio/detail/handler_work.hpp>
#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <type_traits>
#include <utility>

namespace sekisho::net {
namespace asio = boost::asio;
using boost::system::error_code;

// Does nothing when its edge comes but to say that the edge is used up, which makes the reactor keep the next
// one for whoever waits next.
template <class Handler, class Executor>
class EdgeWait final : public asio::detail::reactor_op {
 public:
  BOOST_ASIO_DEFINE_HANDLER_PTR(EdgeWait);

  EdgeWait(Handler& handler, const Executor& executor)
      : reactor_op({}, &EdgeWait::perform, &EdgeWait::complete),
        handler_(std::move(handler)),
        work_(handler_, executor) {}

 private:
  static status perform(reactor_op*) { return done_and_exhausted; }

  // No owner: the loop is being taken down, and nobody is told.
  static void complete(void* owner, asio::detail::operation* base, const error_code&, std::size_t) {
    auto* self = static_cast<EdgeWait*>(base);
    ptr memory = {std::addressof(self->handler_), self, self};
    asio::detail::handler_work<Handler, Executor> work(std::move(self->work_));
    asio::detail::binder1<Handler, error_code> told(self->handler_, self->ec_);
    memory.h = std::addressof(told.handler_);
    memory.reset();  // before the handler runs, which may wait again in the same memory
    if (!owner) return;
    const asio::detail::fenced_block fence(asio::detail::fenced_block::half);
    work.complete(told, told.handler_);
  }

  Handler handler_;
  asio::detail::handler_work<Handler, Executor> work_;
};

class EdgeSocket : public asio::generic::stream_protocol::socket {
 public:
  using Plain = asio::generic::stream_protocol::socket;

  explicit EdgeSocket(asio::any_io_executor executor) : Plain(std::move(executor)) {}
  explicit EdgeSocket(Plain socket) : Plain(std::move(socket)) {}

  // Ends with operation_aborted when the socket is cancelled or closed. One wait at a time, and no read
  // beside it.
  template <class Token>
  auto async_wait_edge(Token&& token) {
    return asio::async_initiate<Token, void(error_code)>(
        [this](auto&& handler) { start(std::forward<decltype(handler)>(handler)); }, token);
  }

 private:
  template <class Handler>
  void start(Handler&& given) {
    using Wait = EdgeWait<std::decay_t<Handler>, executor_type>;
    std::decay_t<Handler> handler(std::forward<Handler>(given));
    typename Wait::ptr memory = {std::addressof(handler), Wait::ptr::allocate(handler), nullptr};
    memory.p = new (memory.v) Wait(handler, impl_.get_executor());
    auto& socket = impl_.get_implementation();
    constexpr bool continues = true, at_once_if_it_came = true;
    reactor_->start_op(asio::detail::reactor::read_op, socket.socket_, socket.reactor_data_, memory.p,
                       continues, at_once_if_it_came);
    memory.v = memory.p = nullptr;
  }

  asio::detail::reactor* reactor_ =
      &asio::use_service<asio::detail::reactor>(asio::query(get_executor(), asio::execution::context));
};

}  // namespace sekisho::net
