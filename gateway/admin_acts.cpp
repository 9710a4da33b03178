// Acts through the admin API: the same as the commands', and on record with who did them.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "cache/hold_resolution.h"
#include "cache/registry_acts.h"
#include "gateway/admin_api.h"
#include "gateway/ledger_json.h"
#include "gateway/log.h"
#include "policy/reading.h"

namespace sekisho::gateway {
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

// Who did it: the token's name; and for whom, where it says so. Without tokens somebody must be named.
std::string whose(const AdminCall& call, AdminBody& body) {
  const auto by = body.text("by");
  if (by.empty() && !call.named) body.complain("by", "is missing: who does it");
  if (!call.named) return by;
  return by.empty() ? call.by : by + " (" + call.by + ")";
}

std::string why(AdminBody& body) {
  auto reason = body.text("reason");
  if (reason.empty()) body.complain("reason", "is missing: why it is done");
  return reason;
}

}  // namespace

Task<http::Response> AdminApi::reload(AdminCall& call) {
  if (auto trouble = AdminQuery(call, {}).trouble()) co_return std::move(*trouble);
  const auto errors = co_await desk_.reload(call.by);
  json::array list;
  for (const auto& one : errors)
    list.push_back(
        json::object{{"file", one.file}, {"line", one.line}, {"column", one.column}, {"text", one.text}});
  json::object out{{"ok", errors.empty()}, {"errors", std::move(list)}};
  if (errors.empty()) co_return admin_answer(out);
  co_return admin_problem(call.request, AdminError::files_refused, errors.front().print(), std::move(out));
}

// Until the process ends, or somebody says another: what is configured is what it begins with.
Task<http::Response> AdminApi::log_level(AdminCall& call) {
  if (auto trouble = AdminQuery(call, {}).trouble()) co_return std::move(*trouble);
  AdminBody body(call, {"level"});
  const auto level = body.word<log::Level>("level");
  if (!level) body.complain("level", "is missing: one of " + policy::all_words<log::Level>());
  if (auto trouble = body.trouble()) co_return std::move(*trouble);
  const auto before = log::level();
  log::set_level(*level);
  log::notice("the log's level was changed",
              {{"from_now_on", std::string(policy::name(*level))}, {"by", call.by}});
  co_return admin_answer(json::object{{"level", policy::name(*level)}, {"before", policy::name(before)}});
}

Task<http::Response> AdminApi::revoke(AdminCall& call) { return carry_out_act(call, true); }
Task<http::Response> AdminApi::reinstate(AdminCall& call) { return carry_out_act(call, false); }

Task<http::Response> AdminApi::carry_out_act(AdminCall& call, bool revokes) {
  if (auto trouble = AdminQuery(call, {}).trouble()) co_return std::move(*trouble);
  const auto id = operator_named(call.in_path("id"));
  if (!id) co_return admin_problem(call.request, AdminError::not_found, "this is no operator's id");
  AdminBody body(call, {"reason", "by", "since"});
  auto reason = why(body);
  auto by = whose(call, body);
  const auto since = body.text("since");
  const auto day = policy::JstDate::parse(since);
  if (!since.empty() && (!day || *day > desk_.today() || !revokes))
    body.complain("since", "is not a day such as 2026-11-24 that has come, of a revocation");
  if (auto trouble = body.trouble()) co_return std::move(*trouble);
  if (!link_.up()) co_return admin_problem(call.request, AdminError::ledger_unavailable, link_.trouble());

  cache::RegistryStore store(link_);
  auto act = revokes ? cache::revoking(by, reason, day) : cache::reinstating(by, reason);
  const auto done = act.done;
  const auto result = co_await cache::carry_out(store, *id, std::move(act));
  if (result.kind == cache::ActResult::Kind::refused)
    co_return admin_problem(call.request, AdminError::not_possible, result.trouble);
  if (result.kind == cache::ActResult::Kind::unreachable)
    co_return admin_problem(call.request, AdminError::ledger_unavailable, result.trouble);
  // From here on no gateway takes a hold by what was known before.
  co_await heard_of(result.serial);
  json::object out{{"operator", id->text()}, {"serial", result.serial}, {"done", done}, {"by", by}};
  if (day) {
    const auto granted = co_await cache::granted_since(link_, *id, *day);
    if (granted) out["granted_since"] = granted_json(*granted);
  }
  co_return admin_answer(out);
}

// Not needed for it to be in force; but who looks next at this gateway finds what was done.
Task<> AdminApi::heard_of(std::uint64_t registry_serial) {
  asio::steady_timer pause(context_);
  for (int tries = 0; tries < 200 && desk_.registry()->serial() < registry_serial; ++tries) {
    pause.expires_after(5ms);
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

Task<http::Response> AdminApi::resolve(AdminCall& call) {
  using Kind = cache::ResolutionResult::Kind;
  if (auto trouble = AdminQuery(call, {}).trouble()) co_return std::move(*trouble);
  AdminBody body(call, {"granted", "released", "numbers", "reason", "by"});
  cache::HoldResolution said{
      .hold = std::string(call.in_path("hold")), .reason = why(body), .by = whose(call, body)};
  const auto granted = body.number("granted", 0);
  const bool released = body.flag("released");
  if (granted.has_value() == released) body.complain("granted", "or `released: true`: one of them is said");
  said.granted = granted.value_or(0);
  for (const auto& text : body.texts("numbers")) {
    const auto number = policy::national_number(text);
    if (!number) body.complain("numbers", "has one that is not a telephone number");
    if (number) said.numbers.push_back(*number);
  }
  if (!said.numbers.empty() && said.granted == 0) body.complain("numbers", "were granted, or none was");
  if (auto trouble = body.trouble()) co_return std::move(*trouble);
  if (!link_.up()) co_return admin_problem(call.request, AdminError::ledger_unavailable, link_.trouble());

  const auto hold = said.hold;
  const auto result = co_await cache::resolve_hold(link_, desk_.settings, std::move(said));
  if (result.kind == Kind::unreachable)
    co_return admin_problem(call.request, AdminError::ledger_unavailable, result.trouble);
  if (result.kind == Kind::not_open)
    co_return admin_problem(call.request, AdminError::not_found, result.trouble);
  if (result.kind == Kind::under_way)
    co_return admin_problem(call.request, AdminError::not_possible, result.trouble);
  json::object out{{"hold", hold},
                   {"operator", result.operator_id.text()},
                   {"granted", result.granted},
                   {"released", result.released}};
  if (!result.warnings.empty()) out["warnings"] = json::array(result.warnings.begin(), result.warnings.end());
  co_return admin_answer(out);
}

}  // namespace sekisho::gateway
