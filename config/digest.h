// SHA-256 as files and records carry it.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sekisho::config {

using Digest = std::array<unsigned char, 32>;  // SHA-256
struct DigestHash {
  std::size_t operator()(const Digest& digest) const;  // its first bytes: they are uniform already
};
template <class T>
using ByDigest = std::unordered_map<Digest, T, DigestHash>;

Digest sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes, std::size_t first = 32);  // lower-case, of so many bytes of it
// Those digits, and no others, read again.
bool read_sha256_hex(std::string_view text, Digest& out);

}  // namespace sekisho::config
