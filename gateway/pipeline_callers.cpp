// Who calls, and how often: what stands between a message that was read and an order. (pipeline.cpp is the
// story.)
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/log.h"
#include "gateway/pipeline.h"

namespace sekisho::gateway {
using policy::Operation;
using policy::Reason;
using std::chrono::milliseconds;

namespace {

// Orders are shed before what gives numbers back, or asks how an order stands.
Shed shed_of(const Exchange& x) {
  const auto operation = x.operation();
  const bool last =
      operation == Operation::release || operation == Operation::cancel || operation == Operation::status;
  return x.match && last ? Shed::last : Shed::first;
}

// May go on although no other gateway could be asked: it hands nothing out.
bool is_safe_alone(const Exchange& x) {
  return x.match && (shed_of(x) == Shed::last || x.operation() == Operation::search);
}

// Before anything of the call was read.
void refuse_unread(Exchange& x, Reason reason, std::int64_t retry_ms = 0) {
  x.match.reset();
  x.retry_ms = retry_ms;
  x.decision = policy::refused({}, reason);
}

std::int64_t whole_ms(Rates::Nanoseconds wait) { return std::chrono::ceil<milliseconds>(wait).count(); }

}  // namespace

// False: the call is decided already, and closed with that.
Task<bool> Pipeline::admit(Exchange& x) {
  if (!within_source_rate(x)) co_return false;
  auto& callers = desk_.callers;
  callers.tokens.belong_to(x.site);
  x.who = identify(x.request, *x.peer, x.site->clients, x.now, callers.tokens);
  if (x.who.client && !x.who.nonce.empty()) co_await spend_nonce(x);
  x.client = x.who.client;
  if (x.client) x.caller = x.account = x.holder = account_of(x.client->operator_id, x.today);
  const auto outcome = x.client ? "known" : policy::name(x.who.cause);
  desk_.metrics.add(Metric::authentications, {policy::name(x.who.credential), outcome});
  if (!x.decision.findings.empty()) co_return false;  // by spend_nonce()
  if (!x.client) {
    co_await turn_away(x);
    co_return false;
  }
  co_return within_client_rate(x);
}

bool Pipeline::within_source_rate(Exchange& x) {
  const auto& rate = x.site->clients.source_rate;
  if (!rate) return true;
  const auto wait = desk_.callers.all.rates.source(source_of(*x.peer), *rate, shed_of(x), x.began);
  if (wait.count() == 0) return true;
  refuse_unread(x, Reason::rate_exceeded, whole_ms(wait));
  desk_.metrics.add(Metric::shed, {"source-rate"});
  return false;
}

bool Pipeline::within_client_rate(Exchange& x) {
  const auto wait = desk_.callers.all.rates.client(*x.client, shed_of(x), x.began);
  if (wait.count() == 0) return true;
  refuse_unread(x, Reason::rate_exceeded, whole_ms(wait));
  desk_.metrics.add(Metric::shed, {"client-rate"});
  return false;
}

// A signature is good once: here first, which costs nothing, then among all gateways. A nonce is remembered
// for as long as the window around its `created` can reach, whichever side of now that is on.
Task<> Pipeline::spend_nonce(Exchange& x) {
  const auto keep = 2 * x.site->clients.signature_window;
  desk_.callers.all.nonces.allow(x.site->clients.nonces);
  auto spent = co_await desk_.callers.all.nonces.spend(x.who.key_id, x.who.nonce, x.now, keep);
  if (spent == cache::Spent::first)
    spent = co_await desk_.callers.everywhere.spend(x.who.key_id, x.who.nonce, x.now, keep);
  switch (spent) {
    case cache::Spent::first:
      break;
    case cache::Spent::again:
      x.who.client = nullptr;
      x.who.cause = Cause::replayed;
      break;
    case cache::Spent::full:
      desk_.metrics.add(Metric::shed, {"nonces"});
      refuse_unread(x, Reason::overloaded);
      break;
    case cache::Spent::unreachable:
      if (!is_safe_alone(x)) refuse_unread(x, Reason::ledger_unavailable);
  }
}

// The answer to whom nobody knows is the same whatever was wrong, and comes later for a source that keeps
// trying. Where too many wait already it is 429 at once, which says nothing of the credential either.
Task<> Pipeline::turn_away(Exchange& x) {
  x.match.reset();  // nothing is told to somebody whom nobody knows
  x.decision = policy::decide(x.site->rules, facts(x));
  if (log::debugging())
    log::debug("a caller is not known",
               {{"decision", x.id},
                {"credential", std::string(policy::name(x.who.credential))},
                {"cause", std::string(policy::name(x.who.cause))},
                {"source", x.peer->address ? x.peer->address->to_string() : "unix"}});
  auto& attempts = desk_.callers.all.attempts;
  const auto wait = attempts.failed(source_of(*x.peer), x.began);
  if (wait.count() == 0) co_return;
  const auto seat = attempts.seat();
  if (!seat) {
    refuse_unread(x, Reason::rate_exceeded, wait.count());
    desk_.metrics.add(Metric::shed, {"attempts"});
    co_return;
  }
  asio::steady_timer pause(desk_.executor);
  pause.expires_after(wait);
  boost::system::error_code ignored;
  co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace sekisho::gateway
