// The admin API: what operations and compliance staff ask of one gateway, and do through it.
//
// One table (admin_routes) has every call, with who may make it; the listener, the reference page and the
// OpenAPI description are held against it. Nothing here holds up the control thread: the journal and large
// lists are read on a thread of their own, Redis over a link of its own, and orders are decided by workers.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cache/redis_link.h"
#include "config/installation.h"
#include "gateway/admin_call.h"

namespace sekisho::gateway {

namespace asio = boost::asio;
class Worker;
struct Exchange;

// What the admin listener can ask and do.
struct AdminDesk {
  const config::Settings& settings;
  std::string gateway;  // this one's id
  std::function<std::vector<std::string>()> why_not_ready;
  std::function<std::vector<std::string>()> degraded;
  std::function<bool()> draining;
  std::function<std::string()> metrics_text;
  std::function<std::string()> status_json;
  std::function<Task<config::Errors>(std::string by)> reload;
  std::function<std::shared_ptr<const config::Installation>()> site;  // the files in force
  std::function<policy::Instant()> site_since;                        // and since when they are
  std::function<std::shared_ptr<const policy::Registry>()> registry;
  std::function<policy::JstDate()> today;
  std::function<Worker&()> worker;  // one of them, in turn
};

class AdminApi;

struct AdminRoute {
  std::string_view method, path;  // "*": whatever method the call has that is asked about
  AdminRoles roles;               // empty: anybody
  Task<http::Response> (AdminApi::*handler)(AdminCall&);
  std::string_view says;
};
std::span<const AdminRoute> admin_routes();

// The route of this call, and its path's parameters; null: none. `allowed`: the methods that this path has.
const AdminRoute* admin_route(std::string_view method, std::string_view path,
                              std::vector<std::pair<std::string, std::string>>& parameters,
                              std::string& allowed);

class AdminApi {
 public:
  AdminApi(asio::io_context& context, const AdminDesk& desk);
  void start();
  void stop();

  Task<http::Response> livez(AdminCall& call);
  Task<http::Response> readyz(AdminCall& call);
  Task<http::Response> metrics(AdminCall& call);
  Task<http::Response> status(AdminCall& call);
  Task<http::Response> policy(AdminCall& call);
  Task<http::Response> operators(AdminCall& call);
  Task<http::Response> one_operator(AdminCall& call);
  Task<http::Response> holds(AdminCall& call);
  // (admin_decisions.cpp)
  Task<http::Response> decisions(AdminCall& call);
  Task<http::Response> one_decision(AdminCall& call);
  // (admin_acts.cpp)
  Task<http::Response> reload(AdminCall& call);
  Task<http::Response> log_level(AdminCall& call);
  Task<http::Response> revoke(AdminCall& call);
  Task<http::Response> reinstate(AdminCall& call);
  Task<http::Response> resolve(AdminCall& call);
  // (admin_check.cpp)
  Task<http::Response> check(AdminCall& call);
  Task<http::Response> authz(AdminCall& call);

 private:
  class Seat;
  // Runs it on the reader's thread.
  template <class Work>
  auto read(Work work) -> Task<decltype(work())> {
    auto task = [work = std::move(work)]() -> Task<decltype(work())> { co_return work(); };
    co_return co_await asio::co_spawn(reader_, std::move(task), asio::use_awaitable);
  }
  Task<http::Response> carry_out_act(AdminCall& call, bool revokes);
  Task<> heard_of(std::uint64_t registry_serial);

  asio::io_context& context_;
  const AdminDesk& desk_;
  cache::RedisLink link_;
  asio::thread_pool reader_{1};
  int seats_taken_ = 0;  // of questions that read much
};

// A place among those that read much at one time; there are few, so that nobody's questions pile up.
class AdminApi::Seat {
 public:
  explicit Seat(AdminApi& api) : api_(api), taken_(api.seats_taken_ < most) { api_.seats_taken_ += taken_; }
  ~Seat() { api_.seats_taken_ -= taken_; }
  Seat(const Seat&) = delete;
  bool taken() const { return taken_; }

 private:
  static constexpr int most = 4;
  AdminApi& api_;
  const bool taken_;
};

}  // namespace sekisho::gateway
