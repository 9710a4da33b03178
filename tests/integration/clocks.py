"""A gateway's wall clock that is set while it runs: a few lines of C between it and clock_gettime(2)."""
import subprocess

SOURCE = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* WALL_CLOCK names a file: the seconds that the wall clock is ahead; below zero, behind. */
static long told(void) {
  long seconds = 0;
  FILE* file = fopen(getenv("WALL_CLOCK"), "re");
  if (!file) return 0;
  if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
  fclose(file);
  return seconds;
}
int clock_gettime(clockid_t which, struct timespec* now) {
  const int failed = syscall(SYS_clock_gettime, which, now);
  if (!failed && which == CLOCK_REALTIME) now->tv_sec += told();
  return failed;
}
"""


class WallClock:
    """Before that gateway is first started."""

    def __init__(self, gateway):
        self.told = gateway.directory / f"{gateway.name}.clock"
        self.told.write_text("0")
        library, source = gateway.directory / "wall_clock.so", gateway.directory / "wall_clock.c"
        source.write_text(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        gateway.env = {**gateway.env, "LD_PRELOAD": str(library), "WALL_CLOCK": str(self.told)}

    def is_off_by(self, seconds):
        fresh = self.told.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.rename(self.told)  # whole at every moment
