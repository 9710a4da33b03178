// Any bytes as an order's body as a form: tests/fuzz/orders.h says what must always be true.
#include "tests/fuzz/orders.h"

namespace sekisho::fuzz {

static const Target target{"form_orders",
                           [](std::string_view input) { read_as(policy::Locator::Kind::form, input); }};

}  // namespace sekisho::fuzz
