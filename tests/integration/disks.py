"""Disks that fail under a gateway's journal: full, slow, broken. All of it real to the gateway.

full     where root may mount: the journal lies on a small tmpfs, which is made as small as what it holds (ENOSPC).
         Elsewhere, and told so: no file of that gateway may grow (RLIMIT_FSIZE, EFBIG).
slow, broken     a few lines of C between the gateway and fdatasync(2): it takes so long, or fails with EIO
"""
import atexit
import contextlib
import os
import resource
import shutil
import subprocess

SLOW = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* SLOW_DISK names a file: the milliseconds that a sync takes; below zero, it fails. */
static int told(void) {
  int ms = 0;
  FILE* file = fopen(getenv("SLOW_DISK"), "re");
  if (!file) return 0;
  if (fscanf(file, "%d", &ms) != 1) ms = 0;
  fclose(file);
  return ms;
}
static int synced(int fd, long call) {
  const int ms = told();
  if (ms > 0) usleep(ms * 1000);
  if (ms < 0) return errno = EIO, -1;
  return syscall(call, fd);
}
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }
int fsync(int fd) { return synced(fd, SYS_fsync); }
"""


class SmallDisk:
    """The disk of one gateway's journal, before that gateway is first started."""

    def __init__(self, gateway, may_mount=True):
        self.gateway, self.directory, self.mounted = gateway, gateway.journal, False
        self.directory.mkdir(exist_ok=True)
        mounted = may_mount and shutil.which("mount") and os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4g", "sekisho-test", self.directory], capture_output=True)
        if mounted and mounted.returncode == 0:
            self.mounted = True
            atexit.register(self.close)
        self.kind = "tmpfs, ENOSPC" if self.mounted else "no mount allowed: RLIMIT_FSIZE, EFBIG"

    def fill(self):
        if self.mounted:
            self._shrink()
        else:
            segment = max(self.directory.glob("*.ndjson"))
            self._limit(segment.stat().st_size)

    def make_room(self):
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,size=4g", self.directory], check=True)
        else:
            self._limit(resource.RLIM_INFINITY)

    def _shrink(self):
        for more in range(100):
            now = os.statvfs(self.directory)  # it grows while we ask
            size = (now.f_blocks - now.f_bfree + 4 * more) * now.f_frsize
            if subprocess.run(["mount", "-o", f"remount,size={size}", self.directory], capture_output=True).returncode == 0:
                return
        raise AssertionError("the disk cannot be made small")

    def _limit(self, size):
        if self.gateway.running():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self.gateway.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def close(self):
        if self.mounted:
            self.mounted = False
            subprocess.run(["umount", "-l", self.directory], capture_output=True)


class SlowDisk:
    """Lets a gateway's syncs take long, or fail. Before that gateway is first started."""

    def __init__(self, gateway):
        self.told = gateway.directory / f"{gateway.name}.slow"
        self.told.write_text("0")
        library = gateway.directory / "slow_disk.so"
        if not library.exists():
            source = gateway.directory / "slow_disk.c"
            source.write_text(SLOW)
            subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        gateway.env = {**gateway.env, "LD_PRELOAD": str(library), "SLOW_DISK": str(self.told)}

    def takes(self, milliseconds):
        fresh = self.told.with_suffix(".new")
        fresh.write_text(str(milliseconds))
        fresh.rename(self.told)  # whole at every moment

    def fails(self):
        self.takes(-1)

    def is_well(self):
        self.takes(0)
