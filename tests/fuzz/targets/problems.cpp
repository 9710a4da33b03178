// Any text in a problem's fields, in both languages and every dialect. Always: the body is what its type
// says, and says the gate's code and the decision; no header holds a control character.
#include <simdjson.h>

#include "gateway/http/dialect.h"
#include "gateway/http/problem.h"
#include "policy/form.h"
#include "policy/xml.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {
namespace {

using namespace http;
using policy::Denials;
using Shape = Denials::Shape;

Denials dialect(Shape shape) {
  Denials denials{.shape = shape};
  if (shape == Shape::json || shape == Shape::form) denials.names = {{}, "code", "message", "status"};
  if (shape == Shape::xml) denials.names = {{"Response", "Error"}, "Code", "Description", "Status"};
  return denials;
}

bool is_of_its_shape(Shape shape, const std::string& body) {
  if (shape == Shape::xml) return policy::Xml().read(body, policy::Writer::caller).empty();
  if (shape == Shape::form) return policy::Form().read(body).empty();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  return !parser.parse(simdjson::padded_string(body)).get(root);
}

void told_in(Shape shape, const Problem& problem, policy::Language language) {
  const auto denials = dialect(shape);
  const auto response = to_response(problem, language, &denials);
  must(is_of_its_shape(shape, response.body), "a body is what its type says");
  must(simdjson::validate_utf8(response.body), "a body is UTF-8");
  must(response.body.find(policy::code(problem.reason)) != std::string::npos, "a body says the gate's code");
  must(response.body.find("01D") != std::string::npos, "a body says the decision");
  for (const auto& header : response.headers.all())
    for (const char c : header.value)
      must(static_cast<unsigned char>(c) >= 0x20, "no control character in a header");
}

// Lines: Accept-Language, detail, contact, instance, a rule, a text, a remedy; the first byte of all is the
// reason.
void run(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto reasons = policy::all_reasons();
  Problem problem{.reason = reasons[static_cast<unsigned char>(bytes[0]) % reasons.size()].reason};
  Input input(bytes.substr(1));
  const auto language = choose_language(input.line());
  problem.decision = "01D";
  problem.detail = input.line();
  problem.contact = input.line();
  problem.instance = input.line();
  const std::string rule(input.line()), text(input.line()), remedy(input.line());
  problem.reasons = {{std::string(policy::code(problem.reason)), rule, "contract", text, remedy}};
  problem.limits = {{rule, text, remedy, 10, 7, 0, 3, std::nullopt}};
  for (const auto shape :
       {Shape::problem, Shape::json, Shape::json_api, Shape::tmf_error, Shape::xml, Shape::form})
    told_in(shape, problem, language);
}

const Target target{"problems", run};

}  // namespace
}  // namespace sekisho::fuzz
