#include "deploy/sample_stock.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdlib>
#include <stdexcept>

#include "policy/words.h"

namespace sekisho::sample {

namespace json = boost::json;

namespace {

constexpr std::string_view expected_token = "Bearer carrier-side-token";
constexpr std::int64_t quantity_max = 100'000;  // of one order

http::Response answer(int status, const json::value& body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = json::serialize(body);
  return response;
}

json::value shown(const Order& order) {
  return {{"orderId", order.id}, {"state", order.state}, {"numbers", json::value_from(order.numbers)}};
}

bool authorized(const http::Request& request) {
  return request.headers.find("Authorization") == expected_token;
}

// 0AB-J numbers only: two to five digits, no zero among the first after the leading one, no service numbers.
bool is_area_code(std::string_view code) {
  if (code.size() < 2 || code.size() > 5 || code[0] != '0') return false;
  if (code.find_first_not_of("0123456789") != std::string_view::npos) return false;
  if (code[1] == '0' || (code.size() > 2 && code[2] == '0')) return false;
  for (std::string_view service : {"012", "017", "018", "057", "099"})
    if (code.starts_with(service)) return false;
  return true;
}

std::optional<json::object> read_object(const std::string& body) {
  boost::system::error_code error;
  json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object()) return std::nullopt;
  return std::move(parsed.get_object());
}

std::string text_of(const json::object& body, std::string_view key, std::string_view otherwise) {
  const json::value* value = body.if_contains(key);
  return std::string(value && value->is_string() ? std::string_view(value->get_string()) : otherwise);
}

std::int64_t number_of(const json::object& body, std::string_view key) {
  const json::value* value = body.if_contains(key);
  return value && value->is_int64() ? value->get_int64() : 0;
}

// The order in a body, or `trouble`.
std::optional<Order> read_order(const http::Request& request, std::string& trouble) {
  const auto body = read_object(request.body);
  if (!body) return trouble = "the body is not a JSON object", std::nullopt;

  Order order;
  order.quantity = number_of(*body, "quantity");
  if (order.quantity < 1 || order.quantity > quantity_max)
    return trouble = "quantity must be an integer from 1", std::nullopt;

  // Prefixes that the numbering plan allows for the type: no zero in the third (fixed) or fourth digit
  // (others).
  const std::string type = text_of(*body, "numberType", "");
  if (type == "FIXED") {
    order.prefix = text_of(*body, "areaCode", "03");
    order.digits = 10;
    if (!is_area_code(order.prefix)) return trouble = "areaCode is not an area code", std::nullopt;
    if (order.prefix.size() == 2) order.prefix += '3';
  } else if (type == "IP050" || type == "MOBILE") {
    order.prefix = type == "IP050" ? "0501" : "0901";
    order.digits = 11;
  } else {
    return trouble = "numberType must be FIXED, IP050 or MOBILE", std::nullopt;
  }
  order.decision = request.headers.find("Sekisho-Decision").value_or("");
  order.operator_id = request.headers.find("Sekisho-Operator").value_or("");
  return order;
}

}  // namespace

http::Response complaint(int status, std::string_view text) { return answer(status, {{"error", text}}); }

Stock::Stock(std::string log_path, milliseconds delay) : log_path_(std::move(log_path)), delay_(delay) {
  read_log();
  log_.open(log_path_, std::ios::app);
  if (!log_) throw std::runtime_error("cannot write " + log_path_);
}

void Stock::read_log() {
  std::ifstream log(log_path_);
  for (std::string line; std::getline(log, line);) {
    const auto entry = read_object(line);
    if (!entry) throw std::runtime_error(log_path_ + " holds a line that is not JSON");
    Order order;
    order.id = text_of(*entry, "order_id", "");
    order.state = "completed";
    order.numbers = json::value_to<std::vector<std::string>>(entry->at("numbers"));
    for (const std::string& number : order.numbers) given_.emplace(number, true);
    last_order_ = std::max(last_order_, std::atol(order.id.substr(order.id.find('-') + 1).c_str()));
    orders_.emplace(order.id, order);
  }
}

Stock::Course Stock::course(const http::Request& request) {
  if (request.path() == "/control") return {};
  ++requests_;
  last_ = request;
  const bool is_order = request.method == "POST" && request.path() == "/v1/number-orders";
  if (!is_order || !authorized(request)) return {Mode::ok, delay_};
  ++orders_seen_;
  const Course course{mode_, mode_ == Mode::slow ? mode_delay_ : delay_};
  if (times_left_ > 0 && --times_left_ == 0) mode_ = Mode::ok;
  return course;
}

Reply Stock::handle(const http::Request& request, const Course& course) {
  if (request.path() == "/control") return {request.method == "POST" ? set_control(request) : control()};
  Reply reply = authorized(request) ? route(request, course) : Reply{complaint(401, "who are you?")};
  last_answer_ = reply.response.body;
  return reply;
}

Reply Stock::route(const http::Request& request, const Course& course) {
  constexpr std::string_view orders = "/v1/number-orders", numbers = "/v1/numbers/";
  const std::string_view path = request.path();
  if (request.method == "POST" && path == orders) return take_order(request, course.mode);
  if (request.method == "GET" && path.starts_with(orders) && path.substr(orders.size()).starts_with('/'))
    return {show_order(std::string(path.substr(orders.size() + 1)))};
  if (request.method == "DELETE" && path.starts_with(numbers))
    return {take_back(std::string(path.substr(numbers.size())))};
  if (request.method == "GET" && path == "/v1/available-numbers")
    return {answer(200, {{"numberTypes", {"FIXED", "IP050", "MOBILE"}}, {"perOrder", quantity_max}})};
  return {complaint(404, "no such thing")};
}

Reply Stock::take_order(const http::Request& request, Mode mode) {
  if (mode == Mode::reset) return {{}, Ending::reset};
  if (mode == Mode::error500) return {complaint(500, "the stock system fell over")};
  if (mode == Mode::refuse) return {complaint(409, "no numbers of this kind in stock")};

  std::string trouble;
  std::optional<Order> read = read_order(request, trouble);
  if (!read) return {complaint(400, trouble)};
  read->id = "ord-" + std::to_string(++last_order_);
  Order& order = orders_[read->id];
  order = std::move(*read);

  if (mode == Mode::pending) {
    order.state = "pending";
    order.ready_at = std::chrono::steady_clock::now() + mode_delay_;
    return {answer(202, {{"orderId", order.id}, {"state", order.state}})};
  }
  if (mode == Mode::partial) order.quantity /= 2;
  if (mode == Mode::over) order.quantity += 1;
  give(order);
  if (mode == Mode::partial) order.state = "partial";
  if (mode == Mode::silence) return {{}, Ending::silence};
  if (mode == Mode::garbage) return {{}, Ending::garbage};
  return {answer(201, shown(order))};
}

// From here on the numbers belong to the operator, whether or not anybody hears of it.
void Stock::give(Order& order) {
  std::uint64_t& next = next_[order.prefix];
  const std::size_t width = order.digits - order.prefix.size();
  while (std::ssize(order.numbers) < order.quantity) {
    std::string rest = std::to_string(next++);
    if (rest.size() > width) throw std::runtime_error("out of numbers that begin with " + order.prefix);
    rest.insert(0, width - rest.size(), '0');
    std::string number = order.prefix + rest;
    if (given_.emplace(number, true).second) order.numbers.push_back(std::move(number));
  }
  order.state = "completed";
  numbers_given_ += order.quantity;
  log_ << json::serialize(json::value{{"order_id", order.id},
                                      {"decision", order.decision},
                                      {"operator", order.operator_id},
                                      {"numbers", json::value_from(order.numbers)}})
       << std::endl;
  if (!log_) throw std::runtime_error("cannot write " + log_path_);
}

http::Response Stock::show_order(const std::string& id) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return complaint(404, "no such order");
  Order& order = found->second;
  if (order.state == "pending" && order.ready_at <= std::chrono::steady_clock::now()) give(order);
  return answer(200, shown(order));
}

http::Response Stock::take_back(const std::string& number) {
  const auto found = given_.find(number);
  if (found == given_.end() || !found->second) return complaint(404, "not given to anybody");
  found->second = false;
  http::Response response;
  response.status = 204;
  return response;
}

http::Response Stock::set_control(const http::Request& request) {
  const auto body = read_object(request.body);
  if (!body) return complaint(400, "the body is not a JSON object");
  const auto mode = policy::parse_word<Mode>(text_of(*body, "mode", ""));
  if (!mode) return complaint(400, "mode must be one of " + policy::all_words<Mode>());
  mode_ = *mode;
  mode_delay_ = milliseconds(number_of(*body, "delay_ms"));
  times_left_ = number_of(*body, "times");
  return control();
}

http::Response Stock::control() const {
  json::object headers;  // names in lower case; repeated ones joined
  for (const http::Header& header : last_.headers.all()) {
    std::string name(header.name);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    json::value& value = headers[name];
    std::string joined = value.is_null() ? "" : std::string(value.get_string()) + ", ";
    value = joined += header.value;
  }
  return answer(200, {{"mode", policy::name(mode_)},
                      {"orders", orders_seen_},
                      {"numbers", numbers_given_},
                      {"requests", requests_},
                      {"waiting", waiting},
                      {"last_method", last_.method},
                      {"last_target", last_.target},
                      {"last_headers", headers},
                      {"last_body", last_.body},
                      {"last_answer", last_answer_}});
}

}  // namespace sekisho::sample
