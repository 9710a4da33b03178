"""A page and its Japanese twin say the same: commands and files, chapters and rows, and links from one to the other.

So whatever test runs a page's blocks has run its twin's. Explanations in a block may be in either language.
"""
import re

import pytest

from harness import TOP
from test_documents import BLOCK, DOCS, PAGES

TWINS = [path for path in PAGES if path.name.endswith(".ja.md")]
ESSENCES = {"operations.ja.md", "registry.ja.md"}  # shorter than their originals, and say so
OWN_OUTLINE = ESSENCES | {"README.ja.md"}


def original(twin):
    return twin.with_name(twin.name.replace(".ja.md", ".md"))


def twins(but):
    return pytest.mark.parametrize("twin", [path for path in TWINS if path.name not in but], ids=lambda path: path.name)


def plain(block):
    """Its lines, without what is said to people: comments, and the reason of an act."""
    kept = [re.sub(r" +#.*", "", line) for line in block.splitlines() if not line.lstrip().startswith("#")]
    return [re.sub(r'--reason "[^"]*"', "--reason R", line) for line in kept]


def translated(line):
    return re.search(r"[ぁ-んァ-ヶ一-龠]", line)


def outline(path):
    """What begins with what: headings by their level, rows of tables, points of lists."""
    return re.findall(r"^(#+|\||-|\d\.)(?= |---)", BLOCK.sub("", path.read_text()), re.M)


@twins(but=ESSENCES)
def test_its_commands_and_files_are_the_originals(twin):
    ours, theirs = (BLOCK.findall(path.read_text()) for path in (original(twin), twin))
    assert [language for _, language, _ in ours] == [language for _, language, _ in theirs]
    for (_, language, our), (_, _, their) in zip(ours, theirs, strict=True):
        if language:
            assert plain(our) == plain(their)
        else:  # what a program prints, or a picture: a part of it may do
            assert [line for line in their.splitlines() if line not in our.splitlines() and not translated(line)] == []


@twins(but=OWN_OUTLINE)
def test_its_chapters_rows_and_points_stand_as_the_originals(twin):
    assert outline(original(twin)) == outline(twin)


@twins(but=set())
def test_each_leads_to_the_other(twin):
    assert f"]({twin.name})" in original(twin).read_text() and f"]({original(twin).name})" in twin.read_text()


def test_every_twin_is_in_the_japanese_list():
    listed = set(re.findall(r"\]\((docs/[\w.-]+\.ja\.md)\)", (TOP / "README.ja.md").read_text()))
    assert listed == {str(path.relative_to(TOP)) for path in TWINS if path.parent == DOCS}


@twins(but=set())
def test_it_leads_to_japanese_pages_where_there_are_any(twin):
    """An essence leaves things out; for those the way to its original stays open."""
    targets = re.findall(r"\]\(([^)\s#]+\.md)(?:#[^)]*)?\)", BLOCK.sub("", twin.read_text()))
    linked = {(twin.parent / target).resolve() for target in targets} - {original(twin)}
    more = {original(path): path for path in TWINS if path.name not in ESSENCES}
    assert [f"{path.name}: {more[path].name}" for path in linked if path in more] == []
