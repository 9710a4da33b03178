// The credentials of clients, as the clients file and the files beside it have them.
#pragma once

#include <string>

#include "config/clients.h"
#include "config/yaml.h"

namespace sekisho::config {

// All credentials of the client at this index of `clients.all`: at least one, and none of them another
// client's. `digests` grows by those of the files that were read; messages never repeat a secret.
void read_credentials(Document& document, const Node& node, Fields& client, Clients& clients,
                      std::size_t index, std::string& digests);

// `token_issuers`; before the clients, whose tokens name them.
void read_issuers(Document& document, const Node& list, Clients& clients, std::string& digests);

// The secret of signed requests: the one line of a file, at least 32 characters of printable ASCII, so that
// whoever reads it in whatever way has the same bytes.
Loaded<std::string> load_secret(const std::filesystem::path& file);

}  // namespace sekisho::config
