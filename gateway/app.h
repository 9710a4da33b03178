// `sekisho serve`: the composition root. Everything is constructed here, in order, and ended here in reverse.
#pragma once

#include <filesystem>

namespace sekisho::gateway {

// Runs until SIGTERM or SIGINT. Returns the exit code: 0 after an orderly end, 2 when a file cannot be read.
int serve(const std::filesystem::path& config_file);

}  // namespace sekisho::gateway
