// Who may do what on the admin listener: tokens, each with a name and a role.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "config/digest.h"
#include "config/file_error.h"
#include "policy/words.h"

namespace sekisho::config {

enum class AdminRole {
  viewer,      // sees how the gate stands, but nothing that tells of the refusal list
  operating,   // and runs the gate: reloads
  compliance,  // and answers for what it decides: sees all, revokes, resolves
  checker      // another gateway: has orders decided, and sees nothing else
};
inline constexpr std::string_view admin_role_words[] = {"viewer", "operator", "compliance", "checker"};
constexpr auto& words_of(AdminRole) { return admin_role_words; }

struct AdminToken {
  std::string name;  // stands in the journal beside what was done with it
  AdminRole role = AdminRole::viewer;
};

// By the SHA-256 of the token that stands behind `Authorization: Bearer`.
using AdminTokens = ByDigest<AdminToken>;

Loaded<AdminTokens> load_admin_tokens(const std::filesystem::path& file);

}  // namespace sekisho::config
