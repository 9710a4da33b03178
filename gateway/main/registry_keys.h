// Whose signatures on lists count: the trust file in force lies in the registry itself, so that no machine's
// own file decides.
#pragma once

#include "cache/registry_store.h"
#include "config/list_keys.h"

namespace sekisho::console {

// The error says that there is none yet, or that it cannot be read.
config::Loaded<config::ListKeys> keys_in_force(const cache::RegistryMeta& meta);

}  // namespace sekisho::console
