#pragma once

namespace sekisho::gateway {
inline constexpr const char* version = "0.1.0";
}
