"""A real Prometheus with the shipped rules, made quick: what takes minutes in production takes seconds here.

`shorten` says all that is changed, and nothing else is: scrapes every half second instead of every 15 s; each window and
each `for:` by the table below; and three thresholds, since no test waits half an hour. Comparisons, labels and
expressions are those that are shipped.
"""
import json
import re
import subprocess
import threading
import time
import urllib.parse

from client import Client
from harness import TOP, Process, free_port

RULES = TOP / "deploy" / "prometheus" / "sekisho.rules.yml"

WINDOWS = {"1m": "2s", "5m": "6s", "15m": "12s", "1h": "12s"}
WAITS = {"15s": "500ms", "30s": "500ms", "1m": "1s", "2m": "1s", "5m": "1s", "10m": "1s", "1h": "1s"}
THRESHOLDS = {
    "(sekisho_ledger_oldest_suspense_seconds) > 30 * 60": "(sekisho_ledger_oldest_suspense_seconds) > 2",
    "min_over_time(sekisho_journal_lag_records[1m]) > 1000": "min_over_time(sekisho_journal_lag_records[1m]) > 3",
}


def shorten(rules):
    for shipped, quick in THRESHOLDS.items():
        assert shipped in rules, f"the rules have no {shipped!r}"
        rules = rules.replace(shipped, quick)
    rules = re.sub(r"\[(\w+)\]", lambda found: f"[{WINDOWS[found[1]]}]", rules)
    return re.sub(r"^( +for:) (\w+)", lambda found: f"{found[1]} {WAITS[found[2]]}", rules, flags=re.M)


class Prometheus(Process):
    """Scrapes whatever `watch` was told of. Begins with no target at all."""

    def __init__(self, directory):
        self.port, self.targets, self.sites = free_port(), directory / "targets.json", {}
        (directory / "sekisho.rules.yml").write_text(shorten(RULES.read_text()))
        self.targets.write_text("[]")
        config = directory / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"},
            "rule_files": ["sekisho.rules.yml"],
            "scrape_configs": [{"job_name": "sekisho", "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}]}]}))
        super().__init__("prometheus", [
            "prometheus", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{self.port}",
            f"--storage.tsdb.path={directory / 'data'}", "--query.lookback-delta=3s", "--log.level=warn"], directory)
        self.said, self.began, self.seen, self.firing, self.lock, self.ended = set(), 0.0, [], set(), threading.Lock(), threading.Event()
        self.watcher = threading.Thread(target=self._look, daemon=True)

    def start(self):
        self.began = time.time()
        super().start()
        self.wait_ready(20, self._answers)
        self.watcher.start()

    def stop(self):
        self.ended.set()
        self.kill()

    def _answers(self):
        try:
            with Client(self.port, timeout=5) as client:
                return client.get("/-/ready").status == 200
        except OSError:
            return False

    def get(self, path, **asked):
        with Client(self.port, timeout=10) as client:
            answer = client.get(f"{path}?{urllib.parse.urlencode(asked)}")
        assert answer.status == 200, answer
        return answer.json()["data"]

    def watch(self, site, gateways):
        """From now on these gateways are scraped, with a label `site`."""
        self._tell(site, [f"127.0.0.1:{gateway.admin_port}" for gateway in gateways])

    def forget(self, site):
        """No longer scraped: what ends now is no fault."""
        self._tell(site, [])

    def _tell(self, site, targets):
        with self.lock:
            self.sites[site] = targets
            fresh = self.targets.with_suffix(".new")
            fresh.write_text(json.dumps([{"targets": its, "labels": {"site": name}} for name, its in self.sites.items()]))
            fresh.rename(self.targets)

    def over_the_night(self, query):
        """What a panel would show of all the time since the start."""
        now = time.time()
        return self.get("/api/v1/query_range", query=query, start=self.began, end=now, step=2)["result"]

    def _firing(self):
        found = [alert for alert in self.get("/api/v1/alerts")["alerts"] if alert["state"] == "firing"]
        self.said.update((alert["labels"]["alertname"], text) for alert in found for text in alert["annotations"].values())
        return {(alert["labels"]["alertname"], alert["labels"].get("site", "")) for alert in found}

    def _look(self):
        """Keeps what fires now, {(alert, site)}, and when what began and ceased to."""
        while not self.ended.wait(0.2):
            try:
                now = self._firing()
            except (OSError, AssertionError):
                continue
            moment = time.monotonic()
            self.seen += [(moment, "fires", *one) for one in sorted(now - self.firing)]
            self.seen += [(moment, "clears", *one) for one in sorted(self.firing - now)]
            self.firing = now

    def wait(self, alert, site, seconds, fires=True, again=None):
        """Until it fires, or does not; `again` provokes it anew every ten seconds."""
        end, next_time = time.monotonic() + seconds, time.monotonic() + 10
        while ((alert, site) in self.firing) != fires:
            if again and time.monotonic() > next_time:
                again()
                next_time = time.monotonic() + 10
            story = [f"{moment:.1f} {what} {name} {where}" for moment, what, name, where in self.seen if where == site]
            assert time.monotonic() < end, f"{alert} of {site} did not {'fire' if fires else 'clear'}; seen: {story}"
            time.sleep(0.1)


def promtool(*args, cwd=None):
    return subprocess.run(["promtool", *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=600)
