#include "gateway/confine.h"

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace sekisho::gateway {
namespace {

#ifndef SEKISHO_SANITIZED

// How a process ends that confines itself and then does this.
template <class Deed>
int end_of(Deed deed) {
  const auto child = ::fork();
  if (child == 0) {
    confine();
    deed();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(Confine, whoever_starts_anything_is_ended) {
  const auto by_filter = [](int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS; };
  EXPECT_TRUE(by_filter(end_of([] { ::execl("/bin/true", "true", nullptr); })));
  EXPECT_TRUE(by_filter(end_of([] { ::fork(); })));
  EXPECT_TRUE(by_filter(end_of([] { ::system("true"); })));
  EXPECT_TRUE(by_filter(end_of([] { ::ptrace(PTRACE_ATTACH, ::getppid(), 0, 0); })));
  EXPECT_TRUE(by_filter(end_of([] { ::setuid(0); })));
}

TEST(Confine, threads_and_files_are_as_ever) {
  EXPECT_EQ(end_of([] {
              bool ran = false;
              std::thread([&] { ran = true; }).join();
              auto* file = std::tmpfile();
              if (!ran || !file) ::_exit(1);
            }),
            0);
}

#endif

}  // namespace
}  // namespace sekisho::gateway
