// Any bytes as LIST.sig, and behind a line "%%" as a trust file. Always, beside what tests/fuzz/files.h says:
// a signature file that is printed reads back as the same; a list is accepted or it is said why not, and no
// key counts twice.
#include <algorithm>

#include "config/list_signature.h"
#include "tests/fuzz/files.h"

namespace sekisho::fuzz {
namespace {

constexpr std::string_view between = "\n%%\n";

bool same(const config::SignatureFile& a, const config::SignatureFile& b) {
  return a.statement == b.statement &&
         std::equal(
             a.signatures.begin(), a.signatures.end(), b.signatures.begin(), b.signatures.end(),
             [](const auto& x, const auto& y) { return x.key == y.key && x.signature == y.signature; });
}

void run(std::string_view input) {
  const auto at = std::min(input.find(between), input.size());
  const auto text = input.substr(0, at);
  const auto file =
      loaded<config::SignatureFile>([&] { return config::read_signature_file("list.sig", text); });
  if (file) {
    const auto again = config::read_signature_file("list.sig", config::print(*file.value));
    must(again && same(*again.value, *file.value), "a signature file that is printed reads back");
    const auto statement = config::signed_text(file.value->statement);
    must(std::count(statement.begin(), statement.end(), '\n') == 7,
         "a statement has a line for each of its values");
  }
  if (at == input.size()) return;
  const std::string trust(input.substr(at + between.size()));
  const auto keys = loaded<config::ListKeys>([&] { return config::read_list_keys("keys.yaml", trust); });
  if (!keys) return;
  must(keys.value->threshold > 0 && keys.value->threshold <= keys.value->all.size(),
       "a threshold can be reached");
  if (!file) return;
  const auto& statement = file.value->statement;
  const auto verdict = config::verify_list(
      *file.value, {statement.which, statement.rows, statement.sha256, statement.mapping}, *keys.value);
  must(verdict.signatures.size() == file.value->signatures.size(), "a verdict on every signature");
  must(verdict.good <= keys.value->all.size(), "no key counts twice");
  must(verdict.accepted() == verdict.refusals("list.sig").empty(), "accepted, or it is said why not");
}

const Target target{"signatures", run};

}  // namespace
}  // namespace sekisho::fuzz
