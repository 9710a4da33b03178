#include "config/list_signature.h"

#include <algorithm>
#include <set>

namespace sekisho::config {
namespace {

const std::string not_signed = "it is not signed";

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::vector<std::string> differences(const ListStatement& says, const ListFacts& is) {
  std::vector<std::string> out;
  if (says.which != is.which)
    out.push_back("it is for " + in_quotes(policy::name(says.which)) + ", not for " +
                  in_quotes(policy::name(is.which)));
  if (says.sha256 != is.digest)
    out.push_back("it is for a file with the SHA-256 " + says.sha256 + ", but the file has " + is.digest);
  if (says.rows != is.rows)
    out.push_back("it is for " + std::to_string(says.rows) + " rows, but " + std::to_string(is.rows) +
                  " were read");
  if (says.mapping != is.mapping)
    out.push_back("it is for the mapping " + says.mapping + ", but the mapping is " + is.mapping);
  return out;
}

std::string sentence(SignatureState state) {
  switch (state) {
    case SignatureState::good:
      return "is good";
    case SignatureState::unknown_key:
      return "is not a key of the trust file";
    case SignatureState::key_not_for_register:
      return "may not sign this register";
    case SignatureState::bad_signature:
      return "did not sign this statement";
    case SignatureState::repeated_key:
      break;
  }
  return "stands there again, and counts once";
}

ListFacts facts_of(const ListKeys& keys) {
  return {.which = Signed::keys, .rows = keys.all.size(), .digest = keys.digest};
}

Loaded<ListKeys> refused(const std::filesystem::path& where, std::string why) {
  return {.errors = {{.file = where.string(), .text = std::move(why), .broken_promise = true}}};
}

// The first thing that keeps this verdict from being accepted.
std::optional<std::string> refusal(const ListVerdict& verdict, const std::string& whose) {
  if (!verdict.differs.empty()) return "the signature is for something else: " + verdict.differs.front();
  if (verdict.accepted()) return std::nullopt;
  return "it has " + verdict.count_text() + " (of " + whose + ")";
}

std::optional<std::string> wrong_serial(const SignatureFile& signatures, const ListKeys& keys) {
  if (signatures.statement.serial == static_cast<std::uint64_t>(keys.version)) return std::nullopt;
  return "the signature is for version " + std::to_string(signatures.statement.serial) + ", not " +
         std::to_string(keys.version);
}

std::optional<std::string> wrong_version(const ListKeys& before, const ListKeys& next) {
  const auto both =
      "version " + std::to_string(next.version) + " cannot follow version " + std::to_string(before.version);
  if (next.version < before.version) return both + ": it is older";
  if (next.version == before.version)
    return "version " + std::to_string(next.version) +
           " is in force already with other content; give the new file version " +
           std::to_string(before.version + 1);
  if (next.version > before.version + 1)
    return both + ": version " + std::to_string(before.version + 1) +
           " comes first, and none may be left out";
  return std::nullopt;
}

}  // namespace

std::string ListVerdict::count_text() const {
  std::string out =
      std::to_string(good) + " of " + std::to_string(needed) + " signature" + (needed == 1 ? "" : "s");
  const char* between = ": ";
  for (const auto& one : signatures) {
    out += between + in_quotes(one.key) + " " + sentence(one.state);
    between = "; ";
  }
  return out;
}

Errors ListVerdict::refusals(const std::filesystem::path& signature_file) const {
  Errors errors;
  const auto error = [&](std::string text) {
    errors.push_back({.file = signature_file.string(), .text = std::move(text), .broken_promise = true});
  };
  for (const auto& sentence : differs) error("is for something else: " + sentence);
  if (entitled == 0)
    error("no key of the trust file may sign this register");
  else if (good < needed || needed == 0)
    error("has " + count_text());
  return errors;
}

ListVerdict verify_list(const SignatureFile& file, const ListFacts& list, const ListKeys& keys) {
  ListVerdict verdict{.needed = keys.threshold, .differs = differences(file.statement, list)};
  verdict.entitled = static_cast<std::size_t>(std::count_if(
      keys.all.begin(), keys.all.end(), [&](const ListKey& key) { return key.registers.has(list.which); }));
  const auto text = signed_text(file.statement);
  std::set<std::string> seen;
  const auto state = [&](const ListSignature& one) {
    const auto* key = keys.find(one.key);
    if (!seen.insert(one.key).second) return SignatureState::repeated_key;
    if (!key) return SignatureState::unknown_key;
    if (!key->registers.has(list.which)) return SignatureState::key_not_for_register;
    return verifies(key->public_key, text, one.signature) ? SignatureState::good
                                                          : SignatureState::bad_signature;
  };
  for (const auto& one : file.signatures) {
    verdict.signatures.push_back({one.key, state(one)});
    if (verdict.signatures.back().state == SignatureState::good) ++verdict.good;
  }
  return verdict;
}

ListFacts list_facts(const RegisterFile& list) {
  return {.which = signed_as(list.which),
          .rows = list.rows.size(),
          .digest = list.digest,
          .mapping = list.mapping};
}

Loaded<SignedList> check_signed(const RegisterFile& list, const ListKeys& keys) {
  const auto beside = signature_beside(list.file);
  auto file = load_signature_file(beside);
  if (!file) return {.errors = std::move(file.errors)};
  const auto verdict = verify_list(*file.value, list_facts(list), keys);
  if (!verdict.accepted()) return {.errors = verdict.refusals(beside)};
  SignedList made{.statement = std::move(file.value->statement)};
  for (const auto& one : verdict.signatures)
    if (one.state == SignatureState::good) made.by.push_back(one.key);
  return {.value = std::move(made)};
}

std::optional<std::string> may_follow(const ListKeys& before, const ListKeys& next,
                                      const SignatureFile* signatures) {
  if (next.version == before.version && next.digest == before.digest) return std::nullopt;
  if (auto why = wrong_version(before, next)) return why;
  // One signature stands under one id. If the id changed hands, it could not speak for both files, and who
  // reads the old signatures later would take one person for the other.
  for (const auto& key : next.all)
    if (const auto* same = before.find(key.id); same && same->public_key != key.public_key)
      return "the id " + in_quotes(key.id) +
             " names another key than before; give the new key an id of its own";
  if (!signatures) return not_signed;
  if (auto why = wrong_serial(*signatures, next)) return why;
  const auto facts = facts_of(next);
  if (auto why = refusal(verify_list(*signatures, facts, before), "the trust file in force")) return why;
  return refusal(verify_list(*signatures, facts, next), "the new trust file");
}

Loaded<ListKeys> load_first_list_keys(const std::filesystem::path& file) {
  auto first = load_list_keys(file);
  if (!first) return first;
  const auto signatures = load_signature_file(signature_beside(file));
  if (!signatures) return {.errors = signatures.errors};
  auto why = wrong_serial(*signatures.value, *first.value);
  if (!why)
    why = refusal(verify_list(*signatures.value, facts_of(*first.value), *first.value), "the file itself");
  return why ? refused(file, std::move(*why)) : first;
}

Loaded<ListKeys> load_next_list_keys(const ListKeys& before, const std::filesystem::path& file) {
  auto next = load_list_keys(file);
  if (!next) return next;
  // What is refused whatever signed it is said first, even when FILE.sig is missing.
  const auto unsigned_why = may_follow(before, *next.value, nullptr);
  if (!unsigned_why) return next;
  const auto beside = signature_beside(file);
  std::error_code ignored;
  if (!std::filesystem::exists(beside, ignored)) {
    return refused(file,
                   *unsigned_why +
                       (unsigned_why == not_signed ? ": " + beside.filename().string() + " is missing" : ""));
  }
  auto signatures = load_signature_file(beside);
  if (!signatures) return {.errors = std::move(signatures.errors)};
  if (auto why = may_follow(before, *next.value, &*signatures.value)) return refused(file, std::move(*why));
  return next;
}

}  // namespace sekisho::config
