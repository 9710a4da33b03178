#include "config/carrier_locators.h"

namespace sekisho::config {
namespace {

using policy::Locator;

bool is_number(const Node& node) {
  return !node.quoted && node.text.find_first_not_of("0123456789") == std::string::npos && !node.text.empty();
}

bool is_count(const std::string& text) {
  return text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos &&
         (text.size() == 1 || text[0] != '0');
}

}  // namespace

bool LocatorKind::read(Document& document, const Node& node, Where& out) const {
  if (node.kind == Node::Kind::list && node.items.size() > 1) return read_places(document, node, out);
  if (node.kind != Node::Kind::scalar) return unexpected(document, node, says());
  auto parsed =
      policy::parse_locator(is_number(node) && in_answer_ && slot_.counts ? "const:" + node.text : node.text);
  auto trouble =
      std::get_if<std::string>(&parsed) ? std::get<std::string>(parsed) : check(std::get<Locator>(parsed));
  if (!trouble.empty()) return document.error(node.place, std::move(trouble)), false;
  out = std::get<Locator>(std::move(parsed));
  return true;
}

bool LocatorKind::read_places(Document& document, const Node& list, Where& out) const {
  Where all;
  bool good = true;
  for (const auto& node : list.items) {
    Where one;
    if (node.kind != Node::Kind::scalar || !read(document, node, one)) {
      if (node.kind != Node::Kind::scalar) unexpected(document, node, says());
      good = false;
      continue;
    }
    std::string trouble;
    if (one->optional || one->function == Locator::Function::recall)
      trouble = "'" + one->source + "' cannot be one of several places; leave '?' out, and recall(...) alone";
    else if (one->kind == Locator::Kind::constant && &node != &list.items.back())
      trouble = "a constant stands for what no other place says: write it last";
    if (!trouble.empty()) document.error(node.place, trouble), good = false;
    if (!all)
      all = std::move(one);
    else
      all->others.push_back(std::move(*one));
  }
  if (good) out = std::move(all);
  return good;
}

std::string LocatorKind::check(const Locator& locator) const {
  using Kind = Locator::Kind;
  using Function = Locator::Function;
  using PathStep = policy::PathStep;
  const std::string text = "the locator '" + locator.source + "' ";
  const auto function = locator.function;
  const bool lists = function == Function::count || function == Function::sum ||
                     function == Function::type_of || slot_.several || slot_.alike;
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

std::string LocatorKind::check_place(const Locator& locator) const {
  using Kind = Locator::Kind;
  const std::string text = "the locator '" + locator.source + "' ";
  if (locator.kind == Kind::path && !route_.path.names(locator.text))
    return text + "names no parameter of '" + route_.pattern + "'";
  if (locator.in_body() && !in_answer_ && route_.method == "HEAD")
    return text + "looks into a body, and HEAD has none";
  if (in_answer_ && locator.kind == Kind::query) return text + "looks into a query, and an answer has none";
  if (in_answer_ && locator.kind == Kind::token) return text + "looks into a token, and an answer has none";
  return {};
}

void OneFormat::check(Fields& fields, std::string_view key, const Where& where) {
  if (!where) return;
  for (const auto* one = &*where; one; one = one->last.get()) check(fields, key, *one);
  for (const auto& other : where->others) check(fields, key, other);
}

void OneFormat::check(Fields& fields, std::string_view key, const Locator& one) {
  if (!one.in_body()) return;
  if (first_ && first_->kind != one.kind)
    fields.error(key, "the locator '" + one.source + "' and '" + first_->source +
                          "' above look into one body, which has one format");
  if (!first_) first_ = one;
}

}  // namespace sekisho::config
