#include "config/carrier_routes.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <map>

#include "config/carrier_locators.h"
#include "config/kinds.h"
#include "policy/reading.h"

namespace sekisho::config {
namespace {

using policy::Locator;
using policy::Operation;
using policy::Route;

// What policy::match_route compares as it is: characters that need no escape, no "." at its end.
bool is_literal(std::string_view text) {
  if (text.ends_with('.')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~!$&'()*+,=:@").find(c) != std::string_view::npos;
  });
}

// "orders", "{id}", "{number}:rent"; never "." or "..".
bool is_segment(std::string_view text) {
  const auto parameter = policy::parameter_of(text);
  if (!parameter) return is_literal(text) && text != "." && text != "..";
  return is_literal(parameter->suffix) &&
         parameter->name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

// "POST /v1/number-orders/{id}"; the answer is what is wrong, empty when nothing is.
std::string parse_match(const std::string& text, Route& route) {
  static constexpr std::array<std::string_view, 6> methods = {"GET", "HEAD",  "POST",
                                                              "PUT", "PATCH", "DELETE"};
  const auto space = std::min(text.find(' '), text.size());
  route.method = text.substr(0, space);
  route.pattern = text;
  if (std::find(methods.begin(), methods.end(), route.method) == methods.end())
    return "expected a method (GET, HEAD, POST, PUT, PATCH, DELETE) and a path, as in 'POST /v1/orders/{id}'";
  std::string_view rest = std::string_view(text).substr(std::min(space + 1, text.size()));
  if (!rest.starts_with('/')) return "the path of a route begins with '/'";
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string segment(rest.substr(0, rest.find('/')));
    rest.remove_prefix(segment.size());
    if (segment.empty() && !rest.empty()) return "the path holds '//'";
    if (!is_segment(segment))
      return "'" + segment +
             "' is no part of a path: write plain text without '%', '?' or ';', or '{name}', which plain "
             "text "
             "may follow";
    if (const auto parameter = policy::parameter_of(segment); parameter && route.path.names(parameter->name))
      return "the parameter {" + std::string(parameter->name) + "} stands twice in the path";
    route.path.segments.push_back(segment);
  }
  return {};
}

// "201" or "4xx".
struct StatusRange {
  int from = 0, to = 0;
  bool operator==(const StatusRange&) const = default;
};

struct Status {
  using type = StatusRange;
  bool read(Document& document, const Node& node, StatusRange& out) const {
    const auto& text = node.text;
    const bool shape =
        node.kind == Node::Kind::scalar && text.size() == 3 && text[0] >= '2' && text[0] <= '5';
    if (shape && text.ends_with("xx")) return out = {(text[0] - '0') * 100, (text[0] - '0') * 100 + 99}, true;
    if (!shape || text.find_first_not_of("0123456789") != text.npos)
      return unexpected(document, node, says());
    out.from = out.to = std::stoi(text);
    return true;
  }
  std::string says() const { return "a final HTTP status such as 201 or 4xx"; }
};

class RouteReader {
 public:
  RouteReader(Document& document, const std::map<std::string, policy::NumberType>& number_types,
              const DenialsPtr& denials)
      : document_(document), number_types_(number_types), denials_(denials) {}

  std::optional<Route> read(const Node& node) {
    Fields fields(document_, node, "a route");
    Route route;
    std::string match;
    bool good = fields.need("match", Text{}, match);
    if (good)
      if (auto trouble = parse_match(match, route); !trouble.empty())
        fields.error("match", trouble), good = false;
    good &= fields.need("operation", Word<Operation>{}, route.operation);
    const Node* order = fields.find("order");
    const Node* result = fields.find("result");
    if (!good) return std::nullopt;
    if (order && route.operation == Operation::pass)
      fields.error("order", "'pass' is not inspected: leave 'order' out");
    if (result && route.operation == Operation::pass)
      fields.error("result", "the answer to 'pass' is not read: leave 'result' out");
    read_errand(fields, route);
    choose_denials(fields, route);
    if (route.operation == Operation::pass) return route;
    read_order(route, order, node);
    read_results(route, result, node);
    if (const Node* poll = fields.find("poll"); poll && route.poll) check_poll(route, *poll);
    return route;
  }

 private:
  // What the route is for beside passing a call: the carrier's webhook, the gate's own questions, answers
  // that are recalled later.
  void read_errand(Fields& fields, Route& route) {
    const bool status = route.operation == Operation::status;
    const bool recalled = route.operation == Operation::search || route.operation == Operation::reserve;
    if (const Node* node = fields.find("webhook")) {
      route.webhook.emplace();
      read_webhook(document_, *node, *route.webhook);
      if (!status) fields.error("webhook", "a webhook tells how an order ended: write 'operation: status'");
      if (route.method != "POST" && route.method != "PUT")
        fields.error("webhook", "a webhook has a body: its method is POST or PUT");
    }
    Milliseconds time{};
    if (fields.may("poll", Duration{std::chrono::seconds(1), std::chrono::hours(24)}, time)) {
      route.poll = time;
      if (!status || route.webhook)
        fields.error("poll", "only a status call can be made by the gate itself");
      else if (route.method != "GET")
        fields.error("poll", "the gate asks with GET only");
    }
    route.remember = recalled ? Milliseconds(std::chrono::hours(24)) : Milliseconds(0);
    if (fields.may("remember", Duration{std::chrono::seconds(1), std::chrono::hours(24 * 366)}, time)) {
      route.remember = time;
      if (!recalled)
        fields.error("remember", "only the answer to a search or a reservation is recalled later");
    }
  }

  // The carrier itself calls a webhook, and must be able to tell by the status whether it was heard.
  void choose_denials(Fields& fields, Route& route) {
    const Node* own = fields.find("denials");
    if (own && route.webhook)
      fields.error("denials", "a webhook is called by the carrier, which is answered in problem+json");
    if (!route.webhook) route.denials = own ? read_denials(document_, *own, denials_) : denials_;
  }

  // The gate can fill in the order's id and nothing else.
  void check_poll(const Route& route, const Node& node) {
    const auto& id = route.order.order_id;
    const bool in_target = id && (id->kind == Locator::Kind::path || id->kind == Locator::Kind::query);
    const auto& segments = route.path.segments;
    const auto parameters = std::count_if(segments.begin(), segments.end(),
                                          [](const auto& one) { return policy::parameter_of(one); });
    if (!in_target || parameters != (id->kind == Locator::Kind::path ? 1 : 0))
      document_.error(node.place,
                      "the gate can ask by itself only where the order's id in path or query is all "
                      "that changes");
  }

  void read_order(Route& route, const Node* node, const Node& around) {
    auto& order = route.order;
    if (node) {
      const bool asks_back = route.operation == Operation::status || route.operation == Operation::cancel;
      const bool gives_back = route.operation == Operation::release;
      const bool hands_out = policy::hands_out(route.operation);
      Fields fields(document_, *node, "'order'");
      OneFormat format;
      const auto field = [&](std::string_view key, Slot slot, Where& out) {
        fields.may(key, LocatorKind(route, slot, false), out);
        format.check(fields, key, out);
      };
      field("quantity", {.counts = true, .recalls = hands_out, .certain = hands_out}, order.quantity);
      field("number_type", {.type = true, .recalls = hands_out, .alike = true, .certain = hands_out},
            order.number_type);
      field("area", {.alike = true}, order.area);
      field("channels", {.counts = true, .certain = route.operation == Operation::capacity}, order.channels);
      field("chain", {.several = true}, order.chain);
      field("reference", {}, order.reference);
      field("partial", {}, order.partial);
      field("order_id", {.certain = asks_back}, order.order_id);
      field("numbers", {.several = true, .ranges = true, .certain = gives_back && !node->find("order_id")},
            order.numbers);
      field("receiver", {.certain = true}, order.receiver);
      if (order.receiver && route.operation != Operation::transfer)
        fields.error("receiver", "only a transfer has a receiver");
      if (asks_back || gives_back)
        for (const auto key : {"quantity", "number_type", "area", "channels", "chain", "partial"})
          if (node->find(key))
            fields.error(key, "'" + std::string(key) + "' means nothing for '" +
                                  std::string(name(route.operation)) + "'");
    }
    check_needs(route, node, around);
    check_number_type(order.number_type, node);
  }

  // Only what is absent: what is there and wrong was reported at its place.
  void check_needs(const Route& route, const Node* order, const Node& around) {
    const auto has = [&](std::string_view key) { return order && order->find(key); };
    const auto complain = [&](const std::string& what) {
      document_.error(order ? order->place : around.place,
                      "the order of '" + std::string(name(route.operation)) + "' needs " + what);
    };
    if (policy::hands_out(route.operation)) {
      const bool confirms = route.operation == Operation::confirm;
      const bool transfers = route.operation == Operation::transfer;
      const bool recalled = (confirms && has("order_id") && !has("quantity")) ||
                            (transfers && has("order_id") && !has("numbers"));
      const bool capacity = route.operation == Operation::capacity;
      const bool none =
          capacity || (route.operation == Operation::modify && !has("quantity") && !has("numbers"));
      if (capacity && !has("channels")) complain("'channels': how many simultaneous calls");
      if (capacity && has("quantity"))
        document_.error(order->find("quantity")->place, "capacity is in 'channels', and gives no numbers");
      if (confirms && !has("order_id")) complain("'order_id': which reservation is meant");
      if (transfers && !has("receiver")) complain("'receiver': the operator that is given the numbers");
      if (transfers && !has("numbers") && !has("order_id"))
        complain("'numbers': those that change hands; or 'order_id': whose numbers do");
      if (!recalled && !none && !has("quantity") && !has("numbers"))
        complain("'quantity': a quantity is never guessed");
      if (!recalled && !has("number_type"))
        complain("'number_type'; 'const:fixed' where the API has one type only");
    } else if (route.operation == Operation::release) {
      if (!has("numbers") && !has("order_id")) complain("'numbers' or 'order_id': what is given back");
    } else if (route.operation != Operation::search) {
      if (!has("order_id")) complain("'order_id': which order is meant");
    }
  }

  void check_number_type(const Where& where, const Node* order) {
    if (!where || !order) return;
    const Place place = order->find("number_type")->place;
    check_number_type(*where, place);
    for (const auto& other : where->others) check_number_type(other, place);
  }

  void check_number_type(const Locator& where, Place place) {
    if (where.function == Locator::Function::type_of || where.function == Locator::Function::recall) return;
    if (where.kind != Locator::Kind::constant) {
      if (number_types_.empty())
        document_.error(place, "the carrier's words for it are missing: add 'number_types'");
    } else if (!number_types_.contains(where.text) && !policy::parse_word<policy::NumberType>(where.text)) {
      document_.error(place,
                      "'" + where.text + "' is neither a number type nor one of the carrier's words for one");
    }
  }

  void read_results(Route& route, const Node* list, const Node& around) {
    if (!list) {
      if (policy::hands_out(route.operation) || route.operation == Operation::release || route.webhook)
        document_.error(around.place, "'" + std::string(name(route.operation)) +
                                          "' needs 'result': how the carrier's answers are to be read");
      return;
    }
    if (list->kind != Node::Kind::list || list->items.empty()) {
      unexpected(document_, *list, "a list of answers such as '- { on: 201, granted: json:/granted }'");
      return;
    }
    seen_.clear();
    for (const auto& node : list->items) read_result(route, node);
    if (policy::hands_out(route.operation) && (seen({}) & statuses({200, 299})).none())
      document_.error(list->place, "no entry reads a success (2xx): nothing would ever be granted");
  }

  void read_result(Route& route, const Node& node) {
    Fields fields(document_, node, "an answer");
    policy::ResultRule rule;
    std::vector<StatusRange> on;
    OneFormat format;
    const auto field = [&](std::string_view key, Slot slot, Where& out) {
      fields.may(key, LocatorKind(route, slot, true), out);
      format.check(fields, key, out);
    };
    // A webhook is no answer, and has no status.
    if (route.webhook) on = {{200, 200}};
    const bool certain = route.webhook || fields.need("on", List<Status>{{}, true}, on);
    if (route.webhook && fields.find("on")) fields.error("on", "a webhook has no status");
    fields.may("pending", YesNo{}, rule.pending);
    if (const Node* granted = fields.find("granted"); granted && granted->text == "all")
      rule.all = true;
    else
      field("granted", {.counts = true}, rule.granted);
    field("released", {.counts = true}, rule.released);
    field("order_id", {}, rule.order_id);
    field("numbers", {.several = true, .ranges = true}, rule.numbers);
    field("state", {}, rule.state);
    read_states(fields, rule);
    if (!fields.is_map() || !certain) return;
    check_result(route, fields, node, rule, on);
    const auto format_read = policy::body_format(rule);
    for (const auto& range : on) {
      if ((statuses(range) & ~seen(format_read)).none())
        fields.error("on", "this never applies: an earlier entry reads these answers");
      seen_[format_read] |= statuses(range);
      rule.status_from = range.from;
      rule.status_to = range.to;
      route.results.push_back(rule);
    }
  }

  void read_states(Fields& fields, policy::ResultRule& rule) {
    const Node* node = fields.find("states");
    if (!node) return;
    if (node->kind != Node::Kind::map || node->items.empty()) {
      unexpected(document_, *node, "a map of the carrier's words, each done, failed, pending or reserved");
      return;
    }
    for (std::size_t i = 0; i < node->keys.size() && i < node->items.size(); ++i)
      Word<policy::CarrierState>{}.read(document_, node->items[i], rule.states[node->keys[i].text]);
  }

  void check_result(const Route& route, Fields& fields, const Node& node, const policy::ResultRule& rule,
                    const std::vector<StatusRange>& on) {
    const auto has = [&](std::string_view key) { return node.find(key) != nullptr; };
    const auto operation = route.operation;
    const bool hands_out = policy::hands_out(operation);
    const bool refusal =
        std::all_of(on.begin(), on.end(), [](auto& r) { return r.from >= 400 && r.to <= 499; });
    if (has("state") != has("states"))
      fields.error(has("state") ? "state" : "states",
                   "'state' (where the word stands) and 'states' (what the words mean) need each other");
    if (rule.all && (!policy::hands_out(operation) && operation != Operation::status))
      fields.error("granted", "'all' is what an order asked for, and '" + std::string(name(operation)) +
                                  "' asks for none");
    if (has("granted") && operation == Operation::release)
      fields.error("granted", "a release grants nothing; write 'released'");
    if (has("released") && operation != Operation::release && operation != Operation::cancel)
      fields.error("released", "'" + std::string(name(operation)) + "' releases nothing");
    if (rule.pending) {
      for (const auto key : {"granted", "released", "numbers", "state"})
        if (has(key))
          fields.error(key, "'" + std::string(key) + "' contradicts 'pending': the outcome comes later");
      if (hands_out && !has("order_id"))
        document_.error(node.place,
                        "a pending order needs 'order_id': nothing else ties a later state to it");
      return;
    }
    if (operation == Operation::search) {
      for (const auto key : {"released", "numbers", "state"})
        if (has(key)) fields.error(key, "a search gives nothing; write 'order_id' and perhaps 'granted'");
      if (!has("order_id"))
        document_.error(node.place,
                        "what a search found is recalled by 'order_id'; say where the answer has it");
      return;
    }
    if (refusal) return;  // a carrier that refuses granted nothing
    if (operation == Operation::reserve && !has("order_id"))
      document_.error(node.place, "a reservation needs 'order_id': nothing else ties its confirmation to it");
    if (operation == Operation::cancel && !has("granted") && !has("released"))
      document_.error(node.place,
                      "this entry needs 'granted' (what of the order stays, mostly 0), or 'pending: yes'");
    if ((policy::gives(route) || operation == Operation::status) && !has("granted"))
      document_.error(node.place,
                      "this entry needs 'granted' (how many numbers the carrier gave), or 'pending: yes'");
    if (operation == Operation::release && !has("released"))
      document_.error(node.place, "this entry needs 'released': how many numbers went back");
  }

  using Statuses = std::bitset<600>;

  // Statuses whose answers in this format entries of this route read already; nothing: in any.
  Statuses seen(std::optional<Locator::Kind> format) const {
    Statuses all;
    for (const auto& [own, read] : seen_)
      if (!format || !own || own == format) all |= read;
    return all;
  }

  static Statuses statuses(const StatusRange& range) {
    Statuses set;
    for (int status = range.from; status <= range.to; ++status) set.set(static_cast<std::size_t>(status));
    return set;
  }

  Document& document_;
  const std::map<std::string, policy::NumberType>& number_types_;
  const DenialsPtr& denials_;                              // of the whole carrier
  std::map<std::optional<Locator::Kind>, Statuses> seen_;  // by the format that their entries read
};

}  // namespace

bool collide(const Route& a, const Route& b) {
  return a.method == b.method &&
         std::equal(a.path.segments.begin(), a.path.segments.end(), b.path.segments.begin(),
                    b.path.segments.end(), [](const std::string& x, const std::string& y) {
                      const auto of_x = policy::parameter_of(x), of_y = policy::parameter_of(y);
                      return of_x && of_y ? of_x->suffix == of_y->suffix : x == y;
                    });
}

std::vector<Route> read_routes(Document& document, const Node& list,
                               const std::map<std::string, policy::NumberType>& number_types,
                               const DenialsPtr& denials) {
  std::vector<Route> routes;
  if (list.kind != Node::Kind::list || list.items.empty()) {
    unexpected(document, list, "a list of routes");
    return routes;
  }
  RouteReader reader(document, number_types, denials);
  for (const auto& node : list.items) {
    auto route = reader.read(node);
    if (!route) continue;
    for (const auto& other : routes)
      if (collide(*route, other))
        document.error(node.find("match")->place, "takes the same calls as '" + other.pattern + "' above");
    routes.push_back(std::move(*route));
  }
  return routes;
}

}  // namespace sekisho::config
