// Any bytes as tests beside a policy: tests/fuzz/files.h says what must always be true.
#include "config/texts.h"
#include "tests/fuzz/files.h"

namespace sekisho::fuzz {

static const Target target{"policy_tests", [](std::string_view input) {
                             loaded<config::PolicyTests>([&] {
                               return config::read_policy_tests_text("policy_tests.yaml", std::string(input));
                             });
                           }};

}  // namespace sekisho::fuzz
