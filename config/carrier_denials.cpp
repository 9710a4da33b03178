// The `denials` of a carrier file: the dialect in which the carrier's clients expect to be refused.
#include "policy/denials.h"

#include <algorithm>

#include "config/carrier_routes.h"
#include "config/kinds.h"
#include "config/nearest.h"

namespace sekisho::config {
namespace {

using policy::Denials;
using policy::Family;
using policy::Reason;
using Shape = Denials::Shape;

// What may name an element, a member and a form field alike.
bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && text.size() <= 64 && letter(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

struct Name {
  using type = std::string;
  bool read(Document& document, const Node& node, std::string& out) const {
    if (node.kind != Node::Kind::scalar || !is_name(node.text)) return unexpected(document, node, says());
    if (node.text == policy::gates_part)
      return document.error(node.place, "'" + node.text + "' is where the gate's own part stands"), false;
    out = node.text;
    return true;
  }
  std::string says() const {
    return "a name such as 'ErrorCode': a letter, then letters, digits, '-', '_', '.'";
  }
};

// "errorResponse/error"
struct NamePath {
  using type = std::vector<std::string>;
  bool read(Document& document, const Node& node, std::vector<std::string>& out) const {
    if (node.kind != Node::Kind::scalar) return unexpected(document, node, says());
    for (std::string_view rest = node.text;;) {
      const auto end = std::min(rest.find('/'), rest.size());
      if (!is_name(rest.substr(0, end))) return unexpected(document, node, says());
      out.emplace_back(rest.substr(0, end));
      if (end == rest.size()) break;
      rest.remove_prefix(end + 1);
    }
    if (out.size() > 8) return document.error(node.place, "more than 8 levels"), false;
    return true;
  }
  std::string says() const { return "a name, or several from the outside in, such as 'Response/Error'"; }
};

// What a status may say is bounded by the family: an outage is never told as a verdict, nor a verdict as an
// outage. 200 is for APIs that always answer so.
struct DenialStatus {
  Family family;
  using type = int;
  bool read(Document& document, const Node& node, int& out) const {
    std::int64_t status = 0;
    if (!Count{200, 599}.read(document, node, status)) return false;
    const bool failure = family == Family::unsure || family == Family::carrier;
    if (status != 200 && status / 100 != (failure ? 5 : 4)) return unexpected(document, node, says());
    out = int(status);
    return true;
  }
  std::string says() const {
    switch (family) {
      case Family::unsure:
        return "a status from 500 to 599, or 200: that the gate could not decide is no refusal";
      case Family::carrier:
        return "a status from 500 to 599, or 200: that the carrier failed is no refusal";
      default:
        return "a status from 400 to 499, or 200: this is a refusal, and no failure";
    }
  }
};

struct DenialCode {
  Family family;
  using type = Denials::Code;
  bool read(Document& document, const Node& node, Denials::Code& out) const {
    if (node.kind != Node::Kind::scalar || node.text.empty() || node.text.size() > 128)
      return unexpected(document, node, says());
    const bool digits = node.text.find_first_not_of("0123456789") == std::string::npos;
    if (!node.quoted && digits) {
      if (node.text.size() > 15 || (node.text.size() > 1 && node.text[0] == '0'))
        return document.error(node.place, "this is no plain number: write '" + node.text +
                                              "' in quotation marks if it is text"),
               false;
      out.number = true;
    }
    return Text{}.read(document, node, out.text);
  }
  std::string says() const { return "a code of the carrier's, a number or a text"; }
};

// A map from reasons' codes and families to a kind of value.
template <class Kind, class T>
void read_table(Document& document, const Node* node, const char* what, Denials::Table<T>& table) {
  if (!node) return;
  if (node->kind != Node::Kind::map || node->items.empty()) {
    unexpected(document, *node, std::string("a map from reasons or their families to ") + what);
    return;
  }
  for (std::size_t i = 0; i < node->keys.size() && i < node->items.size(); ++i) {
    const auto& key = node->keys[i];
    const auto family = policy::parse_word<Family>(key.text);
    const auto reason = policy::parse_reason(key.text);
    if (!family && !reason) {
      std::vector<std::string> known(std::begin(policy::family_words), std::end(policy::family_words));
      for (const auto& row : policy::all_reasons()) known.emplace_back(row.code);
      document.error(key.place, "'" + key.text + "' is neither a reason's code nor a family (" +
                                    policy::all_words<Family>() + ")" + did_you_mean(key.text, known));
      continue;
    }
    T value{};
    if (!Kind{family ? *family : policy::row(*reason).family}.read(document, node->items[i], value)) continue;
    if (family)
      table.of_family[*family] = value;
    else
      table.of_reason[*reason] = value;
  }
}

Denials::Names usual_names(Shape shape) {
  switch (shape) {
    case Shape::json:
    case Shape::form:
      return {{}, "code", "message", "status"};
    case Shape::xml:
      return {{"Error"}, "Code", "Description", ""};
    default:
      return {};
  }
}

void read_names(Document& document, const Node& node, Denials& denials) {
  Fields fields(document, node, "'names'");
  auto& names = denials.names;
  fields.may("root", NamePath{}, names.root);
  if (denials.shape == Shape::form && !names.root.empty())
    fields.error("root", "a form is flat: nothing stands around its fields");
  fields.may("code", Name{}, names.code);
  fields.may("text", Name{}, names.text);
  fields.may("status", Name{}, names.status);
  if (names.code == names.text || names.code == names.status || names.text == names.status)
    document.error(node.place, "code, text and status need names of their own");
}

}  // namespace

DenialsPtr read_denials(Document& document, const Node& node, const DenialsPtr& of_carrier) {
  auto denials = of_carrier ? *of_carrier : Denials{};
  Fields fields(document, node, "'denials'");
  auto shape = denials.shape;
  if (of_carrier)
    fields.may("shape", Word<Shape>{}, shape);
  else
    fields.need("shape", Word<Shape>{}, shape);
  if (shape != denials.shape) denials.names = usual_names(shape);  // names belong to a shape
  denials.shape = shape;
  read_table<DenialStatus>(document, fields.find("status"), "HTTP statuses", denials.status);
  const Node* codes = fields.find("codes");
  read_table<DenialCode>(document, codes, "the carrier's codes", denials.codes);
  if (codes && shape == Shape::problem)
    fields.error("codes", "problem+json tells the gate's own codes; choose another shape for the carrier's");
  if (const Node* names = fields.find("names")) {
    if (usual_names(shape).code.empty())
      fields.error("names", "'" + std::string(policy::name(shape)) + "' fixes its names itself");
    else
      read_names(document, *names, denials);
  }
  return std::make_shared<const Denials>(std::move(denials));
}

}  // namespace sekisho::config
