"""Every alert that can be provoked is seen to fire and to clear: a real Prometheus, real gateways, real faults.

All scenarios run at once, each in an installation of its own, which Prometheus knows as a `site`. What is shortened
stands in prometheus.py. What cannot be provoked in this time would be named in ONLY_BY_PROMTOOL. At and just below its
threshold every alert is shown by deploy/prometheus/sekisho.rules.test.yml (test_watching.py runs it).
"""
import contextlib
import datetime
import json
import re
import signal
import subprocess
import threading
import time

import pytest

import clocks
import disks
from certificates import DAY, Authority, caller
from client import Client
from harness import IMPATIENT, ROOMY, SLOWNESS, TOP, House, edit, edits, free_port, jst_now, order, stay_in_one_day, wait_for
from prometheus import Prometheus
from test_documents import RUNBOOKS

ONLY_BY_PROMTOOL = set()
PATIENCE = 180 * SLOWNESS
STARTING = threading.Semaphore(2)  # installations that start at one time


class Site:
    """One installation with its scenario. `fires` and `clears` wait, and note that they saw it."""

    def __init__(self, name, prometheus, directory):
        self.name, self.prometheus, self.directory = name, prometheus, directory
        self.fired, self.cleared, self.house, self.trouble = set(), set(), None, None
        directory.mkdir()

    def build(self, changes=None, **kw):
        unhurried = {"sekisho.yaml": [("deadline: 50ms", "deadline: 5s")]}  # a busy machine is no fault of Redis'
        self.house = House(self.directory, changes=edits(unhurried, changes or {}), **kw)
        return self.house

    def open(self, house):
        with STARTING:
            house.start()
        self.prometheus.watch(self.name, house.gateways)

    def fires(self, *alerts, again=None):
        for alert in alerts:
            self.prometheus.wait(alert, self.name, PATIENCE, again=again)
            self.fired.add(alert)

    def clears(self, *alerts):
        for alert in alerts:
            assert alert in self.fired
            self.prometheus.wait(alert, self.name, PATIENCE, fires=False)
            self.cleared.add(alert)

    def run(self, scenario):
        try:
            scenario(self)
        except BaseException as trouble:  # told by each test that hangs on this scenario
            self.trouble = trouble
        finally:
            self.prometheus.forget(self.name)
            if self.house:
                self.house.stop()

    def surprises(self, scenario):
        """Alerts that fired without a cause in the scenario. On a machine that is too busy some may."""
        fired = {alert for _, what, alert, where in self.prometheus.seen if (what, where) == ("fires", self.name)}
        named = {f"Sekisho{name}" for name in PROVOKED[scenario] + ALSO.get(scenario, []) + ON_A_BUSY_MACHINE}
        return fired - named


@contextlib.contextmanager
def orders(house, callers=1, every=0.1, key="aozora"):
    """Callers who order one number after the other, whatever the answers are."""
    ended = threading.Event()

    def call():
        with Client(house.gateway.port, house.keys[key], timeout=5) as client:
            while not ended.wait(every):
                with contextlib.suppress(OSError):
                    order(client, 1)

    threads = [threading.Thread(target=call, daemon=True) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def redis(site):
    """Redis dies under traffic and comes back; then the gateway drains, is killed, and is started again."""
    house = site.build(appendonly=True, drain="accept: 10m, wait: 1s", changes=edits(ROOMY, {
        "sekisho.yaml": [("link:    { soft: 5s, hard: 60s }", "link:    { soft: 1s, hard: 3s }")]}))
    site.open(house)
    down = ("SekishoRedisDown", "SekishoRegistryLinkOld", "SekishoRegistryStale", "SekishoUndecided")
    with orders(house):
        house.redis.kill()
        site.fires(*down)
        house.redis.start()
        site.clears(*down)
    house.gateway.signal(signal.SIGTERM)
    site.fires("SekishoNotReady")
    house.gateway.kill()
    site.fires("SekishoDown")
    house.gateway.start_ready(60)
    site.clears("SekishoNotReady", "SekishoDown")


def carrier(site):
    """The carrier dies, then keeps an order to itself, gives too much, and sells nearly all that an operator may have."""
    house = site.build(changes=IMPATIENT, extra_operators=2)
    site.open(house)
    with orders(house):
        house.carrier.kill()
        site.fires("SekishoCarrierFailing")
        house.carrier.start()
        site.clears("SekishoCarrierFailing")
    house.carrier.control("silence", times=1)
    with house.gateway.client("aozora") as one, house.gateway.client("extra0") as two, house.gateway.client("extra1") as three:
        assert order(one, 1).status == 504

        def too_much(one, other, quantity=1):
            house.carrier.control("over", times=1)
            assert order(one, 1).status == 201
            assert order(other, quantity).status == 201

        too_much(two, three, 950)
        site.fires("SekishoSuspenseOld", "SekishoOverDelivery", "SekishoQuotaNear", again=lambda: too_much(two, three))
    for hold in house.holds():
        assert house.resolve(hold["hold"], "--released").code == 0
    site.clears("SekishoSuspenseOld", "SekishoOverDelivery", "SekishoQuotaNear")


def files(site):
    """A reload of a broken file, certificates of our own that end soon, a copy that cannot be written, a clock set back."""
    house = site.build(changes={"sekisho.yaml": [("registry:\n", "registry:\n  copy: copies/registry\n")]})
    (house.directory / "copies").mkdir()
    clock = clocks.WallClock(house.gateway)
    authority, port = Authority(house.directory / "ca"), free_port()
    ending = authority.issue("gate", ["127.0.0.1"], good_for=DAY)
    edit(house.gateway.config, [("listeners:\n", f"listeners:\n  - address: 127.0.0.1:{port}\n    tls: {{ certificate: {ending.path}, "
                                                 f"key: {ending.key_path} }}\n")])
    site.open(house)
    with Client(port, house.keys["aozora"], tls=caller(authority)) as client:
        assert order(client, 1).status == 201
    site.fires("SekishoTlsCertificateExpiring")
    policy = (house.directory / "policy.yaml").read_text()
    edit(house.directory / "policy.yaml", [("per: day", "per: dya")])
    house.gateway.signal(signal.SIGHUP)
    (house.directory / "copies").rename(house.directory / "elsewhere")
    assert house.revoke("hoshi").code == 0  # something to write
    site.fires("SekishoReloadFailed", "SekishoRegistryCopyFailed")
    (house.directory / "elsewhere").rename(house.directory / "copies")
    authority.issue("gate", ["127.0.0.1"])  # the same files
    (house.directory / "policy.yaml").write_text(policy)
    house.gateway.signal(signal.SIGHUP)
    assert house.reinstate("hoshi").code == 0
    site.clears("SekishoReloadFailed", "SekishoTlsCertificateExpiring", "SekishoRegistryCopyFailed")
    clock.is_off_by(-100)
    site.fires("SekishoClockBehind")
    clock.is_off_by(0)
    site.clears("SekishoClockBehind")


def registry(site):
    """A list that nobody verifies, an operator whose certificate ends, a gateway that slept through a revocation."""
    house = site.build(extra_operators=1, changes={
        "sekisho.yaml": [("plan:  { soft: 30d, hard: 400d }", "refusals: { soft: 20s, hard: 9d }")]})
    soon = (jst_now().date() + datetime.timedelta(days=5)).isoformat()
    later = (jst_now().date() + datetime.timedelta(days=365)).isoformat()
    edit(house.directory / "etoc.csv", [(f"ETOC-extra0,2026-02-01,{later}", f"ETOC-extra0,2026-02-01,{soon}")])
    site.open(house)
    site.fires("SekishoOperatorCertificatesExpiring")
    edit(house.directory / "etoc.csv", [(soon, later)])
    assert house.import_register("etoc", "etoc.csv", "etoc.mapping.yaml").code == 0
    site.clears("SekishoOperatorCertificatesExpiring")

    def sleep_through_a_revocation():
        house.reinstate("hoshi")
        house.gateway.signal(signal.SIGSTOP)
        assert house.revoke("hoshi").code == 0
        time.sleep(1.5)
        house.gateway.signal(signal.SIGCONT)

    sleep_through_a_revocation()
    site.fires("SekishoRevocationSlow", again=sleep_through_a_revocation)
    site.fires("SekishoRegisterOld")
    assert house.import_register("refusals", "refusals.csv").code == 0
    site.clears("SekishoRegisterOld", "SekishoRevocationSlow")


def callers(site):
    """Strangers, a caller in a loop, and a carrier with one connection that lets orders wait."""
    house = site.build(extra_operators=1, hurried=True, changes={
        "carrier.yaml": [("connections: 64", "connections: 1")],
        "clients.yaml": [("id: kaze, ", "id: kaze, rate: { requests: 1, per: second, burst: 1 }, ")]})
    site.open(house)
    with orders(house, every=0.1, key="kaze"), orders(house, callers=16, every=0.1, key="nobody"):
        site.fires("SekishoAuthenticationFailing", "SekishoCallersTooFast")
    site.clears("SekishoAuthenticationFailing", "SekishoCallersTooFast")
    house.carrier.control("slow", delay_ms=2500)
    with orders(house, callers=8, every=0.1):
        site.fires("SekishoOverloaded")
        house.carrier.control("ok")
    site.clears("SekishoOverloaded")


def ask(house, *words):
    subprocess.run(["redis-cli", "-p", str(house.redis.port), *words], check=True, capture_output=True, timeout=20)


def until_a_settlement_waits(house, client):
    """An order is with the carrier while Redis ceases to take writes; on a busy machine it may be back before that."""
    for _ in range(5):
        before = house.carrier.seen()["orders"]
        house.carrier.control("slow", delay_ms=5000, times=1)
        thread = threading.Thread(target=lambda: order(client, 1))
        thread.start()
        wait_for("the carrier has it", 20, lambda: house.carrier.seen()["orders"] > before)
        ask(house, "CONFIG", "SET", "min-replicas-to-write", "1")  # and there is no replica
        thread.join()
        time.sleep(0.5)
        if house.gateway.metrics().value("ledger_backlog") > 0:
            return
        ask(house, "CONFIG", "SET", "min-replicas-to-write", "0")
    raise AssertionError("five times, and no settlement waits")


def ledger(site):
    """Redis that takes no writes; then one that lost some, while a gateway that knows them is down."""
    house = site.build(gateways=2, changes=ROOMY)
    site.open(house)
    first, second = house.gateways
    with first.client("aozora") as one, second.client("aozora") as two:
        assert order(one, 1).status == 201
        until_a_settlement_waits(house, one)
        site.fires("SekishoLedgerBacklog")
        ask(house, "CONFIG", "SET", "min-replicas-to-write", "0")
        site.clears("SekishoLedgerBacklog")
        ask(house, "SAVE")
        assert order(one, 2).status == 201 and order(two, 3).status == 201
        time.sleep(0.5)
    second.kill()
    house.redis.kill()
    house.redis.start()  # from the dump
    site.fires("SekishoLedgerNotAdmitting")
    second.start()
    site.fires("SekishoLedgerRestored")
    site.clears("SekishoLedgerNotAdmitting", "SekishoLedgerRestored")


def until_an_order_is_lost(house, disk):
    """A record that nobody waits for may meet the disk first; it is kept in memory, and no order is tried then."""
    value = lambda name: house.gateway.metrics().value(name)
    for _ in range(40):
        disk.fails()
        wait_for("the journal cannot be written", 10, lambda: value("journal_writable") == 0)
        if value("journal_gap_total") > 0:
            return
        disk.is_well()
        wait_for("the journal is written again", 10, lambda: value("journal_writable") == 1)
    raise AssertionError("forty times, and no order was lost")


def journal(site):
    """A disk that is slow, and then fails."""
    house = site.build(changes=ROOMY)
    disk = disks.SlowDisk(house.gateway)
    site.open(house)
    with orders(house, callers=12, every=0.05):
        disk.takes(600)
        site.fires("SekishoSlow", "SekishoJournalLag")
        disk.is_well()
    site.clears("SekishoSlow", "SekishoJournalLag")
    with orders(house, callers=12, every=0.05):
        until_an_order_is_lost(house, disk)
        site.fires("SekishoJournalUnwritable", "SekishoJournalGap")
        disk.is_well()
    site.clears("SekishoJournalUnwritable", "SekishoJournalGap")


SCENARIOS = [redis, carrier, files, registry, callers, ledger, journal]
PROVOKED = {
    redis: ["Down", "NotReady", "RedisDown", "RegistryLinkOld", "RegistryStale", "Undecided"],
    carrier: ["CarrierFailing", "SuspenseOld", "OverDelivery", "QuotaNear"],
    files: ["ReloadFailed", "TlsCertificateExpiring", "RegistryCopyFailed", "ClockBehind"],
    registry: ["OperatorCertificatesExpiring", "RegisterOld", "RevocationSlow"],
    callers: ["AuthenticationFailing", "CallersTooFast", "Overloaded"],
    ledger: ["LedgerBacklog", "LedgerNotAdmitting", "LedgerRestored"],
    journal: ["Slow", "JournalLag", "JournalUnwritable", "JournalGap"],
}
# What follows from the same faults.
ALSO = {redis: ["LedgerNotAdmitting", "LedgerBacklog"], carrier: ["Undecided"], callers: ["Undecided", "CarrierFailing", "SuspenseOld"],
        ledger: ["RedisDown", "RegistryStale", "Undecided"], journal: ["Undecided", "Overloaded"]}
ON_A_BUSY_MACHINE = ["Down", "Slow", "JournalLag", "RegistryLinkOld", "RevocationSlow", "LedgerBacklog", "Undecided"]
# What rightly shows nothing: no gateway of this night has a carrier that is polled, or a collector of its spans.
EMPTY = ["sekisho_polls_total", "sekisho_spans_"]


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """All of it, at once. Returns Prometheus and the sites."""
    stay_in_one_day(300)
    directory = tmp_path_factory.mktemp("night")
    prometheus = Prometheus(directory)
    prometheus.start()
    sites = {}
    try:
        absent = Site("", prometheus, directory / "absent")
        absent.fires("SekishoAbsent")  # there is no gateway yet
        sites = {scenario: Site(scenario.__name__, prometheus, directory / scenario.__name__) for scenario in SCENARIOS}
        threads = [threading.Thread(target=sites[scenario].run, args=[scenario]) for scenario in SCENARIOS]
        for thread in threads:
            thread.start()
        absent.clears("SekishoAbsent")
        for thread in threads:
            thread.join()
        sites[None] = absent
        for moment, what, alert, where in prometheus.seen:
            print(f"{moment - prometheus.seen[0][0]:6.1f} {where:9} {what:6} {alert}")
        yield prometheus, sites
    finally:
        prometheus.stop()


@pytest.mark.parametrize("scenario, alert", [(scenario, f"Sekisho{name}") for scenario, names in PROVOKED.items() for name in names]
                         + [(None, "SekishoAbsent")], ids=lambda one: one if isinstance(one, str) else getattr(one, "__name__", "none"))
def test_an_alert_fires_and_clears(night, scenario, alert):
    site = night[1][scenario]
    assert alert in site.cleared, f"{'fired, and did not clear' if alert in site.fired else 'did not fire'}: {site.trouble}"


def test_what_an_alert_says_is_filled_in(night):
    said = night[0].said
    assert {alert for alert, _ in said} >= {f"Sekisho{name}" for names in PROVOKED.values() for name in names}
    for alert, text in said:
        assert text and not re.search(r"\{\{|<error|<no value>|NaN", text), (alert, text)
    assert ("SekishoCarrierFailing", "docs/runbooks/carrier-failing.md") in said


def test_each_scenario_ran_to_its_end(night):
    assert {name.__name__: site.trouble for name, site in night[1].items() if name and site.trouble} == {}


def test_every_alert_is_provoked_or_named_as_one_that_is_not(night):
    prometheus, _ = night
    shipped = {rule["name"] for group in prometheus.get("/api/v1/rules", type="alert")["groups"] for rule in group["rules"]}
    provoked = {f"Sekisho{name}" for names in PROVOKED.values() for name in names} | {"SekishoAbsent"}
    assert provoked | ONLY_BY_PROMTOOL == shipped
    assert not provoked & ONLY_BY_PROMTOOL


def test_nothing_fires_without_a_cause(night):
    assert {scenario.__name__: found for scenario, site in night[1].items() if scenario and (found := site.surprises(scenario))} == {}


def dashboard_queries():
    dashboard = json.loads((TOP / "deploy" / "grafana" / "sekisho.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def runbook_queries():
    for page in RUNBOOKS:
        for block in re.findall(r"^```promql\n(.*?)^```", page.read_text(), re.M | re.S):
            for query in block.splitlines():
                yield page.name, query


def test_every_query_of_the_dashboard_shows_something(night):
    prometheus, sites = night
    nothing = []
    for title, query in dashboard_queries():
        for variable, value in (("$instance", ".*"), ("$carrier", ".*"), ("$__rate_interval", "10s")):
            query = query.replace(variable, value)
        if not prometheus.over_the_night(query) and not any(name in query for name in EMPTY):
            nothing.append(f"{title}: {query}")
    assert not nothing, "\n".join(nothing)


def test_every_query_of_a_page_is_one(night):
    queries = list(runbook_queries())
    assert len(queries) > 50
    for _, query in queries:
        night[0].over_the_night(query)
