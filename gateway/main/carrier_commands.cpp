// carrier check, carrier try: one carrier's file by itself, against calls that were recorded.
#include <fstream>
#include <memory>

#include "config/installation.h"
#include "config/numbering_plan_file.h"
#include "config/small_file.h"
#include "gateway/main/commands.h"
#include "gateway/trial.h"
#include "policy/reason.h"

namespace sekisho::console {
namespace {

struct Question {
  std::string file, request, answer;
};

int check(const Console& console, const Question& question) {
  const auto carrier = config::load_carrier(question.file);
  if (!carrier) return console.fail(carrier.errors);
  const auto routes = carrier.value->routes.size();
  console.print(
      json::object{
          {"ok", true}, {"errors", json::array{}}, {"carrier", carrier.value->name}, {"routes", routes}},
      "ok: carrier '" + carrier.value->name + "' with " + std::to_string(routes) + " routes\n");
  return done;
}

json::array strings(const std::vector<std::string>& all) {
  json::array out;
  for (const auto& one : all) out.emplace_back(one);
  return out;
}

json::object order_json(const policy::Order& order) {
  json::object out{{"quantity", order.quantity}, {"partial", order.partial}};
  if (order.number_type) out["number_type"] = policy::name(*order.number_type);
  if (!order.area.empty()) out["area"] = order.area;
  if (order.channels > 0) out["channels"] = order.channels;
  if (!order.chain.empty()) out["chain"] = strings(order.chain);
  if (!order.reference.empty()) out["reference"] = order.reference;
  if (!order.order_id.empty()) out["order_id"] = order.order_id;
  if (!order.recall.empty()) out["recall"] = order.recall;
  if (!order.receiver.empty()) out["receiver"] = order.receiver.text();
  if (!order.numbers.empty()) out["numbers"] = strings(order.numbers);
  return out;
}

json::object outcome_json(const policy::Outcome& outcome) {
  static constexpr std::string_view kinds[] = {"unsent", "finished", "pending", "unknown", "reserved"};
  json::object out{{"outcome", kinds[std::size_t(outcome.kind)]}};
  if (outcome.all)
    out["granted"] = "all";
  else
    out["granted"] = outcome.granted;
  out["released"] = outcome.released;
  if (!outcome.order_id.empty()) out["order_id"] = outcome.order_id;
  if (!outcome.numbers.empty()) out["numbers"] = strings(outcome.numbers);
  if (!outcome.detail.empty()) out["detail"] = outcome.detail;
  return out;
}

json::object trial_json(const gateway::Trial& trial) {
  json::object out{{"ok", trial.is_read()}};
  if (!trial.match) return out;
  out["route"] = trial.match->route->pattern;
  out["operation"] = policy::name(trial.match->route->operation);
  if (trial.signature) out["signed"] = *trial.signature;
  if (trial.match->route->operation == policy::Operation::pass) return out;
  if (const auto* no = std::get_if<policy::Unreadable>(&trial.read))
    out["refused"] = {{"code", policy::code(no->reason)}, {"detail", no->detail}};
  else
    out["order"] = order_json(*trial.order());
  if (trial.outcome) out["answer"] = outcome_json(*trial.outcome);
  return out;
}

std::optional<std::string> contents(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) return std::nullopt;
  return text;
}

int attempt(const Console& console, const Question& question) {
  auto carrier = config::load_carrier(question.file);
  if (!carrier) return console.fail(carrier.errors);
  std::filesystem::path plan_file;
  if (!console.config.empty()) {
    const auto settings = console.settings();
    if (!settings) return unreadable;
    plan_file = settings->numbering_plan;
  }
  const auto plan = config::load_numbering_plan(plan_file);
  if (!plan) return console.fail(plan.errors);

  const auto text = contents(question.request);
  if (!text) return console.fail(question.request + ": cannot be read");
  const auto request = gateway::recorded_request(*text);
  if (const auto* no = std::get_if<std::string>(&request)) return console.fail(question.request + ": " + *no);
  const auto& call = std::get<http::Request>(request);
  std::optional<http::Response> answer;
  if (!question.answer.empty()) {
    const auto recorded = contents(question.answer);
    if (!recorded) return console.fail(question.answer + ": cannot be read");
    auto read = gateway::recorded_answer(*recorded, call.method == "HEAD");
    if (const auto* no = std::get_if<std::string>(&read)) return console.fail(question.answer + ": " + *no);
    answer = std::get<http::Response>(std::move(read));
  }
  const std::vector<policy::Carrier> carriers{std::move(*carrier.value)};
  const auto trial = gateway::try_adapter(carriers, call, answer ? &*answer : nullptr, *plan.value,
                                          policy::JstDate::of(now()));
  console.print(trial_json(trial), told(trial));
  return trial.is_read() ? done : answer_no;
}

}  // namespace

void add_carrier(CLI::App& app, const Console& console, int& code) {
  auto question = std::make_shared<Question>();
  auto* carrier = app.add_subcommand("carrier", "Files that describe a carrier's API");
  carrier->require_subcommand(1);
  auto* checks = carrier->add_subcommand("check", "Check one carrier's file");
  checks->add_option("file", question->file, "The carrier's file")->required()->type_name("FILE");
  checks->callback([&console, &code, question] { code = check(console, *question); });

  auto* tries =
      carrier->add_subcommand("try", "What the gate reads out of a recorded call, or why it refuses");
  tries->add_option("file", question->file, "The carrier's file")->required()->type_name("FILE");
  tries->add_option("--request", question->request, "A request as raw HTTP text")
      ->required()
      ->type_name("FILE");
  tries->add_option("--answer", question->answer, "The answer to it as raw HTTP text")->type_name("FILE");
  tries->callback([&console, &code, question] { code = attempt(console, *question); });
}

}  // namespace sekisho::console
