#!/usr/bin/env python3
"""Holds the tree against its own rules, and names the better way in a sentence.

usage: tidy_test.py TREE [SEKISHO]     SEKISHO: the built program, which prints the reference pages
"""
import pathlib
import re
import subprocess
import sys

import promises

ROOMS = ["policy", "config", "cache", "gateway"]  # each may include itself and what stands left of it
SOURCE = {".cpp", ".h", ".def", ".lua", ".py", ".cmake", ".yaml", ".md", ".txt", ""}
TOP = {".ci", ".clang-format", ".clang-tidy", ".editorconfig", ".git", ".gitattributes", ".github", ".gitignore",
       "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "CONTRIBUTING.md", "LICENSE", "NOTICE", "README.md", "README.ja.md",
       "SECURITY.md", "build", "cache", "config", "deploy", "docs", "gateway", "policy", "tests",
       ".pytest_cache", ".cache", "compile_commands.json"}
LINES = 450
# Older test files that are longer; they may shrink, not grow.
LONG = {"tests/cache/journal_test.cpp": 662, "tests/policy/reading_test.cpp": 645,
        "tests/config/register_file_test.cpp": 460}
PAGES = {"docs/reference/reasons.md": "reasons", "docs/reference/metrics.md": "metrics",
         "docs/reference/settings.md": "settings", "docs/reference/admin.md": "admin",
         "config/policy.schema.json": "policy-schema", "config/policy-test.schema.json": "policy-test-schema"}

complaints = []


def complain(where, sentence):
    complaints.append(f"{where}: {sentence}")


def files_of(tree):
    listed = subprocess.run(["git", "-C", str(tree), "ls-files", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:  # not a checkout
        names = [str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()]
        names = [name for name in names if name.split("/")[0] not in {"build", ".git", ".pytest_cache", ".cache"}]
    return [name for name in sorted(set(names)) if (tree / name).is_file()]


INNER = {"gateway/http": {"policy"}, "cache/net": {"policy", "config"}}  # rooms within a room, and what they may know


def room_of(path):
    inner = "/".join(path.split("/")[:2])
    return inner if inner in INNER else path.split("/")[0]


def may_include(room, other):
    if room in INNER:
        return other in INNER[room] | {room}
    if room not in ROOMS:
        return True  # tests and deploy stand outside
    left = ROOMS[: ROOMS.index(room) + 1]
    return other in left or (other in INNER and other.split("/")[0] in left)


def check_layers(name, lines):
    room = room_of(name)
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not found:
            continue
        target = found[1]
        other = room_of(target)
        if "/" not in target or target.startswith("."):
            complain(f"{name}:{number}", f'write the include from the top of the tree: "{name.rsplit("/", 1)[0]}/{target}".')
        elif other in [*ROOMS, *INNER] and not may_include(room, other):
            complain(f"{name}:{number}",
                     f"{room} must not know {other} (policy <- config <- cache <- gateway; gateway/http on policy, cache/net on config). "
                     "It is usually two things: a word, which goes left, and an effect, which stays right.")
        elif other == "tests" and room in ROOMS:
            complain(f"{name}:{number}", "the product does not include its tests; move what both need to the product.")


def check_coroutines(name, lines):
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line).split("//")[0]
        code = re.sub(r"\)\s*\{\s*$", ")", code)  # the brace that opens a statement's block
        if re.search(r"co_await[^;]*[{?]", code):
            complain(f"{name}:{number}",
                     "gcc 12 destroys an object built beside co_await twice; name it on the line before, "
                     "then `co_await f(std::move(name))`.")


def check_length(name, lines):
    most = LONG.get(name, LINES)
    if len(lines) > most:
        complain(name, f"{len(lines)} lines, at most {most}; look for the second noun in it and give that a file of its own.")


def check_header(name, lines):
    text = "\n".join(lines)
    if "#pragma once" not in text:
        complain(name, "a header says `#pragma once`.")
    if not lines or not lines[0].startswith("//"):
        complain(f"{name}:1", "a header opens with what it is for and what it promises.")


def check_paths(name, lines):
    for number, line in enumerate(lines, 1):
        if re.search(r"(?<![\w.])/(work|root|home/\w+|Users/\w+|tmp/house)\b", line):
            complain(f"{name}:{number}", "no path of one machine; write it from the tree's top, or take it as an argument.")


def check_top(names):
    for top in sorted({name.split("/")[0] for name in names} - TOP):
        complain(top, "the top level holds the four rooms, deploy, tests, docs and a few well-known files; "
                      "find it a place in one of them.")


def check_speed_page(tree):
    printed = subprocess.run([sys.executable, "-B", tree / "tests/bench/speed/table.py"], capture_output=True, text=True)
    if printed.returncode != 0 or printed.stdout != (tree / "docs/performance.md").read_text():
        complain("docs/performance.md", "not what tests/bench/measured.json says; `tests/bench/run --write` writes both, and "
                                        "`tests/bench/speed/table.py > docs/performance.md` the page alone.")


def check_pages(tree, program):
    for page, what in PAGES.items():
        printed = subprocess.run([program, "describe", what], capture_output=True, text=True)
        if printed.returncode != 0:
            complain(page, f"`sekisho describe {what}` failed: {printed.stderr.strip()}")
        elif not (tree / page).is_file() or (tree / page).read_text() != printed.stdout:
            complain(page, f"out of date; write it anew with `sekisho describe {what} > {page}`.")


def main(tree, program=None):
    tree = pathlib.Path(tree)
    names = files_of(tree)
    check_top(names)
    for name in names:
        path = tree / name
        if path.suffix not in SOURCE:
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue  # a sample in another encoding
        if name != "tests/tidy/tidy_test.py":
            check_paths(name, lines)
        if path.suffix in {".cpp", ".h", ".def"}:
            check_layers(name, lines)
            check_coroutines(name, lines)
        if path.suffix in {".cpp", ".h", ".lua", ".py"}:
            check_length(name, lines)
        if path.suffix == ".h":
            check_header(name, lines)
    check_speed_page(tree)
    for where, sentence in [*promises.versions(tree), *promises.commands(tree)]:
        complain(where, sentence)
    if program:
        check_pages(tree, program)
    for complaint in complaints:
        print(complaint)
    print(f"{len(names)} files, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
