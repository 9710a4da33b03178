// Any bytes as the key set of who issues tokens. Always, beside what tests/fuzz/files.h says: every key of a
// set is one, for an algorithm, and is found by its name; and base64 for URLs has one spelling.
#include <openssl/evp.h>

#include "config/jwks.h"
#include "tests/fuzz/files.h"
#include "tests/gateway/tokens.h"

namespace sekisho::fuzz {
namespace {

void run(std::string_view input) {
  const auto set = loaded<config::Jwks>([&] { return config::read_jwks("jwks.json", input); });
  if (set) {
    for (const auto& one : set.value->all) {
      must(one.key != nullptr, "a key is one");
      const int kind = EVP_PKEY_get_base_id(one.key.get());
      const bool fits = (one.algorithm == config::Algorithm::rs256 && kind == EVP_PKEY_RSA) ||
                        (one.algorithm == config::Algorithm::es256 && kind == EVP_PKEY_EC) ||
                        (one.algorithm == config::Algorithm::eddsa && kind == EVP_PKEY_ED25519);
      must(fits, "a key is for the algorithm of its kind");
      must(kind != EVP_PKEY_RSA || EVP_PKEY_get_bits(one.key.get()) >= 2048, "no key is weak");
      must(set.value->find(one.kid) == &one, "a key is found by its name, and no other");
    }
  }
  if (const auto bytes = config::read_base64url(input))
    must_equal(gateway::base64url(*bytes), std::string(input), "one spelling for the same bytes");
}

const Target target{"key_sets", run};

}  // namespace
}  // namespace sekisho::fuzz
