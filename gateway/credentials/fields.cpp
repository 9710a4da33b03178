#include "gateway/credentials/fields.h"

#include <algorithm>

#include "config/ed25519.h"
#include "policy/text_rules.h"

namespace sekisho::gateway {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// Reads from the front, and is bad for good after the first thing that is not as it should be.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(policy::without_spaces(text)) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(char c) { good_ &= take(c); }
  void skip_spaces(std::string_view which) {
    const auto end = rest_.find_first_not_of(which);
    rest_.remove_prefix(std::min(end, rest_.size()));
  }

  std::string key() {
    std::size_t end = 0;
    const auto fits = [&](char c) {
      const bool first = is_lower(c) || c == '*';
      return first || (end > 0 && (policy::is_digit(c) || c == '_' || c == '-' || c == '.'));
    };
    while (end < rest_.size() && fits(rest_[end])) ++end;
    good_ &= end > 0;
    return cut(end);
  }

  std::string quoted() {
    std::string out;
    need('"');
    while (good_ && !take('"')) {
      const bool escaped = take('\\');
      good_ &= !rest_.empty() && rest_[0] >= ' ' && rest_[0] <= '~';
      good_ &= !escaped || (good_ && (rest_[0] == '"' || rest_[0] == '\\'));
      if (good_) out += cut(1);
    }
    return out;
  }

  std::string bytes() {
    need(':');
    const auto text = cut(std::min(rest_.find(':'), rest_.size()));
    need(':');
    const auto padding = std::size_t(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
    good_ &= !text.empty() && text.size() % 4 == 0;
    if (!good_) return "";
    std::string out(text.size() / 4 * 3 - padding, '\0');
    good_ &= config::read_base64(text, reinterpret_cast<unsigned char*>(out.data()), out.size());
    return out;
  }

  Parameters parameters() {
    Parameters out;
    while (good_ && take(';')) {
      skip_spaces(" ");
      auto name = key();
      const auto same = [&](const auto& one) { return one.first == name; };
      good_ &= std::none_of(out.all.begin(), out.all.end(), same);
      out.all.emplace_back(std::move(name), take('=') ? value() : ParameterValue(true));
    }
    return out;
  }

  InnerList list() {
    InnerList out;
    need('(');
    skip_spaces(" ");
    while (good_ && !take(')')) {
      out.items.push_back(quoted());
      good_ &= !rest_.empty() && (rest_[0] == ' ' || rest_[0] == ')');  // no parameters of a component
      skip_spaces(" ");
    }
    out.parameters = parameters();
    return out;
  }

 private:
  std::string cut(std::size_t length) {
    const std::string out(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return out;
  }

  ParameterValue value() {
    if (rest_.empty()) return good_ = false;
    if (rest_.front() == '"') return quoted();
    const bool negative = take('-');
    std::size_t digits = 0;
    while (digits < rest_.size() && policy::is_digit(rest_[digits])) ++digits;
    good_ &= digits > 0 && digits <= 15;
    if (!good_) return false;
    const auto number = std::stoll(cut(digits));
    return std::int64_t(negative ? -number : number);
  }

  std::string_view rest_;
  bool good_ = true;
};

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string written(const InnerList& list) {
  std::string out = "(";
  for (const auto& item : list.items) out += (out.size() > 1 ? " " : "") + in_quotes(item);
  out += ")";
  for (const auto& [name, value] : list.parameters.all) {
    out += ";" + name;
    if (const auto* number = std::get_if<std::int64_t>(&value)) out += "=" + std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value)) out += "=" + in_quotes(*text);
  }
  return out;
}

template <class Read>
auto dictionary(std::string_view header, const Read& read) {
  std::vector<std::pair<std::string, decltype(read(std::declval<Scanner&>()))>> out;
  Scanner scanner(header);
  while (scanner.good()) {
    auto name = scanner.key();
    scanner.need('=');
    const auto same = [&](const auto& one) { return one.first == name; };
    const bool again = std::any_of(out.begin(), out.end(), same);
    out.emplace_back(std::move(name), read(scanner));
    if (scanner.good() && !again && scanner.at_end()) return out;
    if (again) break;
    scanner.skip_spaces(" \t");
    scanner.need(',');
    scanner.skip_spaces(" \t");
  }
  out.clear();
  return out;
}

}  // namespace

bool Parameters::has(std::string_view name) const {
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.first == name; });
}

std::optional<std::int64_t> Parameters::integer(std::string_view name) const {
  for (const auto& [own, value] : all)
    if (const auto* number = std::get_if<std::int64_t>(&value); own == name && number) return *number;
  return std::nullopt;
}

std::optional<std::string> Parameters::text(std::string_view name) const {
  for (const auto& [own, value] : all)
    if (const auto* text = std::get_if<std::string>(&value); own == name && text) return *text;
  return std::nullopt;
}

std::optional<std::pair<std::string, InnerList>> only_list(std::string_view header) {
  auto members = dictionary(header, [](Scanner& scanner) { return scanner.list(); });
  if (members.size() != 1) return std::nullopt;
  members.front().second.text = written(members.front().second);
  return std::move(members.front());
}

std::optional<std::vector<std::pair<std::string, std::string>>> all_bytes(std::string_view header) {
  auto members = dictionary(header, [](Scanner& scanner) { return scanner.bytes(); });
  if (members.empty()) return std::nullopt;
  return members;
}

std::optional<std::pair<std::string, std::string>> only_bytes(std::string_view header) {
  auto members = all_bytes(header);
  if (!members || members->size() != 1) return std::nullopt;
  return std::move(members->front());
}

}  // namespace sekisho::gateway
