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


# One shell answers many questions: words before the cursor, divided by a sign that no word has.
BASH = r"""
source "$1"
while IFS=$'\x1f' read -r -a COMP_WORDS; do
  unset 'COMP_WORDS[-1]'
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _sekisho
  echo "${COMPREPLY[*]}"
done
"""
# Its own commands work only while a key is pressed: what they would be given is printed instead.
ZSH = r"""
compadd() { shift; print -l -- "$@" }
_files() { print -- files "$@" }
source "$1"
while IFS= read -r line; do
  words=("${(@ps:\x1f:)line}") CURRENT=$((${#words} - 1))
  words[-1]=()
  print -r -- ${(j: :)$(_sekisho)}
done
"""
SHELLS = [("bash", ["bash", "--norc", "-c", BASH, "bash"]), ("zsh", ["zsh", "-f", "-c", ZSH, "zsh"])]


@pytest.fixture(params=SHELLS, ids=[name for name, _ in SHELLS])
def complete(request, scripts, tmp_path):
    """Asks a shell: lists of words, the last of each unfinished; the sets of what is offered."""
    name, command = request.param
    assert shutil.which(name), f"deploy/packages lists {name}"
    (tmp_path / "policy.yaml").touch()
    (tmp_path / "journal").mkdir()

    def complete(*questions):
        asked = "".join("\x1f".join(["sekisho", *words, "."]) + "\n" for words in questions)
        done = subprocess.run([*command, scripts / f"{name}-completion"], cwd=tmp_path, input=asked, capture_output=True,
                              text=True, timeout=60)
        assert not done.stderr, done.stderr
        offered = [line.split() for line in done.stdout.splitlines()]
        assert len(offered) == len(questions)
        return [{word for word in all if name == "bash" or word.startswith(words[-1])}  # zsh itself picks what fits
                for words, all in zip(questions, offered)]

    complete.shell = name
    return complete


def test_every_command_and_option_is_completed(commands, complete):
    first, = complete([""])
    assert {path.split()[0] for path in commands} <= first and "describe" not in first
    paths = [command.split() for command in commands]
    begun = complete(*([*before, last[:1]] for *before, last in paths))
    offered = complete(*([*path, "--"] for path in paths))
    for path, words, options in zip(paths, begun, offered):
        assert path[-1] in words, path
        assert commands[" ".join(path)] | {"--config", "--json"} <= options, path


def test_what_an_option_takes_is_completed(complete):
    registers, languages, nothing = complete(["registry", "import", "--register", ""],
                                             ["policy", "explain", "--language", "j"],
                                             ["registry", "revoke", "--reason", ""])
    assert registers == {"etoc", "plan", "refusals", "track-record"}
    assert languages == {"ja"} and nothing == set()
    config, policy, journal = complete(["--config", ""], ["policy", "check", ""], ["audit", "verify", ""])
    if complete.shell == "bash":
        assert config == policy == {"policy.yaml", "journal"} and journal == {"journal"}
        assert complete(["registry", "import", "--register", "=", "e"]) == [{"etoc"}]
    else:
        assert config == policy == {"files"} and journal == {"files", "-/"}


def test_a_value_is_not_taken_for_a_command(complete):
    options, inner = complete(["--config", "policy", "registry", "import", "--"], ["--config", "check", "carrier", "t"])
    assert "--register" in options and inner == {"try"}


def test_bash_loads_it_on_demand(scripts, tmp_path):
    """As bash-completion does: the file that has the command's name is sourced at the first key."""
    done = subprocess.run(["bash", "--norc", "-c", 'source "$0" && complete -p sekisho', scripts / "bash-completion"],
                          capture_output=True, text=True)
    assert done.stdout.strip() == "complete -F _sekisho sekisho"


def test_zsh_loads_it_on_demand(scripts, tmp_path):
    (tmp_path / "_sekisho").write_text((scripts / "zsh-completion").read_text())
    done = subprocess.run(["zsh", "-f", "-c", 'fpath=($0 ${(M)fpath:#*Completion}) && autoload -Uz compinit && '
                           'compinit -D -u && print $_comps[sekisho]', tmp_path], capture_output=True, text=True)
    assert done.stdout.strip() == "_sekisho", done.stderr
