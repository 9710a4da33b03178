// Any bytes as a file of clients: tests/fuzz/files.h says what must always be true.
#include "config/texts.h"
#include "tests/fuzz/files.h"

namespace sekisho::fuzz {

static const Target target{
    "clients", [](std::string_view input) {
      loaded<config::Clients>([&] { return config::read_clients_text("clients.yaml", std::string(input)); });
    }};

}  // namespace sekisho::fuzz
