#include "config/list_keys.h"

#include <algorithm>

#include "config/digest.h"
#include "config/kinds.h"
#include "config/yaml.h"

namespace sekisho::config {
namespace {

// The words of both vocabularies stand in the same order, so that one is cast into the other.
static_assert(std::equal(std::begin(policy::register_words), std::end(policy::register_words), signed_words));

struct PublicKeyText {
  using type = PublicKey;
  bool read(Document& document, const Node& node, PublicKey& out) const {
    if (node.kind != Node::Kind::scalar || !read_base64(node.text, out)) {
      // The body of a public key's PEM: twelve bytes that name the algorithm, then the key.
      static constexpr std::string_view pem = "MCowBQYDK2VwAyEA";
      const bool whole = node.kind == Node::Kind::scalar && node.text.starts_with(pem);
      document.error(node.place, "expected " + says() +
                                     (whole ? "; leave out '" + std::string(pem) + "' at the beginning"
                                            : "; 'sekisho registry sign' prints it"));
      return false;
    }
    if (is_weak(out))
      return document.error(node.place, "this is no key that anybody holds: everybody could sign for it"),
             false;
    return true;
  }
  std::string says() const { return "an Ed25519 public key, 32 bytes in base64 (44 characters)"; }
};

bool read_key(Document& document, const Node& node, ListKeys& keys) {
  Fields fields(document, node, "a key");
  ListKey key;
  const bool named = fields.need("id", Identifier{}, key.id);
  if (named && keys.find(key.id)) fields.error("id", "two keys have the id '" + key.id + "'");
  if (fields.need("public", PublicKeyText{}, key.public_key)) {
    const auto twin = std::find_if(keys.all.begin(), keys.all.end(),
                                   [&](const ListKey& other) { return other.public_key == key.public_key; });
    if (twin != keys.all.end())
      fields.error("public", "this is the key of '" + twin->id + "' already; it would count twice");
  }
  bool good = true;
  if (const Node* registers = fields.find("registers")) {
    key.registers = {};
    good = Words<Signed>{}.read(document, *registers, key.registers);
  }
  keys.all.push_back(std::move(key));
  return good;
}

std::string count_text(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

void check_reach(Fields& fields, const ListKeys& keys) {
  if (keys.threshold > keys.all.size())
    return fields.error("threshold", "can never be reached: there " +
                                         std::string(keys.all.size() == 1 ? "is " : "are ") +
                                         count_text(keys.all.size(), "key"));
  policy::WordSet<Signed>::all().each([&](Signed word) {
    const auto may = static_cast<std::size_t>(std::count_if(
        keys.all.begin(), keys.all.end(), [&](const ListKey& key) { return key.registers.has(word); }));
    // Without keys a register is not meant to be signed. A trust file without would be the last one.
    if (may >= keys.threshold || (may == 0 && word != Signed::keys)) return;
    fields.error("threshold",
                 word == Signed::keys
                     ? "can never be reached by the next version of this file: " + count_text(may, "key") +
                           " may sign 'keys'; keys with 'registers' may only if it stands among them"
                     : "can never be reached by '" + std::string(policy::name(word)) +
                           "': " + count_text(may, "key") + " may sign it");
  });
}

ListKeys read_keys(Document& document, const Node& root) {
  ListKeys keys;
  Fields fields(document, root, "the file");
  fields.find("schema");
  fields.need("version", Count{.min = 1}, keys.version);
  std::int64_t threshold = 0;
  const bool counted = fields.need("threshold", Count{.min = 1, .max = 1000}, threshold);
  keys.threshold = static_cast<std::size_t>(threshold);
  const Node* list = fields.need("keys");
  if (!list) return keys;
  if (list->kind != Node::Kind::list || list->items.empty()) {
    unexpected(document, *list, "a list of keys");
    return keys;
  }
  // What a key may sign must be known before anything can be said of the threshold.
  bool known = counted;
  for (const auto& node : list->items) known &= read_key(document, node, keys);
  if (known) check_reach(fields, keys);
  return keys;
}

Loaded<ListKeys> finish(Document document) {
  ListKeys keys;
  if (const Node* root = document.root()) keys = read_keys(document, *root);
  keys.text = document.bytes();
  keys.digest = sha256_hex(keys.text);
  return document.finish(std::move(keys));
}

}  // namespace

const ListKey* ListKeys::find(std::string_view id) const {
  const auto found = std::find_if(all.begin(), all.end(), [&](const ListKey& key) { return key.id == id; });
  return found == all.end() ? nullptr : &*found;
}

Loaded<ListKeys> load_list_keys(const std::filesystem::path& file) {
  return finish(Document(file, "sekisho/list-keys/v1"));
}

Loaded<ListKeys> read_list_keys(const std::filesystem::path& name, std::string text) {
  return finish(Document(name, std::move(text), "sekisho/list-keys/v1"));
}

}  // namespace sekisho::config
