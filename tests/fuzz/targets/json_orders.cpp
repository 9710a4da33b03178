// Any bytes as an order's body in JSON: tests/fuzz/orders.h says what must always be true.
#include "tests/fuzz/orders.h"

namespace sekisho::fuzz {

static const Target target{"json_orders",
                           [](std::string_view input) { read_as(policy::Locator::Kind::json, input); }};

}  // namespace sekisho::fuzz
