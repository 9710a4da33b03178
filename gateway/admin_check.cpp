#include "gateway/admin_check.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "gateway/admin_api.h"
#include "gateway/answers.h"
#include "gateway/http/problem.h"
#include "gateway/http/writer.h"
#include "gateway/trial.h"
#include "gateway/worker.h"

namespace sekisho::gateway {
namespace json = boost::json;
using policy::Operation;
using policy::Reason;

namespace {

constexpr std::string_view nginx_method = "X-Original-Method", nginx_target = "X-Original-URI";
constexpr std::string_view prefix = "/authz";

// Of a client that the files name, or of an operator, whichever of its clients calls.
config::Client who_orders(AdminBody& body, const config::Installation& site) {
  const auto client = body.text("client"), named = body.text("operator");
  const auto id = operator_named(named);
  if (client.empty() && named.empty()) body.complain("operator", "or `client` is missing: who orders");
  if (!named.empty() && !id) body.complain("operator", "is no operator's id");
  if (client.empty()) return {.id = "", .operator_id = id.value_or(policy::OperatorId()), .carriers = {}};
  const auto& all = site.clients.all;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == client; });
  if (found == all.end()) {
    body.complain("client", "is none of the clients file");
    return {};
  }
  if (id && *id != found->operator_id) body.complain("operator", "is not the client's");
  return *found;
}

// The one that is meant where there is only one.
std::string carrier_of(AdminBody& body, const config::Installation& site) {
  const auto named = body.text("carrier");
  const auto& all = site.carriers;
  if (named.empty()) return all.size() == 1 ? all.front().name : "";
  if (std::none_of(all.begin(), all.end(), [&](const auto& one) { return one.name == named; }))
    body.complain("carrier", "is none of the files in force");
  return named;
}

// A body in one printable line of ASCII, as a header's value can carry it.
std::string as_header(std::string_view text) {
  std::string out;
  const auto value = json::parse({text.data(), text.size()});
  const auto one_line = json::serialize(value);
  for (std::size_t i = 0; i < one_line.size();) {
    const auto byte = static_cast<unsigned char>(one_line[i]);
    if (byte < 0x80) {
      out += one_line[i++];
      continue;
    }
    const int more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    std::uint32_t point = byte & (0x3f >> more);
    for (int n = 1; n <= more; ++n) point = point << 6 | (static_cast<unsigned char>(one_line[i + n]) & 0x3f);
    i += std::size_t(more) + 1;
    const auto unit = [&out](std::uint32_t sixteen) {
      out += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) out += "0123456789abcdef"[sixteen >> shift & 15];
    };
    if (point < 0x10000) {
      unit(point);
    } else {
      unit(0xd800 + ((point - 0x10000) >> 10));
      unit(0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return out;
}

http::Response through_three_statuses(http::Response refused) {
  refused.headers.set("Sekisho-Status", std::to_string(refused.status));
  refused.headers.set("Sekisho-Problem", as_header(refused.body));
  if (refused.status != 401) refused.status = 403;
  return refused;
}

}  // namespace

std::shared_ptr<const DescribedOrder> described_order(AdminBody& body, const config::Installation& site) {
  auto said = std::make_shared<DescribedOrder>();
  auto& order = said->order;
  said->client = who_orders(body, site);
  said->carrier.name = order.carrier = carrier_of(body, site);
  order.operation = body.word<Operation>("operation").value_or(Operation::allocate);
  said->route.operation = order.operation;
  order.number_type = body.word<policy::NumberType>("number_type");
  order.quantity = body.number("quantity", 0).value_or(0);
  order.area = body.text("area");
  order.channels = body.number("channels", 0).value_or(0);
  order.chain = body.texts("chain");
  order.partial = body.flag("partial");
  if (order.operation == Operation::pass) body.complain("operation", "is one that nobody decides about");
  for (const auto& text : body.texts("numbers")) {
    const auto number = policy::national_number(text);
    if (!number) body.complain("numbers", "has one that is not a telephone number");
    if (number) order.numbers.push_back(*number);
  }
  if (const auto receiver = body.text("receiver"); !receiver.empty()) {
    const auto id = operator_named(receiver);
    if (!id || order.operation != Operation::transfer)
      body.complain("receiver", "is an operator's id, of a transfer");
    order.receiver = id.value_or(policy::OperatorId());
  }
  if (!policy::hands_out(order.operation)) return said;
  if (!order.number_type) body.complain("number_type", "is missing");
  if (order.quantity == 0) order.quantity = policy::Quantity(order.numbers.size());
  const bool may_be_none = order.operation == Operation::capacity || order.operation == Operation::modify;
  if (order.quantity == 0 && !may_be_none) body.complain("quantity", "is missing: at least 1");
  return said;
}

json::object check_json(const Exchange& x, policy::Language language) {
  const auto& decision = x.decision;
  json::object out{{"decision", x.id}, {"allowed", decision.allowed}, {"status", decision.status()}};
  json::array reasons, limits, charges;
  if (!decision.allowed) {
    // As the caller would hear it: what may not be told is not in there.
    const auto told = json::parse(refusal(x).body).as_object();
    out["code"] = told.at("code");
    out["title"] = policy::row(decision.reason()).title[static_cast<std::size_t>(language)];
    reasons = told.at("reasons").as_array();
    if (const auto* bound = told.if_contains("limits")) limits = bound->as_array();
  }
  for (const auto& charge : decision.charges)
    if (charge.before)
      charges.push_back(json::object{{"rule", charge.rule->id},
                                     {"per", charge.rule->limit->per.text()},
                                     {"limit", charge.cap},
                                     {"before", *charge.before}});
  out["operator"] = x.account.text();
  if (!x.client->id.empty()) out["client"] = x.client->id;
  if (!x.carrier_name().empty()) out["carrier"] = x.carrier_name();
  out["operation"] = policy::name(x.operation());
  if (x.order()->number_type) out["number_type"] = policy::name(*x.order()->number_type);
  out["quantity"] = x.would_take.value_or(x.order()->quantity);
  out["reasons"] = std::move(reasons);
  out["limits"] = std::move(limits);
  out["charges"] = std::move(charges);
  out["policy"] = x.site->policy.digest;
  if (x.hands_out()) out["registry"] = x.standing.registry_serial;
  out["at"] = policy::iso_jst(x.now);
  return out;
}

std::variant<AskedCall, Unasked> asked_call(const http::Request& question) {
  AskedCall asked;
  std::string_view method = question.method, target = question.target;
  asked.three_statuses = question.path() == prefix;
  if (asked.three_statuses) {
    const auto& headers = question.headers;
    if (headers.count(nginx_method) != 1 || headers.count(nginx_target) != 1)
      return Unasked{
          false, "the call that is asked about stands in X-Original-Method and X-Original-URI, each once"};
    method = *headers.find(nginx_method);
    target = *headers.find(nginx_target);
  } else {
    target.remove_prefix(prefix.size());
  }
  const auto address =
      question.headers.count("X-Real-IP") == 1 ? question.headers.find("X-Real-IP") : std::nullopt;
  if (question.headers.count("X-Real-IP") > 0) {
    boost::system::error_code failed;
    if (address) asked.peer.address = boost::asio::ip::make_address(std::string(*address), failed);
    if (!address || failed) return Unasked{false, "X-Real-IP is not one address"};
  }
  // Written anew and read again: what is ambiguous as a call of its own is so here.
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\n";
  if (const auto host = question.headers.find("Host")) text += "Host: " + std::string(*host) + "\n";
  auto headers = http::end_to_end(question.headers);
  headers.remove(nginx_method);
  headers.remove(nginx_target);
  for (const auto& header : headers.all()) text.append(header.name).append(": ").append(header.value) += '\n';
  text += "\n" + question.body + "\n";
  auto read = recorded_request(text);
  if (auto* why = std::get_if<std::string>(&read)) return Unasked{true, std::move(*why)};
  asked.request = std::get<http::Request>(std::move(read));
  asked.whole = !question.body.empty();
  return asked;
}

http::Response check_answer(Exchange& x, const AskedCall& asked) {
  if (x.decision.allowed) {
    http::Response passed;
    passed.headers.add("Cache-Control", "no-store");
    passed.headers.add("Sekisho-Decision", x.id);
    passed.headers.add("Sekisho-Operator", x.account.text());
    passed.headers.add("Sekisho-Client", x.client->id);
    return passed;
  }
  if (asked.three_statuses) x.denials = nullptr;  // a problem is what a header can carry
  auto refused = refusal(x);
  refused.headers.set("Sekisho-Reason", policy::code(x.decision.reason()));
  if (asked.three_statuses) return through_three_statuses(std::move(refused));
  return refused;
}

http::Response check_answer(const http::Request& question, const Unasked& unread, bool three_statuses) {
  if (!unread.call) return admin_problem(question, AdminError::bad_parameter, unread.text);
  const http::Problem problem{.reason = Reason::malformed, .detail = unread.text};
  auto refused = http::to_response(problem, http::choose_language(question.headers.find("Accept-Language")));
  refused.headers.set("Sekisho-Reason", policy::code(problem.reason));
  if (three_statuses) return through_three_statuses(std::move(refused));
  return refused;
}

Task<http::Response> AdminApi::check(AdminCall& call) {
  if (auto trouble = AdminQuery(call, {}).trouble()) co_return std::move(*trouble);
  AdminBody body(call, {"client", "operator", "operation", "carrier", "number_type", "quantity", "area",
                        "channels", "chain", "partial", "numbers", "receiver"});
  const auto site = desk_.site();
  auto order = described_order(body, *site);
  if (auto trouble = body.trouble()) co_return std::move(*trouble);
  if (desk_.draining()) co_return admin_problem(call.request, AdminError::draining);
  auto by = call.by;
  const auto x = co_await desk_.worker().check_order(std::move(order), std::move(by));
  const auto spoken = call.request.headers.find("Accept-Language");
  if (spoken) x->request.headers.add("Accept-Language", *spoken);
  x->request.target = call.request.target;
  // Could not decide: that is no verdict, and must not be taken for one.
  const bool unsure =
      !x->decision.allowed && policy::row(x->decision.reason()).family == policy::Family::unsure;
  if (unsure) co_return refusal(*x);
  auto response = admin_answer(check_json(*x, http::choose_language(spoken)));
  response.headers.add("Sekisho-Decision", x->id);
  co_return response;
}

Task<http::Response> AdminApi::authz(AdminCall& call) {
  if (desk_.draining()) co_return admin_problem(call.request, AdminError::draining);
  auto read = asked_call(call.request);
  if (const auto* unread = std::get_if<Unasked>(&read)) {
    const bool three_statuses = call.request.path() == prefix;
    co_return check_answer(call.request, *unread, three_statuses);
  }
  auto& asked = std::get<AskedCall>(read);
  auto request = asked.request;
  auto by = call.by;
  const auto x =
      co_await desk_.worker().check_call(std::move(request), asked.peer, asked.whole, std::move(by));
  co_return check_answer(*x, asked);
}

}  // namespace sekisho::gateway
