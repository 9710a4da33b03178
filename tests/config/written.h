// Files written for one test, gone with it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/file_error.h"
#include "policy/rules.h"

namespace sekisho::config {

class Folder {
 public:
  Folder() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("sekisho-config-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline const std::filesystem::path contract =
    std::filesystem::path(SEKISHO_SOURCE_DIR) / "config/examples/contract";

inline std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What a rule or guarantee asks of one fact; its only alternative.
inline policy::Condition asked(const policy::When& when, policy::Fact fact) {
  for (const auto& one : when.any.at(0))
    if (one.fact == fact) return one;
  throw std::runtime_error("it does not ask about " + std::string(name(fact)));
}

// All errors, a line each, without the folder.
inline std::string print(const Errors& errors) {
  std::string out;
  for (const auto& error : errors) {
    auto line = error.print();
    const auto slash = error.file.rfind('/');
    out += (slash == std::string::npos ? line : line.substr(slash + 1)) + "\n";
  }
  return out;
}

}  // namespace sekisho::config
