// Any bytes as a carrier's adapter: tests/fuzz/files.h says what must always be true.
#include "config/texts.h"
#include "tests/fuzz/files.h"

namespace sekisho::fuzz {

static const Target target{
    "adapters", [](std::string_view input) {
      loaded<policy::Carrier>([&] { return config::read_carrier_text("adapters.yaml", std::string(input)); });
    }};

}  // namespace sekisho::fuzz
