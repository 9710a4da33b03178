// What the journal of this gateway says of decisions. Other gateways have journals of their own.
#include <algorithm>
#include <limits>

#include "cache/journal_search.h"
#include "gateway/admin_api.h"
#include "gateway/ids.h"
#include "gateway/log.h"

namespace sekisho::gateway {
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 2s;  // for one search

// What any reader of the gate may see of a record. The rules that matched, the facts and the findings are
// left out, for they would tell of the refusal list; a new member is not shown before somebody thought of
// that.
constexpr std::string_view not_confidential[] = {
    "seq",      "at",       "kind",        "decision",    "check",   "unseen",  "trace",     "credential",
    "cause",    "client",   "operator",    "merged_from", "caller",  "carrier", "operation", "order",
    "policy",   "registry", "charges",     "trimmed",     "allowed", "code",    "status",    "limits",
    "replayed", "held",     "number_type", "day",         "result",  "granted", "released",  "order_id",
    "numbers",  "since",    "hold",        "by",          "reason",  "detail"};

json::object told(std::string_view line, const AdminCall& call, const std::string& gateway) {
  auto record = json::parse({line.data(), line.size()}).as_object();
  json::object out;
  for (auto& [name, value] : record) {
    const bool plain = std::find(std::begin(not_confidential), std::end(not_confidential),
                                 std::string_view(name)) != std::end(not_confidential);
    if (call.sees_refusals || plain) out[name] = std::move(value);
  }
  out["gateway"] = gateway;
  return out;
}

// What a search found, or that it could not be made.
template <class Found>
struct Search {
  Found found{};
  std::string trouble;
};

template <class Look>
auto searched(Look look) -> Search<decltype(look())> {
  try {
    return {look(), ""};
  } catch (const std::exception& broken) {
    return {{}, broken.what()};
  }
}

}  // namespace

Task<http::Response> AdminApi::decisions(AdminCall& call) {
  AdminQuery query(call, {"operator", "code", "since", "before", "limit"});
  cache::DecisionFilter filter;
  if (const auto who = query.text("operator")) {
    const auto id = operator_named(*who);
    if (!id) query.complain("operator", "an operator's id");
    if (id) filter.operator_id = id->text();
  }
  if (const auto code = query.text("code")) {
    if (!policy::parse_reason(*code)) query.complain("code", "a reason's code");
    filter.code = *code;
  }
  if (const auto since = query.text("since")) {
    const auto day = policy::JstDate::parse(*since);
    filter.since = day ? day->begins() : policy::parse_instant(*since);
    if (!filter.since)
      query.complain("since", "a day such as 2026-11-24 or a moment such as 2026-11-24T10:00:00+09:00");
  }
  constexpr auto any = std::numeric_limits<std::int64_t>::max();
  filter.before = std::uint64_t(query.number("before", 1, any).value_or(any));
  filter.most = std::size_t(query.number("limit", 1, page_most).value_or(page_usual));
  if (auto trouble = query.trouble()) co_return std::move(*trouble);
  const Seat seat(*this);
  if (!seat.taken()) co_return admin_problem(call.request, AdminError::overloaded);
  auto work = [directory = desk_.settings.journal.directory, filter] {
    const auto until = std::chrono::steady_clock::now() + patience;
    return searched([&] { return cache::newest_decisions(directory, filter, until); });
  };
  const auto search = co_await read(std::move(work));
  if (!search.trouble.empty()) {
    log::error("the journal could not be searched", {{"error", search.trouble}});
    co_return admin_problem(call.request, AdminError::journal_unreadable);
  }
  json::array page;
  for (const auto& line : search.found.records) page.push_back(told(line, call, desk_.gateway));
  auto response = admin_answer(page);
  if (search.found.next) add_next_page(response, call, "before", std::to_string(*search.found.next));
  co_return response;
}

Task<http::Response> AdminApi::one_decision(AdminCall& call) {
  if (auto trouble = AdminQuery(call, {}).trouble()) co_return std::move(*trouble);
  const std::string id(call.in_path("id"));
  const auto made = time_of(id);
  if (!made) co_return admin_problem(call.request, AdminError::not_found, "this is no decision's id");
  const Seat seat(*this);
  if (!seat.taken()) co_return admin_problem(call.request, AdminError::overloaded);
  auto work = [directory = desk_.settings.journal.directory, id, made] {
    const auto until = std::chrono::steady_clock::now() + patience;
    return searched([&] { return cache::records_of(directory, id, made, until); });
  };
  const auto search = co_await read(std::move(work));
  if (!search.trouble.empty()) {
    log::error("the journal could not be searched", {{"error", search.trouble}});
    co_return admin_problem(call.request, AdminError::journal_unreadable);
  }
  if (!search.found) co_return admin_problem(call.request, AdminError::search_too_long);
  if (search.found->empty())
    co_return admin_problem(call.request, AdminError::not_found,
                            "this gateway's journal has no record of this decision");
  json::array records;
  for (const auto& line : *search.found) records.push_back(told(line, call, desk_.gateway));
  co_return admin_answer(records);
}

}  // namespace sekisho::gateway
