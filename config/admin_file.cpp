#include "config/admin_file.h"

#include <set>

#include "config/key_hash.h"
#include "config/kinds.h"

namespace sekisho::config {
namespace {

void read_token(Document& document, const Node& node, AdminTokens& tokens, std::set<std::string>& names) {
  Fields fields(document, node, "a token");
  AdminToken token;
  Digest digest{};
  if (fields.need("name", Identifier{}, token.name) && !names.insert(token.name).second)
    fields.error("name", "two tokens have the name '" + token.name + "'");
  fields.need("role", Word<AdminRole>{}, token.role);
  if (!fields.need("token_sha256", KeyHash{}, digest)) return;
  const auto [entry, fresh] = tokens.emplace(digest, std::move(token));
  if (!fresh) fields.error("token_sha256", "this token is that of '" + entry->second.name + "' already");
}

}  // namespace

Loaded<AdminTokens> load_admin_tokens(const std::filesystem::path& file) {
  Document document(file, "sekisho/admin/v1");
  AdminTokens tokens;
  if (const Node* root = document.root()) {
    Fields fields(document, *root, "the file");
    fields.find("schema");
    const Node* list = fields.need("tokens");
    std::set<std::string> names;
    if (list && (list->kind != Node::Kind::list || list->items.empty()))
      unexpected(document, *list, "a list of tokens");
    else if (list)
      for (const auto& node : list->items) read_token(document, node, tokens, names);
  }
  return document.finish(std::move(tokens));
}

}  // namespace sekisho::config
