"""Signed lists: what is refused at the import and why, how keys change hands, and that no older ones come back."""
import base64
import hashlib
import json
import subprocess

import pytest

from harness import edit, wait_for

SIGNED = {"sekisho.yaml": [("workers: 1 ", "import: { signed: [etoc, plan] }\nworkers: 1 ")]}
BY = ("--by", "desk", "--reason", "as agreed")
REGISTRY = [f"sekisho:{{registry}}:{name}" for name in ("operators", "events", "meta")]


def openssl(*args, text=None):
    done = subprocess.run(["openssl", *map(str, args)], input=text, capture_output=True, timeout=20)
    assert done.returncode == 0, done
    return done.stdout


class Desk:
    """Redis, the commands, and whoever holds keys. No gateway."""

    def __init__(self, house):
        self.house, self.directory = house, house.directory

    def key(self, name):
        """Makes the key when it is first asked for."""
        pem = self.directory / f"{name}.pem"
        if not pem.exists():
            openssl("genpkey", "-algorithm", "ed25519", "-out", pem)
        return pem

    def public(self, name):
        return base64.b64encode(openssl("pkey", "-in", self.key(name), "-pubout", "-outform", "DER")[-32:]).decode()

    def trust(self, version, threshold, *names):
        """Writes a trust file; a name may be a pair of it and of what the key may sign."""
        lines = [f"schema: sekisho/list-keys/v1\nversion: {version}\nthreshold: {threshold}\nkeys:\n"]
        for name in names:
            name, registers = (name, "") if isinstance(name, str) else (name[0], f", registers: {name[1]}")
            lines.append(f"  - {{ id: {name}, public: \"{self.public(name)}\"{registers} }}\n")
        file = f"keys-{version}.yaml"
        (self.directory / file).write_text("".join(lines))
        self.signature(file).unlink(missing_ok=True)
        return file

    def signature(self, file):
        return self.directory / (file + ".sig")

    def sign(self, register, file, serial, *names, published="2026-11-20", mapping=None):
        """Anew, by these."""
        self.signature(file).unlink(missing_ok=True)
        for name in names:
            done = self.house.sekisho("registry", "sign", file, "--register", register, "--serial", serial,
                                      "--published", published, "--key-id", name, "--key", self.key(name),
                                      *(["--mapping", mapping] if mapping else []))
            assert done.code == 0 and done.json["public"] == self.public(name), done
        return file

    def install(self, file):
        return self.house.sekisho("registry", "keys", file, *BY)

    def use(self, version, threshold, *names, by=None):
        """Brings a trust file into force."""
        file = self.trust(version, threshold, *names)
        self.sign("keys", file, version, *(by or [n if isinstance(n, str) else n[0] for n in names]))
        done = self.install(file)
        assert done.code == 0, done
        return file

    def keys(self):
        return self.house.sekisho("registry", "keys")

    def take(self, register, file, *more, mapping=None):
        return self.house.import_register(register, file, mapping, *more)

    def events(self):
        return self.house.sekisho("registry", "events").json

    def refused(self, done, *sentences, code=1):
        """And nothing was changed by it."""
        assert done.code == code, done
        for sentence in sentences:
            assert sentence in done.err, done
        assert self.events() == self.before, "a refused command changed something"

    def note(self):
        self.before = self.events()


@pytest.fixture
def desk(build_house):
    house = build_house(changes=SIGNED)
    house.redis.start()
    desk = Desk(house)
    desk.note()
    return desk


@pytest.fixture
def two_of_three(desk):
    desk.use(1, 2, "ito", "kato", "sato")
    desk.note()
    return desk


# ---- at the import

def test_a_list_needs_enough_signatures(two_of_three):
    desk = two_of_three
    desk.refused(desk.take("plan", "plan.csv"), "plan.csv.sig: is missing")
    desk.refused(desk.take("plan", "plan.csv", "--dry-run"), "plan.csv.sig: is missing")
    desk.refused(desk.take("plan", "plan.csv", "--approve", "rollback", *BY), "plan.csv.sig: is missing")
    desk.sign("plan", "plan.csv", 7, "ito")
    desk.refused(desk.take("plan", "plan.csv"), "has 1 of 2 signatures: 'ito' is good")
    desk.sign("plan", "plan.csv", 7, "ito", "mori")
    desk.refused(desk.take("plan", "plan.csv"), "'mori' is not a key of the trust file")
    desk.sign("plan", "plan.csv", 7, "ito", "sato")
    assert desk.take("plan", "plan.csv", "--dry-run").code == 0
    done = desk.take("plan", "plan.csv")
    assert done.code == 0 and done.json["added"], done
    assert "[signed: ito, sato]" in desk.events()[-1]["reason"], desk.events()[-1]
    # The other registers go on as before.
    assert desk.take("refusals", "refusals.csv").code == 0


def test_a_signature_is_for_one_list_and_one_register(two_of_three):
    desk = two_of_three
    desk.sign("plan", "plan.csv", 7, "ito", "kato")
    data = (desk.directory / "plan.csv").read_bytes()
    flipped = bytearray(data)
    flipped[-2] ^= 1
    (desk.directory / "plan.csv").write_bytes(flipped)
    desk.refused(desk.take("plan", "plan.csv"), "is for something else", hashlib.sha256(data).hexdigest())
    (desk.directory / "plan.csv").write_bytes(data)

    said = desk.signature("plan.csv").read_text()
    for old, new, sentence in (('"rows": 5', '"rows": 4', "it is for 4 rows, but 5 were read"),
                               ('"serial": 7', '"serial": 8', "did not sign this statement"),
                               ('2026-11-20', '2026-11-21', "did not sign this statement"),
                               ('"register": "plan"', '"register": "etoc"', "it is for 'etoc', not for 'plan'")):
        assert old in said, said
        desk.signature("plan.csv").write_text(said.replace(old, new))
        desk.refused(desk.take("plan", "plan.csv"), sentence)
    desk.signature("plan.csv").write_text(said + "x")
    desk.refused(desk.take("plan", "plan.csv"), "cannot be read as JSON", code=2)
    desk.signature("plan.csv").write_text(said)
    assert desk.take("plan", "plan.csv").code == 0


def test_a_mapping_is_signed_with_the_list(two_of_three):
    """It says which word means revoked."""
    desk = two_of_three
    desk.sign("etoc", "etoc.csv", 1, "ito", "kato", mapping="etoc.mapping.yaml")
    other = desk.directory / "other.yaml"
    other.write_text((desk.directory / "etoc.mapping.yaml").read_text())
    edit(other, [("取消: revoked", "取消: certified")])
    desk.refused(desk.take("etoc", "etoc.csv", mapping="other.yaml"), "it is for the mapping")
    assert desk.take("etoc", "etoc.csv", mapping="etoc.mapping.yaml").code == 0
    assert desk.house.standing("kaze")["etoc"]["state"] == "revoked"


def test_without_a_trust_file_no_list_is_imported(desk):
    desk.refused(desk.take("plan", "plan.csv"), "there is none, so no signature counts")
    desk.sign("plan", "plan.csv", 1, "ito")
    desk.refused(desk.take("plan", "plan.csv"), "there is none, so no signature counts")
    desk.refused(desk.keys(), "there is none")
    assert any(line["what"] == "signed lists" and line["state"] == "bad"
               for line in desk.house.sekisho("doctor").json["lines"])


def test_an_outdated_list_is_refused_however_well_signed(two_of_three):
    desk = two_of_three
    old, new = "old.csv", "plan.csv"
    (desk.directory / old).write_text((desk.directory / new).read_text().replace("desk-1", "desk-0"))
    desk.sign("plan", old, 7, "ito", "kato", published="2026-11-10")
    desk.sign("plan", new, 8, "ito", "kato", published="2026-11-20")
    assert desk.take("plan", old).code == 0
    assert desk.take("plan", new).code == 0
    desk.note()
    done = desk.take("plan", old, "--serial", 9, "--published", "2026-11-24")  # words that nobody signed
    desk.refused(done, "the serial 7, before the 8 that is in force", "published on 2026-11-10")
    # Two lists never share a serial: the one that was withdrawn would pass for the other.
    desk.sign("plan", old, 8, "ito", "kato", published="2026-11-20")
    desk.refused(desk.take("plan", old), "another list with the serial 8 is in force")
    done = desk.take("plan", new)
    assert done.code == 0 and done.json["same_file"], done
    # A person may let an older one pass, by name; nobody may let an unsigned one pass.
    assert desk.take("plan", old, "--approve", "rollback", *BY).code == 0
    assert "[approved: rollback]" in desk.events()[-1]["reason"]


def test_somebody_else_can_write_a_signer(two_of_three):
    """By the page docs/signed-lists.md alone, with OpenSSL."""
    desk = two_of_three
    data = (desk.directory / "plan.csv").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    statement = ("sekisho list signature v1\nregister plan\nserial 7\npublished 2026-11-20\nrows 5\n"
                 f"sha256 {digest}\nmapping none\n")
    (desk.directory / "statement.txt").write_text(statement)

    def signature(name):
        return base64.b64encode(openssl("pkeyutl", "-sign", "-rawin", "-inkey", desk.key(name), "-in",
                                        desk.directory / "statement.txt")).decode()
    desk.signature("plan.csv").write_text(json.dumps(
        {"schema": "sekisho/list-signature/v1", "register": "plan", "serial": 7, "published": "2026-11-20", "rows": 5,
         "sha256": digest, "mapping": "none",
         "signatures": [{"key": name, "signature": signature(name)} for name in ("kato", "sato")]}))
    done = desk.house.sekisho("registry", "verify", "plan.csv", "--register", "plan", "--keys", "keys-1.yaml")
    assert done.code == 0 and done.json["good"] == 2, done
    assert desk.take("plan", "plan.csv").code == 0


# ---- keys

def test_the_first_trust_file_is_somebody_s_and_its_keys_exist(desk):
    file = desk.trust(1, 2, "ito", "kato")
    desk.refused(desk.house.sekisho("registry", "keys", file), "give --by NAME and --reason R", code=2)
    desk.refused(desk.install(file), "keys-1.yaml.sig: is missing")
    desk.sign("keys", file, 1, "ito")
    desk.refused(desk.install(file), "it has 1 of 2 signatures")
    desk.sign("keys", file, 1, "ito", "kato")
    assert desk.install(file).code == 0
    event = desk.events()[-1]
    assert event["change"] == "keys" and event["by"] == "desk", event
    assert event["reason"].startswith("as agreed [version 1, sha256 "), event
    shown = desk.keys().json
    assert shown["version"] == 1 and shown["threshold"] == 2 and [key["id"] for key in shown["keys"]] == ["ito", "kato"]
    assert shown["text"] == (desk.directory / file).read_text()
    desk.note()
    assert desk.install(file).code == 0, "in force already"
    assert desk.events() == desk.before


def test_keys_are_rotated_and_the_old_one_counts_no_more(two_of_three):
    desk = two_of_three
    desk.sign("plan", "plan.csv", 1, "ito", "kato")
    assert desk.take("plan", "plan.csv").code == 0
    desk.use(2, 2, "kato", "sato", "mori", by=["kato", "sato"])
    desk.note()
    desk.sign("plan", "plan.csv", 2, "ito", "kato")
    desk.refused(desk.take("plan", "plan.csv"), "'ito' is not a key of the trust file")
    desk.sign("plan", "plan.csv", 2, "mori", "kato")
    assert desk.take("plan", "plan.csv").code == 0


def test_a_trust_file_that_may_not_follow_is_refused(two_of_three):
    desk = two_of_three
    everybody = ("ito", "kato", "sato", "mori")
    file = desk.trust(2, 1, "mori")
    desk.refused(desk.install(file), "it is not signed")
    desk.sign("keys", file, 2, "mori")
    desk.refused(desk.install(file), "(of the trust file in force)")
    desk.sign("keys", file, 2, "ito", "kato")
    desk.refused(desk.install(file), "(of the new trust file)")
    desk.sign("keys", desk.trust(3, 2, *everybody), 3, *everybody)
    desk.refused(desk.install("keys-3.yaml"), "version 2 comes first")
    desk.use(2, 2, *everybody)
    desk.note()
    desk.refused(desk.install("keys-1.yaml"), "version 1 cannot follow version 2: it is older")
    desk.sign("keys", desk.trust(2, 1, *everybody), 2, *everybody)
    desk.refused(desk.install("keys-2.yaml"), "version 2 is in force already with other content")
    desk.sign("keys", desk.trust(3, 2, *everybody), 3, "ito", "kato")
    (desk.directory / "keys-3.yaml").write_text((desk.directory / "keys-3.yaml").read_text() + "# and a word\n")
    desk.refused(desk.install("keys-3.yaml"), "the signature is for something else")


def test_a_key_for_one_register_has_no_say_in_others(desk):
    desk.use(1, 1, "ito", ("kato", "[etoc]"), by=["ito"])
    desk.note()
    desk.sign("plan", "plan.csv", 1, "kato")
    desk.refused(desk.take("plan", "plan.csv"), "'kato' may not sign this register")
    desk.sign("keys", desk.trust(2, 1, "kato"), 2, "kato")
    desk.refused(desk.install("keys-2.yaml"), "(of the trust file in force)")


def test_when_too_few_keys_are_left_a_first_trust_file_is_installed_again(desk):
    """As the page says for that case."""
    desk.use(1, 2, "ito", "kato")
    redis_cli(desk.house, "HDEL", "sekisho:{registry}:meta", "keys.text", "keys.version")
    desk.note()
    desk.sign("plan", "plan.csv", 1, "ito", "kato")
    desk.refused(desk.take("plan", "plan.csv"), "there is none, so no signature counts")
    desk.use(2, 1, "ito")
    assert desk.take("plan", "plan.csv").code == 0


# ---- whatever Redis does

def test_an_emptied_redis_asks_for_signatures_again_and_a_copy_brings_the_keys_back(build_house):
    house = build_house(changes=SIGNED)
    house.redis.start()
    house.carrier.start()
    desk = Desk(house)
    desk.use(1, 1, "ito")
    desk.sign("plan", "plan.csv", 1, "ito")
    desk.sign("etoc", "etoc.csv", 1, "ito", mapping="etoc.mapping.yaml")
    house.import_all()
    house.gateway.start_ready()
    known = desk.events()[-1]["serial"]
    wait_for("the gateway knows", 5, lambda: house.gateway.metrics().value("registry_serial") == known)
    copy = house.gateway.journal.with_name(house.gateway.journal.name + ".registry")

    eval_lua(house, "for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('DEL', k) end")
    desk.note()
    desk.refused(desk.take("plan", "plan.csv"), "there is none, so no signature counts")
    assert house.sekisho("registry", "restore", copy, *BY).code == 0
    assert desk.keys().json["version"] == 1
    desk.signature("plan.csv").unlink()
    desk.note()
    desk.refused(desk.take("plan", "plan.csv"), "plan.csv.sig: is missing")


def test_a_redis_that_comes_back_older_brings_no_old_key_back(build_house):
    house = build_house(changes=SIGNED)
    house.redis.start()
    house.carrier.start()
    desk = Desk(house)
    desk.use(1, 1, "ito")
    desk.sign("plan", "plan.csv", 1, "ito")
    desk.sign("etoc", "etoc.csv", 1, "ito", mapping="etoc.mapping.yaml")
    house.import_all()
    house.gateway.start_ready()
    eval_lua(house, "for _, k in ipairs(ARGV) do redis.call('COPY', k, 'kept:' .. k) end", *REGISTRY)
    desk.use(2, 1, "kato", by=["ito", "kato"])
    known = desk.events()[-1]["serial"]
    wait_for("the gateway knows", 5, lambda: house.gateway.metrics().value("registry_serial") == known)
    wait_for("and journals it", 5, lambda: [r for r in house.gateway.records(kind="registry") if "version 2" in json.dumps(r)])

    eval_lua(house, "for _, k in ipairs(ARGV) do redis.call('COPY', 'kept:' .. k, k, 'REPLACE') end", *REGISTRY)
    wait_for("the keys are restored", 10, lambda: desk.keys().json["version"] == 2)
    assert desk.events()[-1]["change"] == "restore"
    desk.note()
    desk.sign("plan", "plan.csv", 2, "ito")
    desk.refused(desk.take("plan", "plan.csv"), "'ito' is not a key of the trust file")
    wait_for("the gateway goes on", 5, house.gateway.ready)


def redis_cli(house, *command):
    done = subprocess.run(["redis-cli", "-p", str(house.redis.port), *command], capture_output=True, timeout=20)
    assert done.returncode == 0 and b"ERR" not in done.stdout, done


def eval_lua(house, script, *args):
    """All of it at one moment, as gateways see it."""
    redis_cli(house, "EVAL", script, "0", *args)
