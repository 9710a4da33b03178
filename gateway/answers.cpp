#include "gateway/answers.h"

#include <fmt/format.h>

#include <iterator>

#include <algorithm>

#include "gateway/http/problem.h"
#include "gateway/http/writer.h"
#include "gateway/identify.h"

namespace sekisho::gateway {
using policy::Family;
using policy::Language;
using policy::Reason;

namespace {

constexpr int notice_days = 60;  // how long before its end a certificate's expiry is told

Language language_of(const Exchange& x) {
  return http::choose_language(x.request.headers.find("Accept-Language"));
}

int seconds_until(policy::Instant then, policy::Instant now) {
  return int(std::max<std::int64_t>(1, ((then - now).count() + 999) / 1000));
}

std::optional<int> retry_after(const Exchange& x) {
  const auto reason = x.decision.reason();
  const auto status = x.decision.status();
  if (reason == Reason::rate_exceeded) return int(std::max<std::int64_t>(1, (x.retry_ms + 999) / 1000));
  if (reason == Reason::idempotency_conflict) return 1;
  if (reason == Reason::registry_stale) return 5;
  if (status == 503) return 1;
  if (status != 429) return std::nullopt;
  int wait = 1;  // every limit that bound must have been reset
  for (const auto& limit : x.decision.limits)
    if (limit.resets_at) wait = std::max(wait, seconds_until(*limit.resets_at, x.now));
  return wait;
}

http::ProblemReason told(const policy::Finding& finding, Language language) {
  const auto code = finding.code.empty() ? std::string(policy::code(finding.reason)) : finding.code;
  const auto& words = policy::row(policy::parse_reason(code).value_or(finding.reason));
  const auto at = static_cast<std::size_t>(language);
  http::ProblemReason out{
      .code = code, .text = std::string(words.title[at]), .remedy = std::string(words.remedy[at])};
  if (!finding.detail.empty()) out.text += " " + finding.detail;
  // A request of the police is confidential: which rule it was, and on what basis, would tell of it.
  if (finding.rule && finding.reason != Reason::supply_refused) {
    out.rule = finding.rule->id;
    out.basis = policy::name(finding.rule->basis);
  }
  return out;
}

http::ProblemLimit told(const policy::LimitState& limit) {
  return {limit.rule, limit.code, limit.per.text(), limit.limit,
          limit.used, limit.held, limit.left,       limit.resets_at};
}

void add_rate_limits(http::Response& response, const Exchange& x) {
  std::string policies, states;
  const auto add = [&](const policy::LimitState& limit) {
    if (!limit.per.resets()) return;
    const auto comma = policies.empty() ? "" : ", ";
    fmt::format_to(std::back_inserter(policies), "{}\"{}\";q={}", comma, limit.rule, limit.limit);
    fmt::format_to(std::back_inserter(states), "{}\"{}\";r={}", comma, limit.rule, limit.left);
    if (limit.resets_at)
      fmt::format_to(std::back_inserter(states), ";t={}", seconds_until(*limit.resets_at, x.now));
  };
  for (const auto& limit : x.decision.limits) add(limit);
  if (x.decision.limits.empty() && x.decision.allowed) {
    for (const auto& charge : x.decision.charges) {
      const auto left = x.left_of(charge);
      if (!left) continue;
      auto limit = policy::limit_state(*charge.rule, charge.cap, {}, x.standing.today);
      limit.left = *left;
      add(limit);
    }
  }
  if (policies.empty()) return;
  response.headers.add("RateLimit-Policy", policies);
  response.headers.add("RateLimit", states);
}

void add_notices(http::Response& response, const Exchange& x) {
  if (x.standing.certified_until) {
    const auto days = (x.standing.certified_until->day - x.standing.today.day).count();
    if (days <= notice_days)
      response.headers.add("Sekisho-Notice", days == 0 ? "certificate expires today"
                                             : days == 1
                                                 ? "certificate expires in 1 day"
                                                 : fmt::format("certificate expires in {} days", days));
  }
  for (const auto* rule : x.decision.notices)
    if (rule->deny != Reason::supply_refused)
      response.headers.add("Sekisho-Notice", "rule " + rule->id + " would apply if it were enforced");
}

http::Problem problem_of(const Exchange& x, Reason reason) {
  return {.reason = reason,
          .instance = std::string(x.request.path()),
          .decision = x.id,
          .contact = x.site->policy.contact};
}

}  // namespace

http::Response refusal(const Exchange& x) {
  const auto language = language_of(x);
  auto problem = problem_of(x, x.decision.reason());
  problem.status = x.decision.status();
  problem.detail = x.decision.findings.front().detail;
  problem.retry_after = retry_after(x);
  if (x.decision.reason() == Reason::unauthenticated) problem.challenges = challenges(x.site->clients);
  for (const auto& finding : x.decision.findings) problem.reasons.push_back(told(finding, language));
  for (const auto& limit : x.decision.limits) problem.limits.push_back(told(limit));
  auto response = http::to_response(problem, language, x.denials);
  add_rate_limits(response, x);
  return response;
}

http::Response passed(const Exchange& x) {
  http::Response response;
  response.status = x.answer.response.status;
  response.headers = http::end_to_end(x.answer.response.headers);
  response.body = x.answer.response.body;
  response.headers.set("Sekisho-Decision", x.id);
  if (x.hands_out()) {
    add_rate_limits(response, x);
    add_notices(response, x);
  }
  return response;
}

http::Response carrier_failure(const Exchange& x) {
  auto problem = problem_of(x, x.answer.reason);
  // Whether it may have happened is what the caller must know before it orders again.
  const bool unsent = x.answer.kind == CarrierAnswer::Kind::unsent;
  if (unsent) problem.retry_after = 1;
  return http::to_response(problem, language_of(x), x.denials);
}

http::Response replayed(const Exchange& x) {
  http::Response response;
  response.status = x.replay->status;
  for (const auto& [name, value] : x.replay->headers) response.headers.add(name, value);
  response.body = x.replay->body;
  if (!x.replay->body_kept)
    response.headers.set("Sekisho-Notice", "the order was carried out; the carrier's own answer is not kept");
  response.headers.set("Idempotency-Replayed", "true");
  return response;
}

cache::StoredAnswer to_store(const http::Response& answer) {
  cache::StoredAnswer stored{.status = answer.status, .body = answer.body};
  stored.headers.reserve(answer.headers.all().size());
  for (const auto& header : answer.headers.all()) stored.headers.emplace_back(header.name, header.value);
  return stored;
}

http::Response unreadable(const http::ReadFailure& failure, const http::Headers& read_so_far,
                          std::string_view contact) {
  http::Problem problem{.reason = failure.reason, .detail = failure.detail, .contact = std::string(contact)};
  auto response = http::to_response(problem, http::choose_language(read_so_far.find("Accept-Language")));
  response.keep_alive = false;
  return response;
}

}  // namespace sekisho::gateway
