// The journal's orders as the ledger's recovery needs them, and what a gateway remembers of epochs beside its
// journal ("<directory>.epoch"). Reads and writes files.
#pragma once

#include <filesystem>

#include "cache/recovery.h"

namespace sekisho::cache {

// From record `from` on. Throws std::runtime_error when the journal cannot be read, or begins later: what the
// records before it counted could not be told.
JournaledOrders read_orders(const std::filesystem::path& directory, std::uint64_t from);

// Nothing remembered: epoch 0.
Recovery::Memory epoch_memory(const std::filesystem::path& directory);
void keep_epoch_memory(const std::filesystem::path& directory, const Recovery::Memory& memory);

}  // namespace sekisho::cache
