#include "policy/xml_scanner.h"

#include <algorithm>
#include <charconv>

#include "policy/text_rules.h"

namespace sekisho::policy {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

constexpr std::array<bool, 256> in_names = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789-.:"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();
bool in_name(char c) { return in_names[static_cast<unsigned char>(c)]; }

// U+FFFE and U+FFFF; what else XML 1.0 forbids in valid UTF-8 are control characters.
bool has_noncharacter(std::string_view text) {
  return text.find("\xef\xbf\xbe") != text.npos || text.find("\xef\xbf\xbf") != text.npos;
}

// The bytes of a code point that XML allows.
std::optional<XmlReference> encoded(unsigned code, std::size_t length) {
  const bool control = code < 0x20 && code != '\t' && code != '\r' && code != '\n';
  if (control || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || code == 0xfffe || code == 0xffff)
    return std::nullopt;
  XmlReference out{.length = length};
  const auto put = [&](unsigned byte) { out.bytes[out.size++] = char(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)),
        put(0x80 | (code & 0x3f));
  }
  return out;
}

constexpr const char* bad_reference =
    "it holds an entity or a '&' that is none of &lt; &gt; &amp; &quot; &apos; or a numeric reference";

}  // namespace

bool XmlScanner::fail(std::string sentence) {
  error_ = std::move(sentence);
  return false;
}

bool XmlScanner::references_are_good(std::string_view text) const {
  if (!has_.ampersand) return true;
  for (auto at = text.find('&'); at != text.npos; at = text.find('&', at + 1))
    if (!xml_reference(text.substr(at))) return false;
  return true;
}

std::optional<XmlReference> xml_reference(std::string_view text) {
  constexpr std::size_t longest = 10;  // "&#x10ffff;"
  const auto end = text.substr(0, longest).find(';');
  if (end == text.npos || end < 2) return std::nullopt;
  const auto name = text.substr(1, end - 1);
  constexpr std::pair<std::string_view, char> predefined[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [word, c] : predefined)
    if (name == word) return encoded(static_cast<unsigned char>(c), end + 1);
  if (name[0] != '#') return std::nullopt;
  const bool hex = name.size() > 1 && name[1] == 'x';
  const auto digits = name.substr(hex ? 2 : 1);
  unsigned code = 0;
  const auto [stopped, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  if (error != std::errc() || stopped != digits.data() + digits.size()) return std::nullopt;
  return encoded(code, end + 1);
}

bool XmlScanner::skip(char expected) {
  if (at_ == body_.size() || body_[at_] != expected) return false;
  ++at_;
  return true;
}

bool XmlScanner::skip(std::string_view expected) {
  if (!rest().starts_with(expected)) return false;
  at_ += expected.size();
  return true;
}

bool XmlScanner::skip_spaces() {
  const auto begin = at_;
  while (at_ < body_.size() && is_space(body_[at_])) ++at_;
  return at_ > begin;
}

std::string_view XmlScanner::name() {
  const auto begin = at_;
  if (at_ < body_.size() && starts_name(body_[at_]))
    while (at_ < body_.size() && in_name(body_[at_])) ++at_;
  return body_.substr(begin, at_ - begin);
}

// The declaration of a document in UTF-8, or none.
bool XmlScanner::declaration() {
  if (!skip("<?xml")) return true;
  const char* refused = "its declaration is not <?xml version=\"1.0\" encoding=\"UTF-8\"?>";
  const auto value = [&](std::string_view key) -> std::optional<std::string_view> {
    const auto before = at_;
    if (skip_spaces() && skip(key)) {
      skip_spaces();
      if (skip('=')) {
        skip_spaces();
        const char quote = at_ < body_.size() ? body_[at_] : '\0';
        const auto end = body_.find(quote, at_ + 1);
        if ((quote == '"' || quote == '\'') && end != body_.npos) {
          const auto found = body_.substr(at_ + 1, end - at_ - 1);
          at_ = end + 1;
          return found;
        }
      }
    }
    at_ = before;
    return std::nullopt;
  };
  if (value("version") != "1.0") return fail(refused);
  if (const auto encoding = value("encoding"); encoding && !same_ignoring_case(*encoding, "utf-8"))
    return fail(refused);
  if (const auto alone = value("standalone"); alone && *alone != "yes" && *alone != "no")
    return fail(refused);
  skip_spaces();
  return skip("?>") || fail(refused);
}

// Behind "<!--".
bool XmlScanner::comment() {
  const auto end = body_.find("--", at_);
  if (end == body_.npos || body_.substr(end, 3) != "-->")
    return fail("a comment is not closed, or holds '--'");
  at_ = end + 3;
  if (depth_ > 0) xml_.elements_[open_[depth_ - 1]].plain = false;
  return true;
}

// Behind "<![CDATA[". Parsers give it in one piece, in several, or apart from the text around it.
bool XmlScanner::cdata() {
  const auto end = body_.find("]]>", at_);
  if (end == body_.npos || depth_ == 0)
    return fail("a CDATA section is not closed, or stands outside of the element");
  at_ = end + 3;
  xml_.elements_[open_[depth_ - 1]].plain = false;
  return true;
}

// Some parsers refuse a document whose namespace is no URI (RFC 3986), and others do not look. What all of
// them take: a scheme, then characters that need no escape, ":" again in a URN only, one "#" at most.
static bool is_plain_uri(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto colon = text.find(':');
  if (colon == text.npos || colon == 0 || colon + 1 == text.size() || !letter(text[0])) return false;
  const auto scheme = text.substr(0, colon), rest = text.substr(colon + 1);
  const auto plain = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("-._~/?=;+,#").find(c) != std::string_view::npos || (c == ':' && scheme == "urn");
  };
  return std::all_of(scheme.begin(), scheme.end(),
                     [&](char c) {
                       return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
                     }) &&
         std::all_of(rest.begin(), rest.end(), plain) && std::count(rest.begin(), rest.end(), '#') <= 1;
}

bool XmlScanner::namespaces(std::string_view name, std::string_view raw, bool outermost) {
  if (writer_ == Writer::carrier) return true;
  const auto colon = name.find(':');
  const bool declares = name == "xmlns" || name.substr(0, colon) == "xmlns";
  if (!declares)
    return colon == name.npos ||
           fail("the attribute '" + std::string(name.substr(0, 40)) + "' has a namespace prefix");
  if (!outermost) return fail("a namespace is declared below the outermost element");
  // What namespaces forbid: some parsers refuse it, others do not look.
  const auto prefix = colon == name.npos ? std::string_view() : name.substr(colon + 1);
  const bool reserved = prefix.starts_with("xml") ||
                        raw.starts_with("http://www.w3.org/XML/1998/namespace") ||
                        raw.starts_with("http://www.w3.org/2000/xmlns");
  const bool broken = colon != name.npos && (prefix.empty() || !starts_name(prefix[0]) ||
                                             prefix.find(':') != prefix.npos || raw.empty());
  if (reserved || broken) return fail("a namespace is declared in a way that namespaces forbid");
  return raw.empty() || is_plain_uri(raw) || fail("a namespace is not a plain absolute URI");
}

bool XmlScanner::attribute(bool outermost) {
  const auto key = name();
  if (key.empty()) return fail("a tag holds something that is no attribute with an ASCII name");
  skip_spaces();
  if (!skip('=')) return fail("an attribute has no value");
  skip_spaces();
  const char quote = at_ < body_.size() ? body_[at_] : '\0';
  if (quote != '"' && quote != '\'') return fail("an attribute's value is not in quotes");
  const auto end = body_.find(quote, at_ + 1);
  if (end == body_.npos) return fail("an attribute's value is not closed");
  const auto raw = body_.substr(at_ + 1, end - at_ - 1);
  at_ = end + 1;
  if (raw.find('<') != raw.npos) return fail("an attribute's value holds '<'");
  if (!references_are_good(raw)) return fail(bad_reference);
  auto& all = xml_.attributes_;
  if (all.size() - xml_.elements_.back().first >= xml_attributes_max)
    return fail("a tag has more than " + std::to_string(xml_attributes_max) + " attributes");
  for (auto i = xml_.elements_.back().first; i < all.size(); ++i)
    if (all[i].name == key) return fail("the attribute '" + std::string(key.substr(0, 40)) + "' is repeated");
  all.push_back({key, raw});
  return namespaces(key, raw, outermost);
}

// Behind "<".
bool XmlScanner::start_tag() {
  const bool outermost = depth_ == 0;
  if (outermost && !xml_.elements_.empty()) return fail("it goes on behind its outermost element");
  if (depth_ == xml_depth_max)
    return fail("it is nested deeper than " + std::to_string(xml_depth_max) + " levels");
  if (!outermost) xml_.elements_[open_[depth_ - 1]].plain = false;
  const auto tag = name();
  if (tag.empty()) return fail("a '<' begins no tag with an ASCII name");
  if (writer_ == Writer::caller && tag.find(':') != tag.npos)
    return fail("the element '" + std::string(tag.substr(0, 40)) +
                "' has a namespace prefix, and parsers differ in what it is then called");
  const auto index = std::uint32_t(xml_.elements_.size());
  const auto first = std::uint32_t(xml_.attributes_.size());
  xml_.elements_.push_back({.name = tag, .next = index + 1, .first = first, .end = first});
  while (skip_spaces() && at_ < body_.size() && body_[at_] != '>' && body_[at_] != '/')
    if (!attribute(outermost)) return false;
  xml_.elements_[index].end = std::uint32_t(xml_.attributes_.size());
  xml_.elements_[index].raw = body_.substr(at_, 0);
  if (skip("/>")) return true;
  if (!skip('>')) return fail("a tag is not closed");
  open_[depth_] = index;
  inside_[depth_++] = at_;
  return true;
}

// Behind "</".
bool XmlScanner::end_tag() {
  const auto content_end = at_ - 2;
  const bool fits = depth_ > 0 && skip(xml_.elements_[open_[depth_ - 1]].name);
  skip_spaces();
  if (!fits || !skip('>')) return fail("an end tag does not fit its start tag");
  auto& element = xml_.elements_[open_[--depth_]];
  element.next = std::uint32_t(xml_.elements_.size());
  element.raw = body_.substr(inside_[depth_], content_end - inside_[depth_]);
  return true;
}

bool XmlScanner::text() {
  const auto begin = at_;
  at_ = std::min(body_.find('<', at_), body_.size());
  const auto found = body_.substr(begin, at_ - begin);
  if (depth_ == 0)
    return std::all_of(found.begin(), found.end(), is_space) ||
           fail("text stands outside of the outermost element");
  if (has_.bracket && found.find("]]>") != found.npos) return fail("text holds ']]>'");
  return references_are_good(found) || fail(bad_reference);
}

// From one '<' to the next.
bool XmlScanner::piece() {
  if (body_[at_] != '<') return text();
  switch (at_ + 1 < body_.size() ? body_[at_ + 1] : '\0') {
    case '/':
      at_ += 2;
      return end_tag();
    case '!':
      if (skip("<!--")) return comment();
      return skip("<![CDATA[") ? cdata() : fail("it has a DOCTYPE or another declaration");
    case '?':
      return fail("it holds a processing instruction");
    default:
      ++at_;
      return start_tag();
  }
}

std::string XmlScanner::scan() {
  if (body_.starts_with("\xef\xbb\xbf")) return "it begins with a byte order mark";
  if (!simdjson::validate_utf8(body_)) return "it is not valid UTF-8";
  has_ = kinds_of_bytes(body_);
  if (has_.control || (has_.lead_ef && has_noncharacter(body_)))
    return "it holds a character that XML does not allow";
  bool good = declaration();
  while (good && at_ < body_.size()) good = piece();
  if (!good) return std::move(error_);
  if (depth_ > 0) return "an element is not closed";
  return xml_.elements_.empty() ? "it has no element" : "";
}

}  // namespace sekisho::policy
