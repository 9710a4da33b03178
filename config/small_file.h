// A whole file of a kind that is never large, or the reason why it cannot be had.
#pragma once

#include <filesystem>
#include <string>

#include "config/file_error.h"

namespace sekisho::config {

inline constexpr std::size_t small_file_bytes = 1 << 20;

// `missing`, when given, is what is said of a file that is not there; such a file is a broken promise, not an
// unreadable one.
Loaded<std::string> read_small_file(const std::filesystem::path& file, const std::string& missing = "");

}  // namespace sekisho::config
