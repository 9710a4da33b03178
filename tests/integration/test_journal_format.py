"""docs/reference/journal.md is enough to write a verifier: one that was written from it alone, against `audit verify`."""
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess

import pytest

from harness import BIN, House, order
from journal_verifier import Verifier, signed


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A journal of three boots, its key and its head, that nobody writes to any more."""
    house = House(tmp_path_factory.mktemp("house")).start()
    try:
        for boot in range(3):
            if boot > 0:
                house.gateway.start_ready()
            with house.gateway.client("aozora") as client, house.gateway.client("kaze") as refused:
                for _ in range(5):
                    assert order(client, 1).status == 201
                order(refused, 1)
            assert house.gateway.terminate() == 0
        yield house.gateway.journal
    finally:
        house.stop()


@pytest.fixture
def journal(written, tmp_path):
    for end in ("", ".key", ".head"):
        source = written.with_name(written.name + end)
        (shutil.copytree if not end else shutil.copy)(source, tmp_path / f"journal{end}")
    return tmp_path / "journal"


def both(journal):
    """By the secret and, where that is away, by the public key: both verifiers say the same; what do they say?"""
    key = journal.with_name("journal.key")
    away = key.rename(key.with_name("away")) if key.exists() else None
    public = verdicts(journal, None)
    if away:
        away.rename(key)
    private = verdicts(journal, key if key.exists() else None)
    return private, public


def verdicts(journal, key):
    env = {name: value for name, value in os.environ.items() if name != "SEKISHO_CONFIG"}
    done = subprocess.run([BIN / "sekisho", "audit", "verify", journal, "--json"], env=env, capture_output=True,
                          timeout=60)
    theirs, ours = json.loads(done.stdout), Verifier(journal, key).run()
    for verdict in ("integrity", "completeness", "first_bad"):
        assert ours[verdict] == theirs[verdict], (verdict, key, ours, theirs)
    return ours["integrity"], ours["completeness"]


def change(journal, edit):
    """Edits the list of lines of the longest segment."""
    segment = max(journal.glob("*.ndjson"), key=lambda file: file.stat().st_size)
    lines = segment.read_bytes().splitlines(keepends=True)
    edit(lines)
    segment.write_bytes(b"".join(lines))


def place_of(lines, kind, nth=1):
    return [n for n, line in enumerate(lines) if b'"kind":"%s"' % kind in line][nth]


def replace_in(lines, kind, old, new):
    at = place_of(lines, kind)
    assert old in lines[at], lines[at]
    lines[at] = lines[at].replace(old, new, 1)


def test_the_signatures_of_the_rfc_verify():
    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")  # RFC 8032, 7.1, test 2
    signature = bytes.fromhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    assert signed(key, b"r", signature)
    assert not signed(key, b"s", signature) and not signed(key, b"r", signature[:-1] + b"\x01")


def test_an_untouched_journal(journal):
    assert both(journal) == ((True, True), (True, True))


@pytest.mark.parametrize("name, edit", [
    ("a byte", lambda lines: replace_in(lines, b"decision", b'"allowed":true', b'"allowed":trua')),
    ("a figure", lambda lines: replace_in(lines, b"settled", b'"granted":1', b'"granted":2')),
    ("the moment", lambda lines: replace_in(lines, b"decision", b'"at":"2', b'"at":"3')),
    ("a mac", lambda lines: replace_in(lines, b"outcome", b'"mac":"', b'"mac":"0')),
    ("a digest", lambda lines: replace_in(lines, b"checkpoint", b'"from":', b'"from":1')),
    ("not a record", lambda lines: lines.__setitem__(place_of(lines, b"outcome"), b"nothing\n")),
    ("two records swapped", lambda lines: lines.__setitem__(slice(4, 6), [lines[5], lines[4]])),
    ("a record twice", lambda lines: lines.insert(6, lines[5])),
])
def test_what_was_altered(journal, name, edit):
    change(journal, edit)
    private, public = both(journal)
    assert not private[0] and not public[0]


@pytest.mark.parametrize("name, edit", [
    ("one record", lambda lines: lines.pop(6)),
    ("three records", lambda lines: lines.__delitem__(slice(6, 9))),
    ("a checkpoint", lambda lines: lines.pop(place_of(lines, b"checkpoint"))),
    ("the first", lambda lines: lines.pop(0)),
    ("the last", lambda lines: lines.pop()),
    ("the last ten", lambda lines: lines.__delitem__(slice(-10, None))),
])
def test_what_is_missing(journal, name, edit):
    change(journal, edit)
    assert both(journal) == ((True, False), (True, False))


def test_a_record_under_way_is_no_alteration(journal):
    change(journal, lambda lines: lines.append(b'{"seq":99999,"at":"20'))
    assert both(journal) == ((True, True), (True, True))


def test_a_forger_with_the_macs_key_cannot_sign(journal):
    """Every mac and digest made anew: the signatures still tell."""
    secret = bytes.fromhex(re.search(r"^hmac (\w+)", journal.with_name("journal.key").read_text(), re.M)[1])
    journal.with_name("journal.head").unlink()  # it would tell as well
    [segment] = journal.glob("*.ndjson")
    mac, out = "0" * 64, []
    digest = hashlib.sha256(json.loads((journal / "gateway.json").read_text())["gateway"].encode())
    for line in segment.read_bytes().replace(b'"granted":1', b'"granted":0', 1).splitlines(keepends=True):
        sealed = line[:line.rindex(b',"mac":')]
        if b'"kind":"checkpoint"' in line:
            sealed = re.sub(rb'"digest":"\w+"', b'"digest":"%s"' % digest.hexdigest().encode(), sealed)
            digest = hashlib.sha256()
        mac = hmac.new(secret, mac.encode() + sealed, "sha256").hexdigest()
        out.append(sealed + b',"mac":"%s"}\n' % mac.encode())
        digest.update(out[-1])
    segment.write_bytes(b"".join(out))
    private, public = both(journal)
    assert not private[0] and not public[0]
