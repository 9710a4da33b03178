// The last good copy: the registry on this gateway's disk, so that it starts with what it knew although Redis
// is away.
//
// A file of blocks, lines of JSON. The first holds the whole registry; each later one a change, or the moment
// until which this gateway was in step. Every block ends with the SHA-256 of its bytes: one that was cut or
// altered, and all behind it, is as if it had never been written. A change is on disk within moments of being
// in force; the whole is written anew when the changes have grown to half of it, beside the file and then in
// its place.
//
// Files are written by a thread of its own: neither orders nor the next revocation wait for a disk.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <optional>

#include "cache/registry_change.h"

namespace sekisho::cache {

struct CopyFound {
  std::optional<WholeRegistry> whole;  // nothing: there is no copy, or none that can be read
  policy::Instant seen_at{};           // until when it is known to have been in step
  std::string trouble;                 // what could not be read, for the log; empty: nothing
};
CopyFound read_copy(const std::filesystem::path& file);

class RegistryCopy {
 public:
  explicit RegistryCopy(std::filesystem::path file);  // empty: nothing is kept
  ~RegistryCopy();                                    // writes what is waiting

  void goes_on();  // what stands in the file was read and is whole: what comes is written behind it
  void keep(const WholeRegistry& whole, policy::Instant now);
  void add(const RegistryEvent& event, const WholeRegistry& after, policy::Instant now);
  void seen(policy::Instant now);
  void flush();  // waits until all of this is on disk

  std::string trouble() const;  // why the last write failed; empty: it did not

 private:
  struct File;
  std::shared_ptr<File> file_;
  boost::asio::thread_pool writer_{1};
};

}  // namespace sekisho::cache
