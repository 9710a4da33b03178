#include "cache/journal_orders.h"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

#include "cache/journal_files.h"
#include "cache/journal_reader.h"

namespace sekisho::cache {
namespace {

std::filesystem::path memory_file(std::filesystem::path directory) {
  if (!directory.has_filename()) directory = directory.parent_path();
  directory += ".epoch";
  return directory;
}

}  // namespace

JournaledOrders read_orders(const std::filesystem::path& directory, std::uint64_t from) {
  OrderReader reader;
  bool first = true;
  read_journal(directory, from, [&](const JournalLine& line) {
    if (std::exchange(first, false) && line.seq > std::max<std::uint64_t>(from, 1))
      throw std::runtime_error(fmt::format(
          "the ledger knows this gateway's journal up to record {} only, and the journal in {} begins "
          "with record {}: put the older segments back",
          from == 0 ? 0 : from - 1, directory.string(), line.seq));
    if (line.seq >= from) reader.read(line.kind, line.json);
    return true;
  });
  return reader.take();
}

// "<epoch>" and a line for each gateway.
Recovery::Memory epoch_memory(const std::filesystem::path& directory) {
  Recovery::Memory memory;
  std::istringstream lines(read_small_file(memory_file(directory)).value_or(""));
  lines >> memory.epoch;
  for (std::string peer; lines >> peer;) memory.peers.push_back(peer);
  return memory;
}

void keep_epoch_memory(const std::filesystem::path& directory, const Recovery::Memory& memory) {
  std::string text = std::to_string(memory.epoch) + "\n";
  for (const auto& peer : memory.peers) text += peer + "\n";
  replace_file(memory_file(directory), text);
}

}  // namespace sekisho::cache
