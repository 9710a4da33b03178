"""The man page and the completions: printed by the program, complete, and good for the programs that read them."""
import re
import shutil
import subprocess

import pytest

from harness import BIN


def sekisho(*words):
    done = subprocess.run([BIN / "sekisho", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def inner_of(*words):
    """The subcommands that --help lists."""
    _, _, listed = sekisho(*words, "--help").partition("Subcommands:\n")
    return re.findall(r"^  (\S+)", listed, re.M)


@pytest.fixture(scope="module")
def commands():
    """Every command with its options, as --help has them: {"registry import": {"--register", ...}}."""
    found = {}
    for word in inner_of():
        for path in [[word, inner] for inner in inner_of(word)] or [[word]]:
            found[" ".join(path)] = set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", sekisho(*path, "--help"), re.M))
    assert len(found) > 25
    return found


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    directory = tmp_path_factory.mktemp("scripts")
    for name in ("man-page", "bash-completion", "zsh-completion"):
        (directory / name).write_text(sekisho("describe", name))
    return directory


def test_the_man_page_has_every_command_and_option(commands, scripts):
    page = subprocess.run(["mandoc", "-Tutf8", scripts / "man-page"], capture_output=True, text=True, check=True)
    text = re.sub(".\b", "", page.stdout)
    for command, options in commands.items():
        about = re.search(rf"^   {command}$(.*?)(?=^   \w|^[A-Z])", text, re.M | re.S)
        assert about, command
        for option in options - {"--help", "--config", "--json"}:
            assert re.search(rf"^ +{option}( |$)", about[1], re.M), (command, option)
    for heading in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "SIGNALS", "FILES"):
        assert f"\n{heading}" in text
    assert "describe" not in re.sub("Printed by.*", "", text), "a command for whoever works on the gate"


def test_the_man_page_renders_without_complaint(scripts):
    lint = subprocess.run(["mandoc", "-Tlint", "-W", "warning", scripts / "man-page"], capture_output=True, text=True)
    assert lint.returncode == 0 and not lint.stdout, lint.stdout
    shown = subprocess.run(["man", "--warnings", "-l", scripts / "man-page"], capture_output=True, text=True)
    assert shown.returncode == 0 and not shown.stderr, shown.stderr


BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sekisho; printf '%s\\n' "${COMPREPLY[@]}"
"""
# Its own commands work only while a key is pressed: what they would be given is printed instead.
ZSH = """
compadd() { shift; print -l -- "$@" }
_files() { print -- files "$@" }
source "$1"; shift
words=("$@") CURRENT=$#
_sekisho
"""
SHELLS = [("bash", ["bash", "--norc", "-c", BASH, "bash"]), ("zsh", ["zsh", "-f", "-c", ZSH, "zsh"])]


@pytest.fixture(params=SHELLS, ids=[name for name, _ in SHELLS])
def complete(request, scripts, tmp_path):
    name, command = request.param
    assert shutil.which(name), f"deploy/packages lists {name}"
    (tmp_path / "policy.yaml").touch()
    (tmp_path / "journal").mkdir()

    def complete(*words):
        done = subprocess.run([*command, scripts / f"{name}-completion", "sekisho", *words], cwd=tmp_path,
                              capture_output=True, text=True, timeout=60)
        assert not done.stderr, done.stderr
        offered = done.stdout.split()
        return {word for word in offered if word.startswith(words[-1])} if name == "zsh" else set(offered)

    complete.shell = name
    return complete


def test_every_command_and_option_is_completed(commands, complete):
    assert {path.split()[0] for path in commands} <= complete("")
    for command, options in commands.items():
        *before, last = command.split()
        assert last in complete(*before, last[:1]), command
        assert options <= complete(*before, last, "--"), command
        assert {"--config", "--json"} <= complete(*before, last, "--"), command
    assert "describe" not in complete("")


def test_what_an_option_takes_is_completed(complete):
    assert complete("registry", "import", "--register", "") == {"etoc", "plan", "refusals", "track-record"}
    assert complete("policy", "explain", "--language", "j") == {"ja"}
    assert complete("registry", "revoke", "--reason", "") == set()
    files, directories = (({"files"}, {"files", "-/"}) if complete.shell == "zsh"
                          else ({"policy.yaml", "journal"}, {"journal"}))
    if complete.shell == "bash":
        assert complete("--config", "") == files
        assert complete("policy", "check", "") == files
        assert complete("audit", "verify", "") == directories
        assert complete("registry", "import", "--register", "=", "e") == {"etoc"}


def test_a_value_is_not_taken_for_a_command(complete):
    assert "--register" in complete("--config", "policy", "registry", "import", "--")
    assert "try" in complete("--config", "check", "carrier", "t")


def test_bash_loads_it_on_demand(scripts, tmp_path):
    """As bash-completion does: the file that has the command's name is sourced at the first key."""
    done = subprocess.run(["bash", "--norc", "-c", 'source "$0" && complete -p sekisho', scripts / "bash-completion"],
                          capture_output=True, text=True)
    assert done.stdout.strip() == "complete -F _sekisho sekisho"


def test_zsh_loads_it_on_demand(scripts, tmp_path):
    (tmp_path / "_sekisho").write_text((scripts / "zsh-completion").read_text())
    done = subprocess.run(["zsh", "-f", "-c", 'fpath=($0 $fpath); autoload -Uz compinit && compinit -D -u && '
                           'print $_comps[sekisho]', tmp_path], capture_output=True, text=True)
    assert done.stdout.strip() == "_sekisho", done.stderr
