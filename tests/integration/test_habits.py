"""tests/lint, tests/tidy and the hook complain of what they are there for, each at its place."""
import shutil
import subprocess
import sys

import pytest

from harness import TOP

sys.path.insert(0, str(TOP / "tests" / "tidy"))
import promises  # noqa: E402

TOOLS = ("clang-format-14", "shellcheck", "pyflakes3", "git")
needs_tools = pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="deploy/install-packages lint")

FLAWS = {  # file, its text, what is said of it
    "a.cpp": ("int main(){return 0;}\n", "a.cpp:1: not as clang-format writes it"),
    "a.sh": ("#!/bin/sh\nrm $1\n", "a.sh:2:4: note: Double quote"),
    "a.py": ("import json\n", "a.py:1: 'json' imported but unused"),
    "b.py": ("def f(:\n", "b.py:1: invalid syntax"),
    "a.yaml": ("a: [1, 2\n", "a.yaml: while parsing"),
    "a.json": ('{"a": 1,}\n', "a.json: Expecting property name"),
    "a.md": ("# One\n\n[two](#two), [file](none.md), `[code](none.md)`\n", "a.md:3: a link to #two: that page has no such heading"),
    "b.md": ("[file](none.md)\n", "b.md:1: a link to none.md, which is not there"),
    "a.txt": ("one \ntwo\n", "a.txt:1: spaces or a foreign end of line"),
    "b.txt": ("one", "b.txt:1: spaces or a foreign end of line"),
    "c.txt": ("one\ntwo\r\n", "c.txt:2: spaces or a foreign end of line"),
}
RIGHT = {
    "a.cpp": "int main() { return 0; }\n",
    "a.py": "import json  # noqa: F401  (for others)\n",
    "a.yaml": "a: [1, 2]\nb: !of_some_program c\n",
    "a.md": "# One and `two`\n\n[one](#one-and-two), [elsewhere](https://example.com/none.md)\n\n```sh\n# no heading\n```\n",
}


def lint(*args):
    return subprocess.run([TOP / "tests" / "lint", "--no-install", *args], capture_output=True, text=True, timeout=300)


def written(folder, files):
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    return [folder / name for name in files]


@needs_tools
def test_this_tree_is_written_as_it_asks_others_to():
    done = lint()
    assert done.returncode == 0, done.stdout + done.stderr


@needs_tools
def test_each_flaw_is_named_where_it_stands(tmp_path):
    done = lint(*written(tmp_path, {name: text for name, (text, _) in FLAWS.items()}))
    said = done.stdout.splitlines()
    missing = [expected for _, expected in FLAWS.values() if not any(line.startswith(f"{tmp_path}/{expected}") for line in said)]
    assert missing == [], done.stdout + done.stderr
    assert done.returncode == 1
    assert not any("`[code]" in line or "a.md:3: a link to none.md`" in line for line in said)


@needs_tools
def test_nothing_is_said_of_what_is_right(tmp_path):
    done = lint(*written(tmp_path, RIGHT))
    assert (done.returncode, done.stdout) == (0, f"{len(RIGHT)} files, 0 complaints\n"), done.stderr


@needs_tools
def test_what_needs_no_thought_is_mended(tmp_path):
    lint("--fix", *written(tmp_path, {name: FLAWS[name][0] for name in ("a.cpp", "a.txt", "b.txt", "c.txt")}))
    assert [(tmp_path / name).read_bytes() for name in ("a.cpp", "a.txt", "b.txt", "c.txt")] == [
        b"int main() { return 0; }\n", b"one\ntwo\n", b"one\n", b"one\ntwo\n"]


def a_clone(folder):
    """This tree as it lies here, with a history of its own."""
    names = subprocess.run(["git", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (TOP / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "As it is.")
    git(folder, "config", "core.hooksPath", "tests/hooks")


def git(folder, *args, check=True):
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    return subprocess.run(["git", "-C", folder, *who, *args], capture_output=True, text=True, check=check, timeout=120)


@needs_tools
@pytest.mark.skipif(not (TOP / ".git").exists(), reason="not a checkout")
def test_the_hook_judges_what_is_staged_not_what_lies_beside_it(tmp_path):
    a_clone(tmp_path)
    source = tmp_path / "policy" / "calendar.cpp"
    right = source.read_text()
    source.write_text(right + "\nnamespace   sekisho {}\n")
    git(tmp_path, "add", "policy/calendar.cpp")
    source.write_text(right)  # mended, and not staged
    refused = git(tmp_path, "commit", "-m", "Drifted.", check=False)
    assert refused.returncode != 0 and "policy/calendar.cpp:" in refused.stdout + refused.stderr
    source.write_text(right + "\nnamespace sekisho {}\n")
    git(tmp_path, "add", "policy/calendar.cpp")
    source.write_text("what   is not staged")
    assert git(tmp_path, "commit", "-m", "Mended.", check=False).returncode == 0


def said_of_versions(folder, changelog, version="1.2.0"):
    (folder / "gateway").mkdir(exist_ok=True)
    (folder / "CHANGELOG.md").write_text(changelog)
    (folder / "gateway/version.h").write_text(f'inline constexpr const char* version = "{version}";\n')
    return sorted({where for where, _ in promises.versions(folder)})


RELEASES = "## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n\n## [1.1.0] - 2026-11-01\n"


def test_one_version_everywhere(tmp_path):
    assert said_of_versions(tmp_path, RELEASES) == []
    assert said_of_versions(tmp_path, RELEASES, version="1.3.0") == ["gateway/version.h"]
    assert said_of_versions(tmp_path, RELEASES.replace("## [Unreleased]", "")) == ["CHANGELOG.md"]
    assert said_of_versions(tmp_path, RELEASES.replace("2026-12-01", "2026-10-01")) == ["CHANGELOG.md"]
    assert said_of_versions(tmp_path, RELEASES.replace("2026-11-01", "last month")) == ["CHANGELOG.md"]


@pytest.mark.parametrize("command, wrong", [
    ("tests/run -k revocation", None),
    ("tests/runs", "no tests/runs"),
    ("tests/lint --fix", None),
    ("tests/lint --mend", "tests/lint knows no --mend"),
    ("tests/coverage --integration", None),
    ("deploy/install-packages build lint", None),
    ("deploy/install-packages buildd", "deploy/packages has no purpose 'buildd'"),
    ("build/release/policy_test --gtest_filter='Decide.*'", None),
    ("build/release/policies_test", "no program policies_test is built"),
    ("tests/precompiled.h now", "tests/precompiled.h cannot be run"),
])
def test_commands_that_pages_name(command, wrong):
    assert promises.wrong_with(TOP, command) == wrong


def test_commands_are_found_in_blocks_and_in_sentences():
    page = "Say `tests/run`.\n```sh\ndeploy/build release   # all\n```\n```yaml\ntests/none: 1\n```\n"
    assert list(promises.commands_of(page)) == [(1, "tests/run"), (3, "deploy/build release")]
