// The one target of this program, as libFuzzer calls it. An exception that leaves it ends the program: that
// is the finding.
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sekisho::fuzz::run(*sekisho::fuzz::Target::all().front(), {reinterpret_cast<const char*>(data), size});
  return 0;
}
