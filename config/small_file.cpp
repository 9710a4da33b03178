#include "config/small_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "config/files_read.h"

namespace sekisho::config {

Loaded<std::string> read_small_file(const std::filesystem::path& file, const std::string& missing) {
  const auto refused = [&](std::string text, bool promise = false) {
    FileError error{.file = file.string(), .text = std::move(text), .broken_promise = promise};
    return Loaded<std::string>{.errors = {std::move(error)}};
  };
  FilesRead::note(file);
  std::error_code failure;
  if (std::filesystem::is_directory(file, failure)) return refused("is a directory, not a file");
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    const int reason = errno;
    if (reason == ENOENT && !missing.empty()) return refused(missing, true);
    return refused(std::string("cannot be read: ") + std::strerror(reason));
  }
  std::string bytes;
  char chunk[16 * 1024];
  while (in && bytes.size() <= small_file_bytes) {
    in.read(chunk, sizeof chunk);
    bytes.append(chunk, static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return refused("cannot be read to its end");
  if (bytes.size() > small_file_bytes)
    return refused("is larger than 1 MiB; this cannot be a file of this kind");
  return {.value = std::move(bytes)};
}

}  // namespace sekisho::config
