"""This machine's root once more, for tests that install something: an overlay whose changes lie in memory, in a mount
namespace of its own. Nothing that is done in it is seen outside, and it is gone with `close`. The network is the
machine's. Needs root and a kernel that lets it mount an overlay."""
import pathlib
import subprocess

SET_UP = r"""
set -e
mount --make-rprivate /
mount -t tmpfs none "$1"
cd "$1"
mkdir changes scratch system
mount -t overlay overlay -o lowerdir=/,upperdir=changes,workdir=scratch system
cd system
mount --bind . .
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs none run
mount -t tmpfs -o mode=1777 none tmp
echo up
exec cat
"""


class SpareRoot:
    def __init__(self, directory):
        self.top = pathlib.Path(directory)
        self.holder = subprocess.Popen(["unshare", "-m", "sh", "-c", SET_UP, "sh", self.top], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "up\n":
            trouble = self.holder.stderr.read()
            self.close()
            raise OSError(f"no spare root here: {trouble}")

    def command(self, *words):
        """What to run outside so that it runs inside."""
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "chroot", str(self.top / "system"), *map(str, words)]

    def run(self, *words, **more):
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=120, **more)

    def must(self, *words, **more):
        done = self.run(*words, **more)
        assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def write(self, path, content):
        self.must("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh", path, input=content)

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(10)
        self.holder.stdout.close()
        self.holder.stderr.close()
