#include "gateway/admin_call.h"

#include <algorithm>
#include <charconv>

#include "gateway/http/problem.h"
#include "policy/form.h"
#include "policy/media_type.h"
#include "policy/strict_json.h"

namespace sekisho::gateway {
namespace json = boost::json;
using policy::Language;

namespace {

constexpr std::size_t text_most = 1000;  // bytes of one text: it may stand in Redis and in every journal

constexpr AdminErrorRow errors[] = {
#define ADMIN_ERROR(id, code, status, title, remedy, title_ja, remedy_ja) \
  {AdminError::id, code, status, {title, title_ja}, {remedy, remedy_ja}},
#include "gateway/admin_errors.def"
#undef ADMIN_ERROR
};

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

std::string escaped(std::string_view text) {
  static constexpr std::string_view plain = "-._~:";
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                          plain.find(c) != plain.npos;
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain)
      out += c;
    else
      (out += '%') += {"0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
  }
  return out;
}

}  // namespace

std::span<const AdminErrorRow> all_admin_errors() { return errors; }

http::Response admin_problem(const http::Request& request, AdminError error, std::string detail,
                             json::object more) {
  const auto& row = errors[static_cast<std::size_t>(error)];
  const auto language = http::choose_language(request.headers.find("Accept-Language"));
  const auto in = static_cast<std::size_t>(language);
  json::object body{{"type", "https://sekisho.example/problems/" + std::string(row.code)},
                    {"title", row.title[in]},
                    {"status", row.status},
                    {"detail", detail.empty() ? std::string(row.title[in]) : detail},
                    {"instance", request.path()},
                    {"code", row.code}};
  json::object reason{{"code", row.code}, {"text", row.title[in]}, {"remedy", row.remedy[in]}};
  body["reasons"] = json::array{std::move(reason)};
  for (auto& [name, value] : more) body[name] = std::move(value);
  http::Response response{.status = row.status, .headers = {}, .body = json::serialize(body)};
  response.headers.add("Content-Type", "application/problem+json");
  response.headers.add("Content-Language", language == Language::ja ? "ja" : "en");
  response.headers.add("Cache-Control", "no-store");
  if (row.status == 503) response.headers.add("Retry-After", "1");
  if (row.status == 401) response.headers.add("WWW-Authenticate", "Bearer realm=\"sekisho\"");
  return response;
}

http::Response admin_answer(const json::value& body) {
  http::Response response{.status = 200, .headers = {}, .body = json::serialize(body) + "\n"};
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  return response;
}

std::optional<policy::OperatorId> operator_named(std::string_view text) {
  if (auto id = policy::OperatorId::parse(text)) return id;
  return policy::OperatorId::parse("jp:" + std::string(text));
}

std::string_view AdminCall::in_path(std::string_view name) const {
  for (const auto& [key, value] : path)
    if (key == name) return value;
  return {};
}

AdminQuery::AdminQuery(const AdminCall& call, std::initializer_list<std::string_view> known) : call_(call) {
  policy::Form form;
  if (complaint_ = form.read(call.request.query()); !complaint_.empty()) return;
  // Whatever is not asked for by name is an error: a filter that is misspelt must not widen what is found.
  const auto query = call.request.query();
  const auto given = query.empty() ? 0 : 1 + std::count(query.begin(), query.end(), '&');
  std::ptrdiff_t taken = 0;
  for (const auto name : known) {
    policy::Found found;
    form.find(name, found);
    taken += std::ssize(found.values);
    if (found.values.size() > 1) complaint_ = "'" + std::string(name) + "' stands there more than once";
    if (found.values.size() == 1) values_.emplace_back(name, found.values.front().text);
  }
  if (complaint_.empty() && taken != given) {
    complaint_ = "this takes no other parameters than ";
    for (const auto name : known) complaint_ += (complaint_.back() == ' ' ? "" : ", ") + std::string(name);
    if (known.size() == 0) complaint_ = "this takes no parameters";
  }
}

std::optional<std::string> AdminQuery::text(std::string_view name) {
  for (const auto& [key, value] : values_) {
    if (key != name) continue;
    if (value.empty() || value.size() > text_most || has_controls(value)) complain(name, "a text");
    return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> AdminQuery::number(std::string_view name, std::int64_t least, std::int64_t most) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto read = whole_number(*value);
  if (read && *read >= least && *read <= most) return read;
  complain(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

void AdminQuery::complain(std::string_view name, const std::string& expected) {
  if (complaint_.empty()) complaint_ = "'" + std::string(name) + "' takes " + expected;
}

std::optional<http::Response> AdminQuery::trouble() const {
  if (complaint_.empty()) return std::nullopt;
  return admin_problem(call_.request, AdminError::bad_parameter, complaint_);
}

void add_next_page(http::Response& response, const AdminCall& call, std::string_view parameter,
                   std::string_view from) {
  std::string query;
  auto rest = call.request.query();
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    if (pair.substr(0, pair.find('=')) != parameter && !pair.empty()) query += std::string(pair) + "&";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  response.headers.add("Link", "<" + std::string(call.request.path()) + "?" + query + std::string(parameter) +
                                   "=" + escaped(from) + ">; rel=\"next\"");
}

AdminBody::AdminBody(const AdminCall& call, std::initializer_list<std::string_view> known) : call_(call) {
  const auto& request = call.request;
  const auto type = request.headers.find("Content-Type");
  if (request.headers.count("Content-Type") != 1 || policy::format_of(*type) != policy::Locator::Kind::json ||
      request.headers.count("Content-Encoding") > 0) {
    error_ = AdminError::unsupported_body;
    complaint_ = "send application/json";
    return;
  }
  simdjson::dom::element root;
  if (complaint_ = policy::read_strict_json(request.body, root); !complaint_.empty()) return;
  boost::system::error_code failed;
  auto value = json::parse(request.body, failed);
  if (failed || !value.is_object()) {
    complaint_ = "the body is no JSON object";
    return;
  }
  members_ = std::move(value.as_object());
  for (const auto& [name, member] : members_)
    if (std::find(known.begin(), known.end(), std::string_view(name)) == known.end())
      complain(name, "is not a member that this takes");
}

const json::value* AdminBody::find(std::string_view name) const {
  const auto* member = members_.if_contains(name);
  return member && !member->is_null() ? member : nullptr;
}

std::string AdminBody::text(std::string_view name) {
  const auto* member = find(name);
  if (!member) return "";
  const auto value = member->is_string() ? std::string(member->as_string()) : "";
  if (value.empty() || value.size() > text_most || has_controls(value))
    complain(name, "is not a line of text");
  return value;
}

std::optional<std::int64_t> AdminBody::number(std::string_view name, std::int64_t least) {
  const auto* member = find(name);
  if (!member) return std::nullopt;
  if (member->is_int64() && member->as_int64() >= least) return member->as_int64();
  complain(name, "is not a whole number from " + std::to_string(least) + " up");
  return std::nullopt;
}

std::vector<std::string> AdminBody::texts(std::string_view name) {
  std::vector<std::string> out;
  const auto* member = find(name);
  if (!member) return out;
  if (!member->is_array()) {
    complain(name, "is not a list of texts");
    return out;
  }
  for (const auto& one : member->as_array()) {
    const auto value = one.is_string() ? std::string(one.as_string()) : "";
    if (value.empty() || value.size() > text_most || has_controls(value))
      complain(name, "is not a list of texts");
    out.push_back(value);
  }
  return out;
}

bool AdminBody::flag(std::string_view name) {
  const auto* member = find(name);
  if (member && !member->is_bool()) complain(name, "is neither true nor false");
  return member && member->is_bool() && member->as_bool();
}

void AdminBody::complain(std::string_view name, const std::string& what) {
  if (complaint_.empty()) complaint_ = "'" + std::string(name) + "' " + what;
}

std::optional<http::Response> AdminBody::trouble() const {
  if (complaint_.empty()) return std::nullopt;
  return admin_problem(call_.request, error_, complaint_);
}

}  // namespace sekisho::gateway
