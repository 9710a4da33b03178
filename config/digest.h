// SHA-256 as files and records carry it.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sekisho::config {

std::array<unsigned char, 32> sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);  // 64 lower-case digits

}  // namespace sekisho::config
