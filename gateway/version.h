// What `--version` and the build_info metric say. Packages and the man page take version and date from here.
#pragma once

namespace sekisho::gateway {
inline constexpr const char* version = "0.1.0";
inline constexpr const char* version_date = "2026-11-28";
}  // namespace sekisho::gateway
