// How far a long piece of work has come, told by whoever does it to whoever asked for it.
#pragma once

#include <cstdint>
#include <functional>

namespace sekisho::config {

// `done` of `total`, in the worker's own unit: bytes of files, operators. Told 0 when the work begins (also
// anew), then seldom, a few times in ten thousand steps at most, and when all is done. Empty: nobody asked.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

}  // namespace sekisho::config
