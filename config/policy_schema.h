// JSON Schemas (draft 7) of the policy file and of its test files, for editors: they complete keys and words,
// and mark mistakes while somebody types. Printed from the same tables that the loader reads by;
// config/*.schema.json hold them.
//
// What a schema cannot say (two ids alike, dates turned round, proofs) is the loader's alone. What it
// refuses, the loader refuses too, and what the loader takes it takes: tests/config/policy_schema_test.cpp.
#pragma once

#include <string>

namespace sekisho::config {

std::string policy_schema();       // config/policy.schema.json
std::string policy_test_schema();  // config/policy-test.schema.json

}  // namespace sekisho::config
