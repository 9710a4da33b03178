"""A broken file is refused with its place, and loses nothing."""
import re

import pytest

from harness import edit, order

ETOC = ("registry", "import", "--register", "etoc", "--mapping", "etoc.mapping.yaml")

# file, what to replace, by what: the error names the line of the replacement
SETTINGS_FILES = [
    ("sekisho.yaml", "deadline: 50ms", "deadline: soon"),
    ("sekisho.yaml", "deadline: 50ms", "dead_line: 50ms"),
    ("sekisho.yaml", "workers: 1 ", "workers: -1 "),
    ("sekisho.yaml", "header_bytes: 16KiB", "header_bytes: 16 cats"),
    ("sekisho.yaml", "schema: sekisho/gateway/v1", "schema: sekisho/gateway/v9"),
    ("sekisho.yaml", "  sync: group", "  sync: group\n  sync: 50ms"),
    ("policy.yaml", "deny: supply-refused", "denies: supply-refused"),
    ("policy.yaml", "id: plan-required", "id: refusal-list"),
    ("policy.yaml", "plan: deemed,", "plan: demeed,"),
    ("policy.yaml", "numbers: 100, per: 30 days", "numbers: a hundred, per: 30 days"),
    ("policy.yaml", "{ until: 2026-03-31,", "{ until: 2026-02-30,"),
    ("policy.yaml", "burst: 100 }", "burst: 100"),
    ("policy.yaml", "deny: etoc-revoked", "deny: etoc-revokt"),
    ("carrier.yaml", "json:/quantity", "jason:/quantity"),
    ("carrier.yaml", "count(json:/numbers/*)", "count(json:/numbers/*"),
    ("carrier.yaml", "operation: release", "operation: relese"),
    ("carrier.yaml", "FIXED: fixed", "FIXED: fixt"),
    ("carrier.yaml", "match: GET /v1/available-numbers", "match: GET v1/available-numbers"),
    ("clients.yaml", "jp:8999900000001", "jp:1999900000001"),
    ("clients.yaml", "2db45c329a9b3a7295a39f3e29120de0", "2db45c32"),
    ("clients.yaml", "{ id: kaze,", "{ id: aozora,"),
    ("clients.yaml", "api_key_header: X-Api-Key", "api_key_haeder: X-Api-Key"),
]

REGISTERS = [
    ("etoc", "etoc.csv", "8999900000001", "9999900000001"),                # check digit
    ("etoc", "etoc.csv", "2025-02-01,2026-01-31", "2025-02-01,2026-02-30"),             # no such day
    ("etoc", "etoc.csv", "ETOC-0003,2025-02-01,2026-01-31,認証", "ETOC-0003,2025-02-01,2026-01-31,謎"),
    ("etoc", "etoc.csv", "有効期限", "有効期間"),                            # a column of the mapping is missing
    ("etoc", "etoc.csv", ",ETOC-0003,2025-02-01,2026-01-31,認証", ",ETOC-0003"),  # cut row
    ("etoc", "etoc.csv", "7999900000002,風", "8999900000001,風"),           # an operator twice
    ("etoc", "etoc.csv", "港テレコム", "\"港テレコム"),                    # a quote that never ends
    ("plan", "plan.csv", "certified,fixed ip_050 mobile", "certifid,fixed ip_050 mobile"),
    ("plan", "plan.csv", "fixed ip_050,yes", "fixed ip_060,yes"),
    ("plan", "plan.csv", "2026-04-11,desk-2", "yesterday,desk-2"),
    ("refusals", "refusals.csv", "refuse_new", "refuse"),
    ("refusals", "refusals.csv", "2026-05-01,,", "2026-05-01,2026-04-01,"),  # ends before it begins
    ("track-record", "track-record.csv", "2021-06-01,120", "2021-06-01,-120"),
    ("track-record", "track-record.csv", "first_supply", "first_suply"),
]


# These break the grammar itself: the reader notices somewhere further down.
SYNTAX = {"burst: 100", '"港テレコム'}


def sample_edit(house, file, old, new):
    """Replaces the first `old`; the line where the last line of `new` stands, or None where only a reader can say."""
    path = house.directory / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return None if new in SYNTAX else text[:text.index(old)].count("\n") + 1 + new.count("\n")


def assert_refused_at(done, file, line):
    assert done.code == 2, done
    places = re.findall(rf"{re.escape(file)}:(\d+):(\d+)", done.err)
    assert places, f"no {file}:line:column in {done}"
    assert line is None or str(line) in [where for where, _ in places], f"line {line} is not named in {done}"


@pytest.mark.parametrize("file, old, new", SETTINGS_FILES, ids=lambda v: str(v)[:24])
def test_check_names_the_place_of_a_broken_setting(build_house, file, old, new):
    house = build_house()
    config = house.directory / "sekisho.yaml"
    assert house.sekisho("check", "--config", config, config=config).code == 0
    line = sample_edit(house, file, old, new)
    assert_refused_at(house.sekisho("check", "--config", config, config=config, as_json=False), file, line)
    done = house.sekisho("check", "--config", config, config=config)
    assert done.code == 2 and done.json["ok"] is False, done
    assert done.json["errors"] and {"file", "line", "column", "text"} <= done.json["errors"][0].keys()


@pytest.mark.parametrize("file, old, new", [
    ("policy.yaml", "deny: etoc-revoked", "deny: policy-denied"),
    ("policy.yaml", "{ from: 2026-04-01, value: 1 }", "{ from: 2026-04-01, value: 2 }"),
    ("policy.yaml", "when: { etoc: revoked }\n    deny: etoc-revoked", "when: { etoc: revoked }\n    permit: true"),
])
def test_a_policy_is_held_to_its_guarantees(build_house, file, old, new):
    house = build_house()
    sample_edit(house, file, old, new)
    done = house.sekisho("policy", "check", file)
    if "policy-denied" in new:
        assert done.code == 0, "another reason for the same no breaks nothing"
    else:
        assert done.code == 1 and done.json["ok"] is False, done
        assert re.search(r"counterexample|etoc", done.out), done


def test_a_broken_guarantee_stops_the_start(build_house):
    house = build_house()
    sample_edit(house, "policy.yaml", "when: { etoc: revoked }\n    deny: etoc-revoked",
                "when: { etoc: revoked }\n    permit: true")
    house.redis.start()
    house.gateway.start()
    assert house.gateway.wait(20) != 0
    assert "never-to-a-revoked-operator" in house.gateway.last_words()


@pytest.fixture(scope="module")
def registry_house(tmp_path_factory):
    """Redis with the sample registers; no gateway is needed to import."""
    from harness import House
    house = House(tmp_path_factory.mktemp("registers"))
    try:
        house.redis.start()
        house.import_all()
        yield house
    finally:
        house.stop()


def everything_known(house):
    return {name: house.standing(name) for name in house.operators}


@pytest.mark.parametrize("register, file, old, new", REGISTERS, ids=lambda v: str(v)[:24])
def test_a_bad_row_refuses_the_whole_list(registry_house, register, file, old, new):
    house = registry_house
    before = everything_known(house)
    original = (house.directory / file).read_bytes()
    line = sample_edit(house, file, old, new)
    try:
        mapping = "etoc.mapping.yaml" if register == "etoc" else None
        done = house.sekisho("registry", "import", "--register", register,
                             *(["--mapping", mapping] if mapping else []), file, as_json=False)
        assert_refused_at(done, file, line)
        dry = house.import_register(register, file, mapping, "--dry-run")
        assert dry.code == 2 and dry.json["errors"], dry
        assert {"line", "column", "text"} <= dry.json["errors"][0].keys()
    finally:
        (house.directory / file).write_bytes(original)
    assert everything_known(house) == before


@pytest.mark.parametrize("old, new", [("register: etoc", "register: etok"), ("encoding: utf-8", "encoding: utf-9"),
                                      ("valid_until:", "valid_untill:"), ("取消: revoked", "取消: revokt")])
def test_a_broken_mapping_is_refused(registry_house, old, new):
    house = registry_house
    before = everything_known(house)
    mapping = house.directory / "etoc.mapping.yaml"
    original = mapping.read_bytes()
    edit(mapping, [(old, new)])
    try:
        done = house.sekisho(*ETOC, "etoc.csv", as_json=False)
    finally:
        mapping.write_bytes(original)
    assert_refused_at(done, "etoc.mapping.yaml", None)
    assert everything_known(house) == before


@pytest.mark.parametrize("what", ["empty", "header only", "not UTF-8", "missing", "a cut list"])
def test_an_empty_or_cut_list_revokes_nobody(registry_house, what):
    house = registry_house
    before = everything_known(house)
    text = (house.directory / "etoc.csv").read_text(encoding="utf-8")
    broken = house.directory / "broken.csv"
    lines = text.splitlines(keepends=True)
    content = {"empty": b"", "header only": lines[0].encode(), "not UTF-8": text.encode("shift_jis"), "missing": None,
               "a cut list": "".join(lines[:1] + lines[2:4]).encode()}[what]
    broken.unlink(missing_ok=True)
    if content is not None:
        broken.write_bytes(content)
    done = house.sekisho(*ETOC, "broken.csv", as_json=False)
    assert done.code in (1, 2) and "broken.csv" in done.err + done.out, done
    assert everything_known(house) == before


def test_a_list_may_shrink_when_a_person_stands_for_it(open_house):
    house = open_house()
    lines = (house.directory / "etoc.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (house.directory / "shorter.csv").write_text("".join(lines[:-1]), encoding="utf-8")  # without yama
    assert house.import_register("etoc", "shorter.csv", "etoc.mapping.yaml").code == 1
    assert house.standing("yama")["etoc"]["state"] == "certified"
    dry = house.import_register("etoc", "shorter.csv", "etoc.mapping.yaml", "--dry-run")
    assert house.operators["yama"] in dry.json["removed"], dry
    assert house.import_register("etoc", "shorter.csv", "etoc.mapping.yaml", "--approve", "shrink").code == 2, \
        "an approval has a name and a reason"
    done = house.import_register("etoc", "shorter.csv", "etoc.mapping.yaml", "--approve", "shrink", "--by", "tester",
                                 "--reason", "left the market")
    assert done.code == 0, done
    assert house.standing("yama")["etoc"]["state"] == "none"


def test_a_dry_run_tells_what_would_change_and_changes_nothing(registry_house):
    house = registry_house
    before = everything_known(house)
    text = (house.directory / "etoc.csv").read_text(encoding="utf-8")
    (house.directory / "next.csv").write_text(re.sub(r"(8999900000001.*),認証", r"\1,取消", text), encoding="utf-8")
    done = house.import_register("etoc", "next.csv", "etoc.mapping.yaml", "--dry-run")
    assert done.code == 0 and house.operators["aozora"] in done.json["revoked"], done
    assert done.json["register"] == "etoc" and done.json["errors"] == []
    assert everything_known(house) == before


@pytest.mark.parametrize("arguments", [(), ("serve",), ("serve", "--config", "nowhere.yaml"), ("no-such-command",),
                                       ("ledger", "show"), ("ledger", "show", "aozora"),
                                       ("registry", "import", "--register", "nothing", "etoc.csv"),
                                       ("policy", "check", "nowhere.yaml")])
def test_wrong_usage_is_told_and_exits_with_two(registry_house, arguments):
    done = registry_house.sekisho(*arguments, config="nowhere.yaml" if arguments[:1] == ("serve",) else None,
                                  as_json=False)
    assert done.code == 2 and done.err.strip(), done


def test_what_is_not_there_exits_with_one(registry_house):
    assert registry_house.sekisho("ledger", "trace", "0312345678").code == 1
    assert registry_house.sekisho("audit", "show", "nothing").code in (1, 2)


def test_a_running_gate_is_untouched_by_a_bad_import(house):
    sample_edit(house, "etoc.csv", "8999900000001", "9999900000001")
    assert house.import_register("etoc", "etoc.csv", "etoc.mapping.yaml").code == 2
    with house.gateway.client("aozora") as client:
        assert order(client, 1).status == 201
