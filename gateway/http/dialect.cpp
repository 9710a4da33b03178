#include "gateway/http/dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sekisho::http {
namespace {

namespace json = boost::json;
using policy::Denials;
using policy::Family;
using policy::Language;
using policy::Reason;
using Shape = Denials::Shape;

// A quota that waiting does not help is a no, whatever its reason's row says.
Family family_of(const Problem& problem) {
  const auto& row = policy::row(problem.reason);
  const bool final = row.family == Family::not_now && problem.status == 403;
  return final ? Family::decision : row.family;
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

// The carrier's code for a reason, else the gate's.
Denials::Code code_of(const Denials& denials, Reason reason, Family family, std::string_view own) {
  const auto* code = denials.codes.find(reason, family);
  return code ? *code : Denials::Code{std::string(own)};
}

std::string joined(std::string_view a, std::string_view b) {
  return std::string(a) + (a.empty() || b.empty() ? "" : " ") + std::string(b);
}

// Many clients show their users one text and nothing else: it says why, what to do, and which decision.
std::string with_decision(std::string text, const json::object& told, Language language) {
  const bool japanese = language == Language::ja;
  if (const auto contact = text_of(told, "contact"); !contact.empty())
    text = joined(text, fmt::format("{}{}", japanese ? "連絡先：" : "Contact: ", contact));
  const auto code = text_of(told, "code"), decision = text_of(told, "decision");
  const auto id =
      decision.empty() ? "" : fmt::format("{}{}", japanese ? "、判定 ID " : ", decision ", decision);
  return joined(text, fmt::format("({}{})", code, id));
}

std::string sentence(const json::object& reason) {
  return joined(text_of(reason, "text"), text_of(reason, "remedy"));
}

// Why, and what to do: every reason once, and the detail where no reason has it.
std::string whole_text(const json::object& told, Language language) {
  std::vector<std::string> sentences;
  for (const auto& reason : told.at("reasons").as_array()) {
    auto one = sentence(reason.as_object());
    if (std::find(sentences.begin(), sentences.end(), one) == sentences.end())
      sentences.push_back(std::move(one));
  }
  const auto detail = text_of(told, "detail");
  // Where nothing more is to be said of it, the detail is the title, which the reasons say better.
  const bool said = (!sentences.empty() && detail == text_of(told, "title")) ||
                    std::any_of(sentences.begin(), sentences.end(),
                                [&](const auto& one) { return one.find(detail) != one.npos; });
  std::string text(said ? "" : detail);
  for (const auto& one : sentences) text = joined(text, one);
  return with_decision(std::move(text), told, language);
}

// What the gate adds to the carrier's shape: all of the problem that has no place in it.
json::object gates_part(const json::object& told) {
  json::object part;
  for (const auto* name : {"code", "decision", "contact", "reasons", "limits"})
    if (const auto* value = told.if_contains(name)) part[name] = *value;
  return part;
}

json::value in_json(const Denials::Code& code) {
  // A plain number of at most 15 digits, which the loader has made sure of.
  if (code.number) return std::stoll(code.text);
  return json::value(code.text);
}

std::string json_body(const Denials& denials, const Denials::Code& code, const json::object& told,
                      Language language) {
  const auto& names = denials.names;
  json::object error;
  error[names.code] = in_json(code);
  error[names.text] = whole_text(told, language);
  if (!names.status.empty()) error[names.status] = told.at("status");
  error[policy::gates_part] = gates_part(told);
  for (auto name = names.root.rbegin(); name != names.root.rend(); ++name) {
    json::object around;
    around[*name] = std::move(error);
    error = std::move(around);
  }
  return json::serialize(error);
}

std::string status_text(const json::object& told) { return std::to_string(told.at("status").as_int64()); }

// jsonapi.org/format/1.0, "Error Objects": one for each reason.
std::string json_api_body(const Denials& denials, const Problem& problem, const json::object& told,
                          Language language) {
  json::array errors;
  for (const auto& one : told.at("reasons").as_array()) {
    const auto& reason = one.as_object();
    const auto own = text_of(reason, "code");
    const auto which = policy::parse_reason(own).value_or(problem.reason);
    const auto family = which == problem.reason ? family_of(problem) : policy::row(which).family;
    json::object error;
    error["status"] = status_text(told);
    error["code"] = code_of(denials, which, family, own).text;
    error["title"] = policy::row(which).title[static_cast<std::size_t>(language)];
    error["detail"] = with_decision(sentence(reason), told, language);
    json::object meta;
    for (const auto* name : {"code", "rule", "basis"})
      if (const auto* value = reason.if_contains(name)) meta[name] = *value;
    error["meta"] = std::move(meta);
    errors.push_back(std::move(error));
  }
  json::object meta;
  meta[policy::gates_part] = gates_part(told);
  json::object body;
  body["errors"] = std::move(errors);
  body["meta"] = std::move(meta);
  return json::serialize(body);
}

// TMF630, "Error representation".
std::string tmf_body(const Denials::Code& code, const json::object& told, Language language) {
  json::object error;
  error["@type"] = "Error";
  error["code"] = code.text;
  error["reason"] = told.at("title");
  error["message"] = whole_text(told, language);
  error["status"] = status_text(told);
  error["referenceError"] = told.at("type");
  error[policy::gates_part] = gates_part(told);
  return json::serialize(error);
}

// Text of an element. XML 1.0 has no way to write most control characters, nor U+FFFE and U+FFFF.
void append_xml(std::string& out, std::string_view text) {
  static constexpr std::string_view replacement = "\xef\xbf\xbd";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto rest = text.substr(i);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '\r')
      out += "&#13;";
    else if (c < 0x20 && c != '\t' && c != '\n')
      out += replacement;
    else if (rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf"))
      out += replacement, i += 2;
    else
      out += text[i];
  }
}

void element(std::string& out, std::string_view name, const json::value& value);

// A member of the gate's part as elements: "reasons" holds a "reason" for each.
void content(std::string& out, std::string_view name, const json::value& value) {
  if (const auto* object = value.if_object()) {
    for (const auto& [key, member] : *object) element(out, key, member);
  } else if (const auto* array = value.if_array()) {
    const auto one = name.ends_with('s') ? name.substr(0, name.size() - 1) : name;
    for (const auto& item : *array) element(out, one, item);
  } else if (const auto* text = value.if_string()) {
    append_xml(out, *text);
  } else {
    out += json::serialize(value);  // a number
  }
}

void element(std::string& out, std::string_view name, const json::value& value) {
  if (value.is_null()) return;
  out += fmt::format("<{}>", name);
  content(out, name, value);
  out += fmt::format("</{}>", name);
}

std::string xml_body(const Denials& denials, const Denials::Code& code, const json::object& told,
                     Language language) {
  const auto& names = denials.names;
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
  for (const auto& name : names.root) out += fmt::format("<{}>", name);
  element(out, names.code, json::value(code.text));
  element(out, names.text, json::value(whole_text(told, language)));
  if (!names.status.empty()) element(out, names.status, told.at("status"));
  element(out, policy::gates_part, gates_part(told));
  for (auto name = names.root.rbegin(); name != names.root.rend(); ++name) out += fmt::format("</{}>", *name);
  return out;
}

// As the URL standard's application/x-www-form-urlencoded serializer writes it.
void append_form(std::string& out, std::string_view name, std::string_view value) {
  const auto encoded = [&](std::string_view text) {
    for (const char c : text) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         std::string_view("*-._").find(c) != std::string_view::npos;
      if (c == ' ')
        out += '+';
      else if (plain)
        out += c;
      else
        out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  };
  if (value.empty()) return;
  if (!out.empty()) out += '&';
  encoded(name);
  out += '=';
  encoded(value);
}

// Flat, and no field twice: of the gate's part what is one value.
std::string form_body(const Denials& denials, const Denials::Code& code, const json::object& told,
                      Language language) {
  const auto& names = denials.names;
  std::string out;
  append_form(out, names.code, code.text);
  append_form(out, names.text, whole_text(told, language));
  if (!names.status.empty()) append_form(out, names.status, status_text(told));
  for (const auto* name : {"code", "decision", "contact"})
    append_form(out, fmt::format("{}_{}", policy::gates_part, name), text_of(told, name));
  return out;
}

}  // namespace

int status_in(const Denials& denials, const Problem& problem) {
  if (const auto* status = denials.status.find(problem.reason, family_of(problem))) return *status;
  return problem.status != 0 ? problem.status : policy::row(problem.reason).status;
}

Body body_in(const Denials& denials, const Problem& problem, const json::object& told, Language language) {
  const auto code = code_of(denials, problem.reason, family_of(problem), text_of(told, "code"));
  switch (denials.shape) {
    case Shape::json:
      return {"application/json", json_body(denials, code, told, language)};
    case Shape::json_api:
      return {"application/vnd.api+json", json_api_body(denials, problem, told, language)};
    case Shape::tmf_error:
      return {"application/json", tmf_body(code, told, language)};
    case Shape::xml:
      return {"application/xml", xml_body(denials, code, told, language)};
    case Shape::form:
      return {"application/x-www-form-urlencoded", form_body(denials, code, told, language)};
    case Shape::problem:
      break;
  }
  return {"application/problem+json", json::serialize(told)};
}

}  // namespace sekisho::http
