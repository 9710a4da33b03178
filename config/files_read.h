// Which files a load has opened, or tried to: whoever watches the files of an installation need not know what
// its files name (secrets, key sets, certificates), nor does a file that was missing go unwatched.
//
// Each file stands with its stamp from before it was opened, so that no change after that goes unseen.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>

namespace sekisho::config {

// Tells one state of a file from the next, also where another file has taken its name or a link points
// elsewhere. All zero: it is not there.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t modified = 0, changed = 0;  // nanoseconds
  bool operator==(const FileStamp&) const = default;
};

using FileStamps = std::map<std::filesystem::path, FileStamp>;

FileStamp stamp_of(const std::filesystem::path& file);

// While it lives, it takes down what this thread's loaders open.
class FilesRead {
 public:
  FilesRead();
  ~FilesRead();
  FilesRead(const FilesRead&) = delete;
  FilesRead& operator=(const FilesRead&) = delete;
  const FileStamps& stamps() const { return stamps_; }

  static void note(const std::filesystem::path& file);  // by loaders, before they open it

 private:
  FileStamps stamps_;
  FilesRead* const outer_;
};

}  // namespace sekisho::config
