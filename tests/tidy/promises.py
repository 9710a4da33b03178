"""What the pages for developers and operators promise: commands that exist, one version everywhere.

Each check yields (where, sentence); tidy_test prints them.
"""
import os
import re

PAGES = ["CONTRIBUTING.md", "docs/building.md"]
ROOMS_TESTS = {"policy_test", "config_test", "cache_test", "http_test", "gateway_test", "fuzz_test", "simulator_test"}
PROGRAMS = {"sekisho", "sample_carrier", "simulate"} | ROOMS_TESTS


def commands_of(page):
    """(line, command): lines of `sh` blocks without their remarks, and code within a sentence."""
    fence = None
    for number, line in enumerate(page.splitlines(), 1):
        if found := re.match(r"```(\w*)", line):
            fence = found[1] if fence is None else None
        elif fence == "sh":
            yield number, line.split(" #")[0].strip()
        elif fence is None:
            for code in re.findall(r"`([^`]+)`", line):
                yield number, code


def wrong_with(tree, command):
    """What in a command of ours is not there: the program, an option, a purpose of packages."""
    program, *words = command.split()
    path = tree / program
    if program.startswith("build/"):
        benches = {source.stem for source in (tree / "tests/bench").glob("*_bench.cpp")}
        known = PROGRAMS | benches | {f"fuzz_{source.stem}" for source in (tree / "tests/fuzz/targets").glob("*.cpp")}
        name = program.split("/")[-1]
        return None if program.count("/") < 2 or name in known or name == "package" or not re.fullmatch(r"\w+", name) else f"no program {name} is built"
    if not path.exists():
        return f"no {program}"
    if not path.is_file() or not words:
        return None
    if not os.access(path, os.X_OK) and path.suffix != ".py":
        return f"{program} cannot be run"
    if program == "deploy/install-packages":
        purposes = re.findall(r"^(\w+):", (tree / "deploy/packages").read_text(), re.M)
        return next((f"deploy/packages has no purpose '{word}'" for word in words if word not in purposes), None)
    text = "".join(source.read_text() for source in sources_of(tree, program))
    options = [word.split("=")[0] for word in words if re.match(r"--[a-z]", word)]
    return next((f"{program} knows no {option}" for option in options if f"{option}" not in text), None)


def sources_of(tree, program):
    """The script, and the files that it hands its arguments to."""
    handed_to = {"tests/bench/run": "tests/bench/speed", "tests/chaos": "tests/integration"}
    yield tree / program
    if program in handed_to:
        yield from (tree / handed_to[program]).glob("*.py")


def commands(tree):
    for page in PAGES:
        if not (tree / page).is_file():
            continue
        for number, command in commands_of((tree / page).read_text()):
            ours = re.match(r"(tests|deploy|build)/[\w./-]+", command)
            if ours and "NAME" not in command and "TARGET" not in command and (wrong := wrong_with(tree, command)):
                yield f"{page}:{number}", f"`{command}`: {wrong}; mend the page, or what it names."


def versions(tree):
    """The changelog has a place for what is not released, and its newest version is the one that the program says."""
    text = (tree / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## \[([^]]+)\](?: - (\S+))?", text, re.M)
    if not headings or headings[0] != ("Unreleased", ""):
        yield "CHANGELOG.md", "begins with `## [Unreleased]`, where changes wait for their version."
    released = [(name, date) for name, date in headings if name != "Unreleased"]
    for name, date in released:
        if not re.fullmatch(r"\d+\.\d+\.\d+", name) or not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
            yield "CHANGELOG.md", f"`[{name}]`: a version reads `## [1.2.3] - 2026-11-24`."
    if [date for _, date in released] != sorted((date for _, date in released), reverse=True):
        yield "CHANGELOG.md", "the newest version stands first."
    newest = released[0][0] if released else "none"
    found = re.search(r'version = "([^"]+)"', (tree / "gateway/version.h").read_text())  # CMakeLists.txt reads it there
    said = found[1] if found else "none"
    if said != newest:
        yield "gateway/version.h", f"says version {said}, CHANGELOG.md's newest is {newest}; a release changes them together."
