// One call of the admin API: who may make it, what it asks, and how it is answered when it cannot be.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/task.h"
#include "config/admin_file.h"
#include "gateway/http/message.h"
#include "policy/types.h"

namespace sekisho::gateway {

using cache::Task;

enum class AdminError : std::uint8_t {
#define ADMIN_ERROR(id, ...) id,
#include "gateway/admin_errors.def"
#undef ADMIN_ERROR
};

struct AdminErrorRow {
  AdminError error;
  std::string_view code;
  int status;
  std::string_view title[2], remedy[2];  // by Language
};
std::span<const AdminErrorRow> all_admin_errors();

// A problem (RFC 9457) in the caller's language. `more` stands beside the usual members.
http::Response admin_problem(const http::Request& request, AdminError error, std::string detail = {},
                             boost::json::object more = {});

// An answer: JSON, never stored on the way.
http::Response admin_answer(const boost::json::value& body);

// "jp:8999900000001", or the corporate number alone.
std::optional<policy::OperatorId> operator_named(std::string_view text);

using AdminRoles = policy::WordSet<config::AdminRole>;

// What a handler is given. Good while the call lasts.
struct AdminCall {
  const http::Request& request;
  std::string by;             // the token's name; "admin" where there are none
  bool named = false;         // it is a token's
  bool sees_refusals = true;  // what stands on the refusal list, and the causes that name it
  std::vector<std::pair<std::string, std::string>> path = {};  // parameters

  std::string_view in_path(std::string_view name) const;
};

// The query's parameters: each known one at most once, and no other. A complaint is the answer.
class AdminQuery {
 public:
  // `known`: the names that this call takes.
  AdminQuery(const AdminCall& call, std::initializer_list<std::string_view> known);

  std::optional<std::string> text(std::string_view name);
  std::optional<std::int64_t> number(std::string_view name, std::int64_t least, std::int64_t most);
  template <class E>
  std::optional<E> word(std::string_view name) {
    const auto value = text(name);
    const auto found = value ? policy::parse_word<E>(*value) : std::nullopt;
    if (value && !found) complain(name, "one of " + policy::all_words<E>());
    return found;
  }
  void complain(std::string_view name, const std::string& expected);
  std::optional<http::Response> trouble() const;  // of what was read so far

 private:
  const AdminCall& call_;
  std::vector<std::pair<std::string, std::string>> values_;
  std::string complaint_;
};

// A page of a list, as every list has it: so many entries, and the address of the next page in Link (RFC
// 8288).
inline constexpr std::int64_t page_usual = 100, page_most = 1000;
// The same call, going on behind `from`.
void add_next_page(http::Response& response, const AdminCall& call, std::string_view parameter,
                   std::string_view from);

// The body, a JSON object read as strictly as an order's; or why not.
class AdminBody {
 public:
  AdminBody(const AdminCall& call, std::initializer_list<std::string_view> known);

  std::string text(std::string_view name);  // empty: absent
  std::optional<std::int64_t> number(std::string_view name, std::int64_t least);
  std::vector<std::string> texts(std::string_view name);
  bool flag(std::string_view name);
  template <class E>
  std::optional<E> word(std::string_view name) {
    const auto value = text(name);
    const auto found = policy::parse_word<E>(value);
    if (!value.empty() && !found) complain(name, "is not one of " + policy::all_words<E>());
    return found;
  }
  void complain(std::string_view name, const std::string& what);
  std::optional<http::Response> trouble() const;

 private:
  const boost::json::value* find(std::string_view name) const;

  const AdminCall& call_;
  boost::json::object members_;
  AdminError error_ = AdminError::unreadable_body;
  std::string complaint_;
};

}  // namespace sekisho::gateway
