// What `--version` and the build_info metric say.
#pragma once

namespace sekisho::gateway {
inline constexpr const char* version = "0.1.0";
}
