// Any bytes as a gateway's settings: tests/fuzz/files.h says what must always be true.
#include "config/texts.h"
#include "tests/fuzz/files.h"

namespace sekisho::fuzz {

static const Target target{"settings", [](std::string_view input) {
                             loaded<config::Settings>([&] {
                               return config::read_settings_text("settings.yaml", std::string(input));
                             });
                           }};

}  // namespace sekisho::fuzz
