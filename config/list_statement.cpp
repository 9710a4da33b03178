#include "config/list_statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/kinds.h"
#include "config/nearest.h"
#include "config/small_file.h"
#include "config/text.h"
#include "policy/strict_json.h"

namespace sekisho::config {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view schema = "sekisho/list-signature/v1";

bool is_hex_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// The text was read strictly before (repeated keys, broken ends); simdjson's on-demand reader then tells
// where every value stands.
class Reader {
 public:
  Reader(const std::filesystem::path& name, std::string_view text) : name_(name.string()), padded_(text) {}

  SignatureFile made;
  Errors errors;

  void read() {
    ondemand::parser parser;
    ondemand::document document;
    ondemand::value root;
    if (parser.iterate(padded_).get(document) || document.get_value().get(root))
      return error(0, "expected an object that begins with \"schema\": \"" + std::string(schema) + "\"");
    each_field(
        root, "the file",
        {"schema", "register", "serial", "published", "rows", "sha256", "mapping", "signatures"},
        [&](std::string_view key, ondemand::value value, std::size_t at) { read_field(key, value, at); });
  }

  void error(std::size_t offset, std::string text) {
    Walker walker(bytes());
    walker.walk_to(offset);
    errors.push_back(
        {.file = name_, .line = walker.line(), .column = walker.column(), .text = std::move(text)});
  }

 private:
  std::string_view bytes() const { return {padded_.data(), padded_.size()}; }
  std::size_t offset(ondemand::value value) const {
    return std::size_t(value.raw_json_token().data() - padded_.data());
  }

  // Visits every key of an object that is known; what else stands there, and what is missing, is an error.
  template <class F>
  void each_field(ondemand::value value, const std::string& what, const std::vector<std::string>& known,
                  F&& visit) {
    const auto begin = offset(value);
    ondemand::object object;
    if (value.get_object().get(object)) return error(begin, "expected " + what + " as an object");
    std::vector<std::string> seen;
    for (auto field : object) {
      std::string_view raw;
      ondemand::value item;
      if (field.unescaped_key().get(raw) || field.value().get(item)) return error(begin, "cannot be read");
      const std::string key(raw);
      const auto at = offset(item);
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        // What else may stand in a JSON key is nothing for a terminal.
        error(at, "unknown key " + (Identifier::fits(key) ? "'" + key + "' " : "") + "in " + what +
                      did_you_mean(key, known));
        continue;
      }
      seen.push_back(key);
      visit(key, item, at);
    }
    for (const auto& key : known)
      if (std::find(seen.begin(), seen.end(), key) == seen.end())
        error(begin, "the key '" + key + "' is missing in " + what);
  }

  void read_field(std::string_view key, ondemand::value value, std::size_t at) {
    auto& statement = made.statement;
    if (key == "serial") return read_count(value, at, statement.serial);
    if (key == "rows") return read_count(value, at, statement.rows);
    if (key == "signatures") return read_signatures(value, at);
    std::string_view text;
    if (value.get_string().get(text)) return error(at, "'" + std::string(key) + "' must be text");
    if (key == "schema") {
      if (text != schema) error(at, "expected \"" + std::string(schema) + "\"");
    } else if (key == "register") {
      const auto word = policy::parse_word<Signed>(text);
      if (!word) return error(at, "expected one of " + policy::all_words<Signed>());
      statement.which = *word;
    } else if (key == "published") {
      const auto day = policy::JstDate::parse(text);
      if (!day) return error(at, "expected a date such as \"2026-04-01\"");
      statement.published = *day;
    } else if (key == "mapping" && text == no_mapping) {
      statement.mapping = text;
    } else {
      if (!is_hex_digest(text))
        return error(at, std::string("expected a SHA-256, 64 lower-case hexadecimal digits") +
                             (key == "mapping" ? ", or \"none\"" : ""));
      (key == "mapping" ? statement.mapping : statement.sha256) = text;
    }
  }

  // All 64 bits; JSON readers that go through a double would lose some.
  void read_count(ondemand::value value, std::size_t at, std::uint64_t& out) {
    std::string_view token = value.raw_json_token();
    token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    const auto [end, failed] = std::from_chars(token.data(), token.data() + token.size(), out);
    if (failed != std::errc() || end != token.data() + token.size() || (token.size() > 1 && token[0] == '0'))
      error(at, "expected a whole number from 0 to 18446744073709551615");
  }

  void read_signatures(ondemand::value value, std::size_t at) {
    ondemand::array array;
    if (value.get_array().get(array)) return error(at, "expected a list of signatures");
    for (auto element : array) {
      ondemand::value item;
      if (element.get(item)) return error(at, "cannot be read");
      ListSignature one;
      Walker walker(bytes());
      walker.walk_to(offset(item));
      one.line = walker.line();
      one.column = walker.column();
      each_field(item, "a signature", {"key", "signature"},
                 [&](std::string_view key, ondemand::value part, std::size_t place) {
                   std::string_view text;
                   const bool is_text = !part.get_string().get(text);
                   if (key == "key") {
                     if (!is_text || !Identifier::fits(text))
                       return error(place, "expected the id of a key: letters, digits, '-', '_' and '.'");
                     one.key = text;
                   } else if (!is_text || !read_base64(text, one.signature)) {
                     error(place, "expected an Ed25519 signature, 64 bytes in base64 (88 characters)");
                   }
                 });
      made.signatures.push_back(std::move(one));
    }
  }

  const std::string name_;
  simdjson::padded_string padded_;
};

}  // namespace

std::string signed_text(const ListStatement& statement) {
  return fmt::format(
      "sekisho list signature v1\nregister {}\nserial {}\npublished {}\nrows {}\nsha256 {}\nmapping {}\n",
      policy::name(statement.which), statement.serial, statement.published.text(), statement.rows,
      statement.sha256, statement.mapping);
}

std::filesystem::path signature_beside(const std::filesystem::path& list) { return list.string() + ".sig"; }

Loaded<SignatureFile> load_signature_file(const std::filesystem::path& file) {
  auto text = read_small_file(file, "is missing; 'sekisho registry sign' makes it");
  if (!text) return {.errors = std::move(text.errors)};
  return read_signature_file(file, *text.value);
}

Loaded<SignatureFile> read_signature_file(const std::filesystem::path& name, std::string_view text) {
  Reader reader(name, text);
  simdjson::dom::element root;
  const auto refused = policy::read_strict_json(text, root);
  if (refused.empty())
    reader.read();
  else
    reader.error(0, "cannot be read as JSON: " + refused);
  if (!reader.errors.empty()) return {.errors = std::move(reader.errors)};
  return {.value = std::move(reader.made)};
}

std::string print(const SignatureFile& file) {
  const auto& statement = file.statement;
  auto out = fmt::format(
      "{{\n  \"schema\": \"{}\",\n  \"register\": \"{}\",\n  \"serial\": {},\n  \"published\": \"{}\",\n"
      "  \"rows\": {},\n  \"sha256\": \"{}\",\n  \"mapping\": \"{}\",\n  \"signatures\": [",
      schema, policy::name(statement.which), statement.serial, statement.published.text(), statement.rows,
      statement.sha256, statement.mapping);
  for (std::size_t i = 0; i < file.signatures.size(); ++i)
    out += fmt::format("{}\n    {{ \"key\": \"{}\", \"signature\": \"{}\" }}", i ? "," : "",
                       file.signatures[i].key, base64(file.signatures[i].signature));
  return out + "\n  ]\n}\n";
}

void add_signature(SignatureFile& file, const std::string& id, const PrivateKey& key) {
  std::erase_if(file.signatures, [&](const ListSignature& one) { return one.key == id; });
  file.signatures.push_back({.key = id, .signature = key.sign(signed_text(file.statement))});
}

}  // namespace sekisho::config
