// The loaders of installation.h, each also telling the SHA-256 (hex) of the bytes it read, so that a set of
// files has one digest of exactly what was loaded.
#pragma once

#include <filesystem>
#include <string>

#include "config/installation.h"

namespace sekisho::config {

Loaded<Clients> load_clients(const std::filesystem::path& file, std::string& digest);
// `tls`: by what its https endpoints are connected to; null where it has none.
Loaded<policy::Carrier> load_carrier(const std::filesystem::path& file, std::string& digest, TlsContext& tls);

}  // namespace sekisho::config
