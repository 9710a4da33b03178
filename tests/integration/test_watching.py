"""Rules, dashboard and runbooks against the program and against each other: what they name exists.

Commands and links of all pages: test_documents.py.
"""
import functools
import json
import re
import subprocess
import sys

import pytest
import yaml

from harness import BIN, TOP, order, wait_for
from prometheus import RULES, promtool, shorten
from test_documents import RUNBOOKS

PROMETHEUS, GRAFANA, PAGES = TOP / "deploy" / "prometheus", TOP / "deploy" / "grafana", TOP / "docs" / "runbooks"
DOCUMENTS = [TOP / "docs" / "operations.md", TOP / "docs" / "tls.md", TOP / "docs" / "registry.md", *sorted(PAGES.glob("*.md"))]
OF_PROMETHEUS = {"job", "instance", "le"}  # labels that it adds, and that of buckets
RULE_FILE = yaml.safe_load(RULES.read_text())
ALL_RULES = [rule for group in RULE_FILE["groups"] for rule in group["rules"]]
ALERTS = [rule for rule in ALL_RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in ALL_RULES if "record" in rule}
DASHBOARD = json.loads((GRAFANA / "sekisho.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


@functools.lru_cache(None)
def sekisho(*args):
    return subprocess.run([BIN / "sekisho", *args], capture_output=True, text=True, timeout=20).stdout


@pytest.fixture(scope="module")
def metrics():
    """{name: (kind, labels)} as the program describes them; of histograms also the series that they are told as."""
    rows = re.findall(r"^\| `(sekisho_\w+)` \| (\w+) \| ([\w,]*) +\|", sekisho("describe", "metrics"), re.M)
    assert len(rows) > 30
    found = {name: (kind, set(filter(None, labels.split(",")))) for name, kind, labels in rows}
    for name, kind, labels in rows:
        if kind == "histogram":
            found.update({f"{name}_{part}": found[name] for part in ("bucket", "sum", "count")})
    return found


def texts():
    """Everything that names metrics."""
    for path in [RULES, PROMETHEUS / "sekisho.rules.test.yml", GRAFANA / "sekisho.json", *DOCUMENTS]:
        yield path.name, path.read_text()


def queries():
    for rule in ALL_RULES:
        yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for path in DOCUMENTS:
        for block in re.findall(r"^```promql\n(.*?)^```", path.read_text(), re.M | re.S):
            yield path.name, block


def test_every_metric_that_is_named_exists(metrics):
    unknown = [(where, name) for where, text in texts() for name in re.findall(r"\bsekisho_[a-z_]+", text) if name not in metrics]
    assert unknown == []


def test_every_recorded_series_that_is_named_is_recorded():
    unknown = [(where, name) for where, text in texts() for name in re.findall(r"\bsekisho:[\w:]+", text) if name not in RECORDED]
    assert unknown == []


def test_everything_that_is_recorded_is_asked_for():
    asked = {name for where, query in queries() if where not in RECORDED for name in re.findall(r"\bsekisho:[\w:]+", query)}
    assert RECORDED - asked == set()


def test_every_selector_asks_for_labels_that_its_metric_has(metrics):
    wrong = []
    for where, query in queries():
        for name, selector in re.findall(r"\b(sekisho_\w+)\{([^}]*)\}", query):
            labels = set(re.findall(r"(\w+) *(?:=~|!~|!=|=)", selector))
            wrong += [(where, name, label) for label in labels - metrics[name][1] - OF_PROMETHEUS]
    assert wrong == []


def test_counters_are_asked_for_their_rise_only(metrics):
    """A bare counter falls with each restart. (A table of one at rest is for a person who looks.)"""
    wrong = []
    for rule in ALL_RULES:
        without_rises = re.sub(r"(rate|increase)\(\w+(\{[^}]*\})?\[\w+\]\)", "", rule["expr"])
        wrong += [(rule, name) for name in re.findall(r"\bsekisho_\w+", without_rises) if metrics[name][0] != "gauge"]
    assert wrong == []


@pytest.mark.parametrize("alert", ALERTS, ids=[f"{one['alert']}-{one['labels']['severity']}" for one in ALERTS])
def test_an_alert_says_what_callers_see_and_has_a_page(alert):
    assert alert["labels"].keys() == {"severity"} and alert["labels"]["severity"] in ("critical", "warning", "info")
    notes = alert["annotations"]
    assert notes.keys() == {"summary", "description", "runbook_url"}
    assert len(notes["summary"]) < 120 and notes["description"].endswith(".")
    page = TOP / notes["runbook_url"]
    assert page.parent == PAGES and page.read_text().startswith(f"# {alert['alert']}\n")
    words = re.findall(r"[A-Z][a-z]+", alert["alert"].removeprefix("Sekisho"))
    assert page.stem == "-".join(words).lower()
    row = next(line for line in (PAGES / "README.md").read_text().splitlines() if f"[{alert['alert']}]({page.name})" in line)
    assert alert["labels"]["severity"] in row


def test_every_page_has_an_alert_and_every_part():
    every = {path.name: path.read_text() for path in PAGES.glob("*.md") if not path.name.startswith("README.")}
    pages = {path.name: path.read_text() for path in RUNBOOKS}
    assert every.keys() - pages.keys() == {name.replace(".md", ".ja.md") for name in pages}, "each in Japanese too"
    assert pages.keys() == {alert["annotations"]["runbook_url"].rsplit("/", 1)[1] for alert in ALERTS}
    for name, text in pages.items():
        for part in ("**Callers now:**", "## Look first", "```promql", "## Do", "**Clears**", "**Prevent:**"):
            assert part in text, (name, part)
    for name, text in every.items():
        assert len(text.splitlines()) <= 60, f"{name}: nobody reads that much at night"


def test_every_alert_that_a_page_names_exists():
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    named = set(re.findall(r"\bSekisho([A-Z]\w+)", text))
    named |= {name for several in re.findall(r"\bSekisho\(([\w|]+)\)", text) for name in several.split("|")}
    assert {f"Sekisho{name}" for name in named} <= {alert["alert"] for alert in ALERTS} and len(named) == 28


def test_every_alert_is_tested_by_promtool():
    tested = yaml.safe_load((PROMETHEUS / "sekisho.rules.test.yml").read_text())["tests"]
    assert sorted(test["name"] for test in tested) == sorted({alert["alert"] for alert in ALERTS})
    for test in tested:
        asked = [one for one in test["promql_expr_test"] if test["name"] in one["expr"]]
        fires = [bool(one["exp_samples"]) for one in sorted(asked, key=lambda one: seconds(one["eval_time"]))]
        assert fires[0] is False and True in fires and fires[-1] is False, f"{test['name']}: quiet, fires, clears"


def seconds(text):
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in re.findall(r"(\d+)([hms])", text))


def test_promtool_finds_every_alert_as_it_should_be():
    done = promtool("test", "rules", "sekisho.rules.test.yml", cwd=PROMETHEUS)
    assert done.returncode == 0, done.stdout + done.stderr


NUDGED = [("> 30 * 60", "> 31 * 60", "SekishoSuspenseOld"), ("[1m]) > 1000", "[1m]) > 999", "SekishoJournalLag"),
          ("sekisho_ready == 0\n        for: 2m", "sekisho_ready == 0", "SekishoNotReady")]


def test_promtool_finds_out_when_a_rule_is_wrong(tmp_path):
    """That the tests can fail, each of them: some rules are a little off, all others never fire."""
    rules = RULES.read_text()
    for right, wrong, _ in NUDGED:
        assert right in rules
        rules = rules.replace(right, wrong)
    spoilt = yaml.safe_load(rules)
    for rule in (rule for group in spoilt["groups"] for rule in group["rules"]):
        if rule.get("alert") not in [None, *(alert for _, _, alert in NUDGED)]:
            rule["expr"] = "vector(1) > 2"
    (tmp_path / "sekisho.rules.yml").write_text(yaml.safe_dump(spoilt))
    (tmp_path / "sekisho.rules.test.yml").write_text((PROMETHEUS / "sekisho.rules.test.yml").read_text())
    done = promtool("test", "rules", "sekisho.rules.test.yml", cwd=tmp_path)
    complained = set(re.findall(r'alertname=\\"(\w+)', done.stdout + done.stderr))
    assert done.returncode != 0 and complained == {alert["alert"] for alert in ALERTS}


def test_the_example_and_the_shortened_rules_load(tmp_path):
    assert promtool("check", "config", PROMETHEUS / "prometheus.example.yml").returncode == 0
    (tmp_path / "quick.yml").write_text(shorten(RULES.read_text()))
    done = promtool("check", "rules", tmp_path / "quick.yml")
    assert done.returncode == 0, done.stderr


# The dashboard.

UNITS = {"short", "s", "reqps", "ops", "percentunit", "dateTimeFromNow"}


def test_the_dashboard_is_what_its_table_says():
    done = subprocess.run([sys.executable, "-B", GRAFANA / "dashboard.py"], capture_output=True, text=True)
    assert done.stdout == (GRAFANA / "sekisho.json").read_text(), "print it anew: deploy/grafana/dashboard.py > deploy/grafana/sekisho.json"


@pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
def test_a_panel_says_what_to_do_in_a_unit(panel):
    assert len(panel["description"]) > 30 and panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["type"] in {"timeseries", "stat", "table", "state-timeline"}
    assert panel["targets"] and len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    for link in panel["links"]:
        name = re.fullmatch(r"\$\{docs\}/runbooks/([\w-]+\.md)", link["url"])[1]
        assert (PAGES / name).is_file(), name
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]} | {"__rate_interval"}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(panel)))
    assert used <= variables


def test_the_dashboard_is_laid_out_for_grafana():
    taken = set()
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and at["x"] + at["w"] <= 24, panel["title"]
        taken |= cells
        assert panel["type"] == "row" or panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert DASHBOARD["schemaVersion"] in range(36, 40)  # Grafana 9 and 10
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"datasource", "instance", "carrier", "docs"}
    assert DASHBOARD["panels"][0]["title"].startswith("Is it well, who suffers, since when")


def test_every_alert_has_a_panel_that_leads_to_its_page():
    linked = {link["url"].rsplit("/", 1)[1] for panel in PANELS for link in panel["links"]}
    assert {alert["annotations"]["runbook_url"].rsplit("/", 1)[1] for alert in ALERTS} - linked == set()


def test_every_metric_stands_on_the_dashboard(metrics):
    queries = json.dumps(DASHBOARD) + "".join(rule["expr"] for rule in ALL_RULES if "record" in rule)
    shown = set(re.findall(r"\bsekisho_[a-z_]+", queries))
    parts = ("_bucket", "_sum", "_count")
    missing = {name for name in metrics if not name.endswith(parts) and not shown & {name, *(name + part for part in parts)}}
    assert missing == set()


def test_what_grafana_is_provisioned_with_reads():
    for kind in ("datasources", "dashboards"):
        told = yaml.safe_load((GRAFANA / "provisioning" / kind / "sekisho.yaml").read_text())
        assert told["apiVersion"] == 1 and (told.get("datasources") or told.get("providers"))


def test_every_line_of_jq_reads_a_real_journal(build_house):
    """What the pages ask of a journal is answered by one in which it happened."""
    house = build_house(changes={
        "clients.yaml": [("id: kaze, ", "id: kaze, rate: { requests: 1, per: minute, burst: 1 }, ")]}).start()
    with house.gateway.client("aozora") as good, house.gateway.client("kaze") as fast, house.gateway.client("nobody") as stranger:
        order(fast, 1), order(fast, 1), order(stranger, 1)
        house.carrier.control("over", times=1)
        assert order(good, 1).status == 201 and order(good, 950).status == 201
    wait_for("all of it is on disk", 10, lambda: len(house.gateway.records(kind="outcome")) == 2)
    asked = {page.name: line for page in RUNBOOKS for line in page.read_text().splitlines() if line.startswith("jq ")}
    assert len(asked) == 5
    for name, line in asked.items():
        done = subprocess.run(["bash", "-c", line.replace("journal/*", "journal-1/*")], cwd=house.directory, capture_output=True, text=True)
        assert done.returncode == 0, (name, done.stderr)
        assert done.stdout or name == "journal-gap.md", (name, "says nothing")
