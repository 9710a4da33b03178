#include "policy/xml.h"

#include "policy/text_rules.h"
#include "policy/xml_scanner.h"

namespace sekisho::policy {
namespace {

std::string resolved(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i < raw.size();) {
    const auto reference = raw[i] == '&' ? xml_reference(raw.substr(i)) : std::nullopt;
    if (reference)
      out.append(reference->bytes.data(), reference->size);
    else
      out += raw[i];
    i += reference ? reference->length : 1;
  }
  return out;
}

}  // namespace

class XmlFinder {
 public:
  XmlFinder(Xml& xml, const std::vector<PathStep>& steps, Xml::Repeats repeats, Found& found)
      : xml_(xml), steps_(steps), repeats_(repeats), found_(found) {}

  void find() {
    // The outermost element is found as the only child of the document.
    if (xml_.elements_.front().name == steps_.front().name)
      walk(0, 1);
    else if (misspelt(xml_.elements_.front().name, steps_.front().name))
      refuse_spelling(steps_.front().name);
    else
      ++misses_;
    if (!found_.error.empty()) return;
    if (misses_ > 0 && !found_.values.empty())
      found_.error = "it stands in some elements and is missing in others";
    else
      found_.absent = found_.values.empty() && misses_ > 0;
  }

  std::string_view raw;  // of the last value

 private:
  void walk(std::uint32_t index, std::size_t at) {
    const auto& element = xml_.elements_[index];
    if (!found_.error.empty()) return;
    if (at == steps_.size()) {
      take(element.raw, element.plain);
    } else if (steps_[at].kind == PathStep::Kind::any) {
      for (auto i = index + 1; i < element.next; i = xml_.elements_[i].next) walk(i, at + 1);
    } else {
      if (!check_spelling(index, steps_[at])) return;
      if (steps_[at].kind == PathStep::Kind::attribute)
        walk_attribute(element, steps_[at].name);
      else
        walk_children(index, at);
    }
  }

  void walk_attribute(const Xml::Element& element, const std::string& name) {
    for (auto i = element.first; i < element.end; ++i)
      if (xml_.attributes_[i].name == name) return take(xml_.attributes_[i].raw, true);
    ++misses_;
  }

  void walk_children(std::uint32_t index, std::size_t at) {
    const std::size_t steps_left = steps_.size() - 1 - at;
    const bool may_repeat =
        xml_.writer_ == Writer::carrier || (repeats_ == Xml::Repeats::last && steps_left == 0) ||
        (repeats_ == Xml::Repeats::summed && (steps_left == 1 || (steps_left == 0 && steps_.size() == 2)));
    bool seen = false;
    for (auto i = index + 1; i < xml_.elements_[index].next; i = xml_.elements_[i].next) {
      if (xml_.elements_[i].name != steps_[at].name) continue;
      if (seen && !may_repeat) {
        found_.error = "the element '" + steps_[at].name + "' stands there more than once";
        return;
      }
      seen = true;
      walk(i, at + 1);
    }
    if (!seen) ++misses_;
  }

  // Some parsers make one field of an element and an attribute of one name, or of names of any case.
  bool check_spelling(std::uint32_t index, const PathStep& step) {
    if (xml_.writer_ == Writer::carrier) return true;
    const auto& element = xml_.elements_[index];
    const bool attribute = step.kind == PathStep::Kind::attribute;
    for (auto i = element.first; i < element.end; ++i) {
      const auto name = xml_.attributes_[i].name;
      if (!attribute && name == step.name) {
        found_.error = "there is an attribute '" + step.name + "' beside the element";
        return false;
      }
      if (misspelt(name, step.name)) return refuse_spelling(step.name);
    }
    for (auto i = index + 1; i < element.next; i = xml_.elements_[i].next) {
      const auto name = xml_.elements_[i].name;
      if (attribute && name == step.name) {
        found_.error = "there is an element '" + step.name + "' beside the attribute";
        return false;
      }
      if (misspelt(name, step.name)) return refuse_spelling(step.name);
    }
    return true;
  }

  bool misspelt(std::string_view given, std::string_view name) const {
    return xml_.writer_ == Writer::caller && given != name && same_ignoring_case(given, name);
  }
  bool refuse_spelling(const std::string& name) {
    found_.error = "there is a name that differs from '" + name + "' only in case";
    return false;
  }

  void take(std::string_view text, bool plain) {
    raw = text;
    if (!plain) text = {};
    if (text.find('&') != text.npos) text = xml_.resolved_.emplace_front(resolved(text));
    found_.values.push_back({.text = text, .plain = plain});
  }

  Xml& xml_;
  const std::vector<PathStep>& steps_;
  const Xml::Repeats repeats_;
  Found& found_;
  std::size_t misses_ = 0;
};

std::string Xml::read(std::string_view body, Writer writer) {
  elements_.clear();
  attributes_.clear();
  resolved_.clear();
  body_ = body;
  writer_ = writer;
  return XmlScanner(body, writer, *this).scan();
}

void Xml::find(const std::vector<PathStep>& steps, Repeats repeats, Found& found) {
  XmlFinder(*this, steps, repeats, found).find();
}

std::optional<BodySpan> Xml::token(const std::vector<PathStep>& steps) {
  Found found;
  XmlFinder finder(*this, steps, Repeats::none, found);
  finder.find();
  if (!found.error.empty() || found.values.size() != 1 || !found.values.front().plain) return std::nullopt;
  return BodySpan{std::size_t(finder.raw.data() - body_.data()), finder.raw.size()};
}

}  // namespace sekisho::policy
