#include "config/carrier_routes.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "config/kinds.h"

namespace sekisho::config {
namespace {

using policy::Locator;
using policy::Operation;
using policy::Route;
using Where = std::optional<Locator>;

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// A literal segment as policy::match_route compares it: characters that need no escape, no "." at its end.
bool is_literal(std::string_view segment) {
  if (segment.ends_with('.')) return false;
  return std::all_of(segment.begin(), segment.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~!$&'()*+,=:@").find(c) != std::string_view::npos;
  });
}

bool is_named_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.back() == '}' &&
         segment.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", 1) ==
             segment.size() - 1;
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
    if (is_parameter(segment) ? !is_named_parameter(segment) : !is_literal(segment))
      return "'" + segment +
             "' is no part of a path: write plain text without '%', '?' or ';', or a whole '{name}'";
    auto& segments = route.path.segments;
    if (is_parameter(segment) && std::find(segments.begin(), segments.end(), segment) != segments.end())
      return "the parameter " + segment + " stands twice in the path";
    segments.push_back(segment);
  }
  return {};
}

// How one field of an order or an answer may be located.
struct Slot {
  bool counts = false;   // a number: count(...), sum(...), span(...), amount(...)
  bool several = false;  // a list: '*' alone
  bool ranges = false;   // a list of telephone numbers: span(...)
  bool type = false;     // a number type: type_of(...)
  bool recalls = false;  // what an earlier answer told: recall(...)
  bool certain = false;  // must not be optional
};

class LocatorKind {
 public:
  using type = Where;
  LocatorKind(const Route& route, Slot slot, bool in_answer)
      : route_(route), slot_(slot), in_answer_(in_answer) {}

  bool read(Document& document, const Node& node, Where& out) const {
    if (node.kind != Node::Kind::scalar) return unexpected(document, node, says());
    auto parsed = policy::parse_locator(is_number(node) && in_answer_ && slot_.counts ? "const:" + node.text
                                                                                      : node.text);
    auto trouble =
        std::get_if<std::string>(&parsed) ? std::get<std::string>(parsed) : check(std::get<Locator>(parsed));
    if (!trouble.empty()) return document.error(node.place, std::move(trouble)), false;
    out = std::get<Locator>(std::move(parsed));
    return true;
  }
  std::string says() const { return "a locator such as 'json:/quantity'"; }

 private:
  static bool is_number(const Node& node) {
    return !node.quoted && node.text.find_first_not_of("0123456789") == std::string::npos &&
           !node.text.empty();
  }

  std::string check(const Locator& locator) const {
    using Kind = Locator::Kind;
    using Function = Locator::Function;
    using PathStep = policy::PathStep;
    const std::string text = "the locator '" + locator.source + "' ";
    const auto function = locator.function;
    const bool lists = function == Function::count || function == Function::sum ||
                       function == Function::type_of || slot_.several;
    if (function == Function::type_of && !slot_.type) return text + "is a number type, and this field is not";
    if (function == Function::recall && !slot_.recalls)
      return text + "recalls the quantity and the type of an earlier answer, and this field is neither";
    if (locator.makes_number() && !slot_.counts && !(function == Function::span && slot_.ranges) &&
        function != Function::type_of)
      return text + "is a number, and this field is not";
    if (!lists && (locator.has_step(PathStep::Kind::any) || locator.has_step(PathStep::Kind::deep)))
      return text + "may find several values; this field is one";
    if (locator.kind == Kind::constant && slot_.counts && !is_count(locator.text))
      return text + "is not a plain whole number";
    if (locator.optional && slot_.certain) return text + "must not be optional: the gate decides by it";
    const auto first = check_place(locator);
    return first.empty() && locator.last ? check_place(*locator.last) : first;
  }

  std::string check_place(const Locator& locator) const {
    using Kind = Locator::Kind;
    const std::string text = "the locator '" + locator.source + "' ";
    if (locator.kind == Kind::path && !has_parameter(locator.text))
      return text + "names no parameter of '" + route_.pattern + "'";
    if (locator.in_body() && !in_answer_ && route_.method == "HEAD")
      return text + "looks into a body, and HEAD has none";
    if (in_answer_ && locator.kind == Kind::query) return text + "looks into a query, and an answer has none";
    if (in_answer_ && locator.kind == Kind::token) return text + "looks into a token, and an answer has none";
    if (in_answer_ && locator.kind == Kind::header)
      return text + "looks into an answer's headers, which is not supported by this version";
    return {};
  }

  static bool is_count(const std::string& text) {
    return text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos &&
           (text.size() == 1 || text[0] != '0');
  }

  bool has_parameter(const std::string& name) const {
    const auto& segments = route_.path.segments;
    return std::find(segments.begin(), segments.end(), "{" + name + "}") != segments.end();
  }

  const Route& route_;
  Slot slot_;
  bool in_answer_;
};

// A body is read as one format, so all fields that look into it agree.
class OneFormat {
 public:
  void check(Fields& fields, std::string_view key, const Where& where) {
    if (!where) return;
    for (const auto* one = &*where; one; one = one->last.get()) {
      if (!one->in_body()) continue;
      if (first_ && first_->kind != one->kind)
        fields.error(key, "the locator '" + one->source + "' and '" + first_->source +
                              "' above look into one body, which has one format");
      if (!first_) first_ = *one;
    }
  }

 private:
  Where first_;
};

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
  RouteReader(Document& document, const std::map<std::string, policy::NumberType>& number_types)
      : document_(document), number_types_(number_types) {}

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
    const bool looks_only = route.operation == Operation::search || route.operation == Operation::pass;
    if (order && route.operation == Operation::pass)
      fields.error("order", "'pass' is not inspected: leave 'order' out");
    if (result && looks_only)
      fields.error("result", "the answer to '" + std::string(name(route.operation)) +
                                 "' changes no count: leave 'result' out");
    if (route.operation == Operation::pass) return route;
    read_order(route, order, node);
    if (!looks_only) read_results(route, result, node);
    return route;
  }

 private:
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
      field("number_type", {.type = true, .recalls = hands_out, .certain = hands_out}, order.number_type);
      field("area", {}, order.area);
      field("channels", {.counts = true}, order.channels);
      field("chain", {.several = true}, order.chain);
      field("reference", {}, order.reference);
      field("partial", {}, order.partial);
      field("order_id", {.certain = asks_back}, order.order_id);
      field("numbers", {.several = true, .ranges = true, .certain = gives_back && !node->find("order_id")},
            order.numbers);
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
      if (!has("quantity") && !has("numbers")) complain("'quantity': a quantity is never guessed");
      if (!has("number_type")) complain("'number_type'; 'const:fixed' where the API has one type only");
    } else if (route.operation == Operation::release) {
      if (!has("numbers") && !has("order_id")) complain("'numbers' or 'order_id': what is given back");
    } else if (route.operation != Operation::search) {
      if (!has("order_id")) complain("'order_id': which order is meant");
    }
  }

  void check_number_type(const Where& where, const Node* order) {
    if (!where || !order) return;
    if (where->function == Locator::Function::type_of || where->function == Locator::Function::recall) return;
    const Place place = order->find("number_type")->place;
    if (where->kind != Locator::Kind::constant) {
      if (number_types_.empty())
        document_.error(place, "the carrier's words for it are missing: add 'number_types'");
    } else if (!number_types_.contains(where->text) && !policy::parse_word<policy::NumberType>(where->text)) {
      document_.error(
          place, "'" + where->text + "' is neither a number type nor one of the carrier's words for one");
    }
  }

  void read_results(Route& route, const Node* list, const Node& around) {
    if (!list) {
      if (policy::hands_out(route.operation) || route.operation == Operation::release)
        document_.error(around.place, "'" + std::string(name(route.operation)) +
                                          "' needs 'result': how the carrier's answers are to be read");
      return;
    }
    if (list->kind != Node::Kind::list || list->items.empty()) {
      unexpected(document_, *list, "a list of answers such as '- { on: 201, granted: json:/granted }'");
      return;
    }
    seen_.reset();
    for (const auto& node : list->items) read_result(route, node);
    if (policy::hands_out(route.operation) && (seen_ & statuses({200, 299})).none())
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
    const bool certain = fields.need("on", List<Status>{{}, true}, on);
    fields.may("pending", YesNo{}, rule.pending);
    field("granted", {.counts = true}, rule.granted);
    field("released", {.counts = true}, rule.released);
    field("order_id", {}, rule.order_id);
    field("numbers", {.several = true, .ranges = true}, rule.numbers);
    field("state", {}, rule.state);
    read_states(fields, rule);
    if (!fields.is_map() || !certain) return;
    check_result(route, fields, node, rule, on);
    for (const auto& range : on) {
      if ((statuses(range) & ~seen_).none())
        fields.error("on", "this never applies: an earlier entry reads these answers");
      seen_ |= statuses(range);
      rule.status_from = range.from;
      rule.status_to = range.to;
      route.results.push_back(rule);
    }
  }

  void read_states(Fields& fields, policy::ResultRule& rule) {
    const Node* node = fields.find("states");
    if (!node) return;
    if (node->kind != Node::Kind::map || node->items.empty()) {
      unexpected(document_, *node, "a map of the carrier's words, each done, failed or pending");
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
    if (refusal) return;  // a carrier that refuses granted nothing
    if ((hands_out || operation == Operation::status) && !has("granted"))
      document_.error(node.place,
                      "this entry needs 'granted' (how many numbers the carrier gave), or 'pending: yes'");
    if (operation == Operation::release && !has("released"))
      document_.error(node.place, "this entry needs 'released': how many numbers went back");
  }

  static std::bitset<600> statuses(const StatusRange& range) {
    std::bitset<600> set;
    for (int status = range.from; status <= range.to; ++status) set.set(static_cast<std::size_t>(status));
    return set;
  }

  Document& document_;
  const std::map<std::string, policy::NumberType>& number_types_;
  std::bitset<600> seen_;  // statuses that entries of this route read already
};

}  // namespace

bool collide(const Route& a, const Route& b) {
  return a.method == b.method &&
         std::equal(a.path.segments.begin(), a.path.segments.end(), b.path.segments.begin(),
                    b.path.segments.end(), [](const std::string& x, const std::string& y) {
                      return is_parameter(x) ? is_parameter(y) : x == y;
                    });
}

std::vector<Route> read_routes(Document& document, const Node& list,
                               const std::map<std::string, policy::NumberType>& number_types) {
  std::vector<Route> routes;
  if (list.kind != Node::Kind::list || list.items.empty()) {
    unexpected(document, list, "a list of routes");
    return routes;
  }
  RouteReader reader(document, number_types);
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
