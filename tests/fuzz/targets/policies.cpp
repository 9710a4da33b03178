// Any bytes as a policy. Always, beside what tests/fuzz/files.h says: what can be formatted keeps its
// meaning, rule by rule, and formatting it again changes nothing; what was read can be compiled and decides
// the same again.
#include "config/texts.h"
#include "policy/compiled.h"
#include "policy/decide.h"
#include "tests/fuzz/files.h"

namespace sekisho::fuzz {
namespace {

std::optional<policy::Policy> read(const std::string& text) {
  return loaded<policy::Policy>([&] { return config::read_policy_text("policy.yaml", text); }).value;
}

void formats_without_loss(const std::string& text, const policy::Policy& policy) {
  const auto formatted = config::format_policy_text("policy.yaml", text);
  if (!formatted) return;  // it says why
  const auto again = read(formatted.text);
  must(again.has_value(), "a formatted policy can be read");
  must_equal(again->rules.size(), policy.rules.size(), "a formatted policy has the same rules");
  must(!config::format_policy_text("policy.yaml", formatted.text).changed(),
       "formatting it again changes nothing");
}

void decides(const policy::Policy& policy) {
  const policy::Compiled compiled(policy);
  const policy::Route route{.method = "POST", .operation = policy::Operation::allocate};
  policy::Order order{.operation = route.operation, .quantity = 10};
  order.number_type = policy::NumberType::fixed;
  const auto caller = *policy::OperatorId::parse("jp:8999900000001");
  const auto standing =
      policy::stand(nullptr, caller, order.number_type, policy::JstDate::of(2026, 11, 28), 0, {});
  const policy::Case facts{.caller = caller, .route = &route, .order = &order, .standing = &standing};
  const auto first = policy::decide(compiled, facts), second = policy::decide(compiled, facts);
  must(first.allowed == second.allowed && first.matched == second.matched, "the same decision again");
  must(first.allowed || !first.findings.empty(), "a refusal has a reason");
}

void run(std::string_view input) {
  const std::string text(input);
  const auto policy = read(text);
  if (!policy) return;
  formats_without_loss(text, *policy);
  decides(*policy);
}

const Target target{"policies", run};

}  // namespace
}  // namespace sekisho::fuzz
