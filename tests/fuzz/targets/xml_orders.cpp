// Any bytes as an order's body in XML: tests/fuzz/orders.h says what must always be true.
#include "tests/fuzz/orders.h"

namespace sekisho::fuzz {

static const Target target{"xml_orders",
                           [](std::string_view input) { read_as(policy::Locator::Kind::xml, input); }};

}  // namespace sekisho::fuzz
