#include "config/policy_format.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "config/policy_format_pieces.h"
#include "config/policy_format_print.h"
#include "config/policy_format_words.h"
#include "config/texts.h"

namespace sekisho::config {
namespace {

constexpr std::string_view schema = "sekisho/policy/v1";

bool equal(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size()) return false;
  if (a.kind == Node::Kind::scalar && a.quoted != b.quoted && more_than_text(a.text)) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    const Node* other = a.kind == Node::Kind::map ? b.find(a.keys[i].text) : &b.items[i];
    if (!other || !equal(a.items[i], *other)) return false;
  }
  return true;
}

std::vector<std::string> texts(const std::vector<Comment>& comments) {
  std::vector<std::string> out;
  for (const auto& comment : comments) out.push_back(comment.text);
  std::sort(out.begin(), out.end());
  return out;
}

std::string print(const Document& document, const Scan& scan) { return print(*pieces(document, scan)); }

// Why the text is no rendering of this file; empty: it is one.
std::string loss(const Document& document, const Scan& scan, const std::string& text) {
  Document again("formatted", text, schema);
  const Errors errors = again.take_errors();
  if (!again.root() || !errors.empty())
    return "it would read otherwise" + (errors.empty() ? "" : ": " + errors.front().text);
  if (!equal(*document.root(), *again.root())) return "it would read otherwise";
  const Scan scanned(again);
  if (scanned.problem) return scanned.problem->text;
  if (texts(scan.comments) != texts(scanned.comments)) return "a comment would be lost or repeated";
  if (print(again, scanned) != text) return "formatting it again would change it again";
  return "";
}

Formatted format(Document document) {
  Formatted out{.was = document.bytes(), .errors = document.take_errors()};
  if (!document.root() || !out) return out;
  const Scan scan(document);
  if (scan.problem) {
    document.error(scan.problem->place, scan.problem->text);
  } else {
    out.text = print(document, scan);
    if (const auto why = loss(document, scan, out.text); !why.empty())
      document.error({}, "cannot be formatted without loss: " + why);
  }
  out.errors = document.take_errors();
  return out;
}

}  // namespace

Formatted format_policy(const std::filesystem::path& file) { return format({file, schema}); }
Formatted format_policy_text(const std::filesystem::path& name, std::string text) {
  return format({name, std::move(text), schema});
}

}  // namespace sekisho::config
