#include "gateway/confine.h"

#ifdef SEKISHO_SANITIZED
namespace sekisho::gateway {
void confine() {}
}  // namespace sekisho::gateway
#else

#include <cap-ng.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>

namespace sekisho::gateway {
namespace {

// A thread is a clone; anything else that is one is a process.
constexpr int others[] = {
    // Programs and processes.
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    // Other processes.
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    // Who we are.
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setreuid),
    SCMP_SYS(setregid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(setfsuid),
    SCMP_SYS(setfsgid),
    SCMP_SYS(capset),
    SCMP_SYS(personality),
    // Where we are.
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(open_by_handle_at),
    // The kernel.
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
};

void need(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("the gateway cannot confine itself: ") + what);
}

void keep_low_ports_alone() {
  const bool whole = ::capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
  const bool low_ports = ::capng_have_capability(CAPNG_PERMITTED, CAP_NET_BIND_SERVICE);
  ::capng_clear(CAPNG_SELECT_BOTH);
  if (low_ports)
    ::capng_update(CAPNG_ADD, capng_type_t(CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET),
                   CAP_NET_BIND_SERVICE);
  need(::capng_apply(whole ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) == 0, "capabilities");
}

void refuse_calls() {
  const std::unique_ptr<void, decltype(&seccomp_release)> filter(::seccomp_init(SCMP_ACT_ALLOW),
                                                                 ::seccomp_release);
  need(filter != nullptr, "no system-call filter");
  for (const int call : others)
    need(::seccomp_rule_add(filter.get(), SCMP_ACT_KILL_PROCESS, call, 0) == 0, "a system call");
  const auto no_thread = SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);
  need(::seccomp_rule_add(filter.get(), SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1, no_thread) == 0, "clone");
  // Its flags lie in memory, where no filter looks: whoever asks is told to use the older call.
  need(::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0, "clone3");
  need(::seccomp_load(filter.get()) == 0, "the system-call filter is not taken");
}

}  // namespace

void confine() {
  const rlimit none{0, 0};
  need(::setrlimit(RLIMIT_CORE, &none) == 0 && ::prctl(PR_SET_DUMPABLE, 0) == 0, "core dumps");
  keep_low_ports_alone();
  need(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "new privileges");
  refuse_calls();
}

}  // namespace sekisho::gateway
#endif
