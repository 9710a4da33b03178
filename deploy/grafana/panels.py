"""What the dashboard shows, from top to bottom: what somebody who was woken wants to know first stands first.

In queries `@i` stands for the chosen gateways and `@c` for the chosen gateways and carriers. A panel's text says what
to do, its runbooks are pages of docs/runbooks.
"""
import dataclasses

OF_GATEWAYS, OF_CARRIERS = 'instance=~"$instance"', 'instance=~"$instance", carrier=~"$carrier"'
FIRING = 'ALERTS{alertname=~"Sekisho.*", alertstate="firing"}'


@dataclasses.dataclass
class Panel:
    title: str
    says: str
    queries: list                    # [(PromQL, legend)]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 7
    runbooks: tuple = ()
    steps: list = None               # thresholds, see dashboard.py
    mappings: list = dataclasses.field(default_factory=list)
    stacked: bool = False
    text: str = "value"
    overrides: list = dataclasses.field(default_factory=list)
    transformations: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.queries = [(query.replace("@i", OF_GATEWAYS).replace("@c", OF_CARRIERS), legend) for query, legend in self.queries]


def stat(title, says, query, **more):
    return Panel(title, says, [(query, more.pop("legend", ""))], kind="stat", **{"width": 4, "height": 4, **more})


def words(**of):
    """Values as words: words(_0="well")."""
    return [{"type": "value", "options": {key[1:]: {"text": text, "index": n} for n, (key, text) in enumerate(of.items())}}]


def quantiles(metric, by=""):
    """The median and the slowest of a hundred, of a histogram."""
    group = f"le, {by}" if by else "le"
    name = f"{{{{{by}}}}} " if by else ""
    label = "@c" if by == "carrier" else "@i"
    return [(f"histogram_quantile({q}, sum by ({group}) (rate({metric}_bucket{{{label}}}[$__rate_interval])))", f"{name}{text}")
            for q, text in ((0.5, "median"), (0.99, "99 of 100"))]


NOW = [
    stat("Is it well?", "How many alerts wake somebody now. 0: all is well. Otherwise read the table beside: who, what, since when.",
         f'count({FIRING[:-1]}, severity="critical"}}) or vector(0)', steps=[("good", None), ("bad", 1)], mappings=words(_0="yes")),
    stat("Gateways ready", "Ready gateways of all that Prometheus knows. Fewer: /readyz of the missing one says why.",
         'sum(sekisho_ready) / count(up{job="sekisho"})', unit="percentunit", steps=[("bad", None), ("soon", 0.5), ("good", 1)],
         runbooks=("not-ready", "down")),
    stat("Undecided", "Share of calls that get 503 because the gate cannot decide. Above 1 %: callers suffer.",
         "max(sekisho:undecided:ratio_rate5m{@i} >= 0) or vector(0)", unit="percentunit", steps=[("good", None), ("soon", 0.001), ("bad", 0.01)],
         runbooks=("undecided",)),
    stat("Carriers failing", "Share of calls that the worst carrier fails. Above 20 %: ask the carrier.",
         "max(sekisho:carrier_failures:increase5m{@c} / sekisho:carrier_calls:increase5m{@c} >= 0) or vector(0)", unit="percentunit",
         steps=[("good", None), ("soon", 0.05), ("bad", 0.2)], runbooks=("carrier-failing",)),
    stat("Redis", "Whether every gateway has its link to Redis. No: orders get 503, releases pass.", "min(sekisho_redis_up{@i})",
         steps=[("bad", None), ("good", 1)], mappings=words(_0="down", _1="up"), runbooks=("redis-down",)),
    stat("Journal", "Whether every gateway can write its journal. No: orders get 503; make room on its disk.",
         "min(sekisho_journal_writable{@i})", steps=[("bad", None), ("good", 1)], mappings=words(_0="refused", _1="written"),
         runbooks=("journal-unwritable",)),
    Panel("Who suffers, since when", "Every alert that is pending or fires, the oldest first. The page of each is docs/runbooks/NAME.md, "
          "the name without Sekisho.", [('sort(ALERTS_FOR_STATE{alertname=~"Sekisho.*"} * 1000)', "")], kind="table", width=12, height=8,
          unit="dateTimeFromNow", overrides=[{"matcher": {"id": "byName", "options": "Value"}, "properties": [{"id": "displayName", "value": "since"}]}],
          transformations=[{"id": "organize", "options": {"excludeByName": {"Time": True, "__name__": True, "job": True}, "indexByName": {
              "alertname": 0, "severity": 1, "instance": 2, "carrier": 3, "source": 4}, "renameByName": {}}}]),
    Panel("Alerts over time", "When each alert fired: what came first is usually the cause.",
          [(f"max by (alertname) ({FIRING})", "{{alertname}}")], kind="state-timeline", width=12, height=8, steps=[("bad", None)]),
]

TRAFFIC = [
    Panel("Calls by what became of them", "passed: the carrier answered. refused: the gate said no. carrier_failed: 502 or 504. A step in "
          "refused without one in passed: look at the codes.",
          [("sum by (outcome) (rate(sekisho_requests_total{@c}[$__rate_interval]))", "{{outcome}}")], unit="reqps", stacked=True),
    Panel("Refusals by code", "403 codes are verdicts: ask compliance. Codes with unavailable, stale or overloaded are outages: the row "
          "above names the cause. unauthenticated: a caller's credential.",
          [('topk(10, sum by (code) (rate(sekisho_requests_total{@c, code!=""}[$__rate_interval])) > 0)', "{{code}}")], unit="reqps",
          runbooks=("undecided", "authentication-failing")),
    Panel("Could not decide", "Share of calls answered with 503, by gateway. One gateway alone: its link or its disk. All: Redis or a register.",
          [("sekisho:undecided:ratio_rate5m{@i}", "{{instance}}")], unit="percentunit", steps=[("good", None), ("bad", 0.01)],
          runbooks=("undecided",)),
    Panel("Calls by operation", "What callers want. allocate is what limits count.",
          [("sum by (operation) (rate(sekisho_requests_total{@c}[$__rate_interval]))", "{{operation}}")], unit="reqps", stacked=True),
    Panel("Numbers", "Numbers granted, released and left in suspense, per second.",
          [("sum by (outcome, number_type) (rate(sekisho_numbers_total{@c}[$__rate_interval]))", "{{outcome}} {{number_type}}")]),
    Panel("Rules that matched", "How often each rule applied, by mode. A new deny here after a reload: `sekisho policy replay` says whom it hits.",
          [("topk(12, sum by (rule, mode) (rate(sekisho_rule_matches_total{@i}[$__rate_interval])))", "{{rule}} ({{mode}})")], unit="reqps"),
]

LATENCY = [
    Panel("Whole calls, 99 of 100", "From the request read to the answer ready. If it rises, the three panels beside say whose share it is.",
          [("histogram_quantile(0.99, sum by (le, operation) (rate(sekisho_request_duration_seconds_bucket{@i}[$__rate_interval])))",
            "{{operation}}")], unit="s"),
    Panel("The gate's own share", "All but the carrier. Above 0.1 s: the disk, Redis, or the CPU.", quantiles("sekisho_gate_overhead_seconds"),
          unit="s", steps=[("good", None), ("bad", 0.1)], runbooks=("slow",)),
    Panel("The carrier's share", "If it rises alone, the carrier is slow: nothing is to be done at the gate.",
          quantiles("sekisho_carrier_duration_seconds", "carrier"), unit="s", runbooks=("carrier-failing",)),
    Panel("Redis round trips", "A command to Redis. Near redis.deadline orders get 503. Look at Redis' slow log and the network.",
          quantiles("sekisho_redis_roundtrip_seconds"), unit="s", runbooks=("redis-down", "slow")),
    Panel("Journal commits", "One group commit. Every order waits for one: a slow disk slows all of them.",
          quantiles("sekisho_journal_fsync_seconds"), unit="s", runbooks=("journal-lag",)),
    Panel("Decisions and holds, 99 of 100", "Deciding takes microseconds; a hold is one round trip to Redis.",
          [("histogram_quantile(0.99, sum by (le) (rate(sekisho_decision_duration_seconds_bucket{@i}[$__rate_interval])))", "decision"),
           ("histogram_quantile(0.99, sum by (le) (rate(sekisho_ledger_hold_seconds_bucket{@i}[$__rate_interval])))", "hold")], unit="s"),
]

LEDGER = [
    Panel("Open holds", "held: under way, or accepted for later. suspense: outcome unknown. Suspense that grows: the carrier does not answer.",
          [("max by (state) (sekisho_ledger_holds{@i})", "{{state}}")], runbooks=("suspense-old",)),
    Panel("Oldest suspense", "Past half an hour: ask the carrier's order list, then `sekisho ledger resolve`.",
          [("max(sekisho_ledger_oldest_suspense_seconds{@i})", "age")], unit="s", steps=[("good", None), ("bad", 1800)],
          runbooks=("suspense-old",)),
    Panel("Admitting orders", "0: lost counts are told again, orders get 503. /readyz names the gateway that is waited for.",
          [("sekisho_ledger_admitting{@i}", "{{instance}}")], runbooks=("ledger-not-admitting",)),
    Panel("Settlements that wait", "They get through by themselves when Redis is up. A line that does not fall then is a fault.",
          [("sekisho_ledger_backlog{@i}", "{{instance}}")], runbooks=("ledger-backlog",)),
    Panel("Orders told again", "Redis had lost them. The counts are exact; find out why it lost what it had confirmed.",
          [("increase(sekisho_ledger_restored_total{@i}[$__rate_interval])", "{{instance}}")], runbooks=("ledger-restored",)),
    Panel("Limits nearly reached", "Orders after which less than a tenth of a limit was left, by rule. `sekisho ledger show ID` shows one operator.",
          [("sum by (rule) (increase(sekisho_quota_near_limit_total{@i}[1h]))", "{{rule}}")], runbooks=("quota-near",)),
]

REGISTRY = [
    Panel("Registers: age against the hard limit", "1: the limit is reached, orders get 503 registry-stale. Import and verify the list before.",
          [('sekisho_registry_age_seconds{@i} / ignoring (limit) sekisho_registry_age_limit_seconds{@i, limit="hard"}',
            "{{source}} {{instance}}")], unit="percentunit", steps=[("good", None), ("bad", 1)], runbooks=("register-old", "registry-stale")),
    Panel("Age of the link", "How long ago a gateway was certain to be in step. Some milliseconds are usual.",
          [("sekisho_registry_link_age_seconds{@i}", "{{instance}}")], unit="s", runbooks=("registry-link-old",)),
    Panel("Revocation delay", "From the command to its being in force. Promised: 2 s, and 50 ms for 99 of 100.",
          quantiles("sekisho_registry_revocation_delay_seconds"), unit="s", steps=[("good", None), ("bad", 1)], runbooks=("revocation-slow",)),
    Panel("Serial", "All gateways on one line: all have the same registry. A gateway below the others lags.",
          [("sekisho_registry_serial{@i}", "{{instance}}")], runbooks=("registry-link-old",)),
    Panel("Operators by ETOC state", "A step down in certified after an import: `sekisho registry events` says who.",
          [("max by (etoc) (sekisho_registry_operators{@i}) > 0", "{{etoc}}")], stacked=True),
    Panel("Certificates of operators that end soon", "For the desk: `sekisho registry list --expiring 30d` names them.",
          [('max by (within) (sekisho_certificates_expiring{@i, within=~"7d|14d|30d|60d"})', "within {{within}}")],
          runbooks=("operator-certificates-expiring",)),
    Panel("Loads of the whole registry", "At a start, and when a gateway had lost track. Often: look at the link to Redis.",
          [("sum by (from) (increase(sekisho_registry_loads_total{@i}[$__rate_interval]))", "from {{from}}")], width=12),
    Panel("Copy on disk and clock", "copy 1: the copy cannot be written. clock: seconds that the wall clock was set back.",
          [("sekisho_registry_copy_failed{@i}", "copy {{instance}}"), ("sekisho_clock_behind_seconds{@i}", "clock {{instance}}")], width=12,
          runbooks=("registry-copy-failed", "clock-behind")),
]

JOURNAL = [
    Panel("Records not yet on disk", "They rise when the disk is slow or refuses. Orders wait meanwhile.",
          [("sekisho_journal_lag_records{@i}", "{{instance}}")], runbooks=("journal-lag",)),
    Panel("Written", "0: the disk refuses; orders get 503 journal-unavailable. Make room; it goes on by itself.",
          [("sekisho_journal_writable{@i}", "{{instance}}")], runbooks=("journal-unwritable",)),
    Panel("Records lost", "Evidence of these calls is missing. A gap record in the journal says how many.",
          [("increase(sekisho_journal_gap_total{@i}[$__rate_interval])", "{{instance}}")], runbooks=("journal-gap",)),
]

CARRIERS = [
    Panel("Failures by code", "unreachable: nothing was sent. timeout and malformed: the order may have been carried out, and is in suspense.",
          [('sum by (carrier, code) (rate(sekisho_requests_total{@c, outcome="carrier_failed"}[$__rate_interval]))', "{{carrier}} {{code}}")],
          unit="reqps", runbooks=("carrier-failing",)),
    Panel("Answers by status", "5xx are the carrier's own failures; their orders are in suspense unless its file says otherwise.",
          [("sum by (carrier, status_class) (rate(sekisho_carrier_duration_seconds_count{@c}[$__rate_interval]))", "{{carrier}} {{status_class}}")],
          unit="reqps", stacked=True),
    Panel("More than was ordered, and polls", "More delivered than ordered is counted as given. Polls ask for orders that wait.",
          [("sum by (carrier) (increase(sekisho_carrier_over_delivery_total{@c}[$__rate_interval]))", "{{carrier}} too many"),
           ("sum by (carrier, outcome) (rate(sekisho_polls_total{@c}[$__rate_interval]))", "{{carrier}} polls {{outcome}}")],
          runbooks=("over-delivery",)),
]

FRONT = [
    Panel("Connections", "Of clients. Near limits.connections new ones are closed.",
          [("sum by (state) (sekisho_connections{@i})", "{{state}}")], stacked=True, runbooks=("overloaded",)),
    Panel("Turned away", "overloaded, connections, accept: too much work. The others: one caller was too fast.",
          [("sum by (reason) (rate(sekisho_shed_total{@i}[$__rate_interval])) > 0", "{{reason}}")], unit="reqps",
          runbooks=("overloaded", "callers-too-fast")),
    Panel("Callers not known", "By what they presented. The journal has the cause of each.",
          [('sum by (kind, outcome) (rate(sekisho_authentications_total{@i, outcome!="known"}[$__rate_interval]))', "{{kind}} {{outcome}}")],
          unit="reqps", runbooks=("authentication-failing",)),
    Panel("TLS handshakes", "failed on side carrier: the carrier's certificate or ours. failed on listener: a caller's, the log at debug says why.",
          [("sum by (side, outcome) (rate(sekisho_tls_handshakes_total{@i}[$__rate_interval]))", "{{side}} {{outcome}}")], unit="ops"),
    Panel("Our own certificates end in", "Renew the files and reload. Below two days: now.",
          [("sekisho_tls_certificate_not_after_timestamp_seconds{@i} - time()", "{{use}} {{instance}}")], unit="s",
          steps=[("bad", None), ("soon", 172800), ("good", 1209600)], runbooks=("tls-certificate-expiring",)),
    Panel("Spans to the collector", "Lost ones by cause. Orders do not wait for the collector; what it does not take is dropped.",
          [("sum(rate(sekisho_spans_exported_total{@i}[$__rate_interval]))", "sent"),
           ("sum by (cause) (rate(sekisho_spans_dropped_total{@i}[$__rate_interval])) > 0", "lost: {{cause}}")], unit="ops"),
    Panel("Answers of Prometheus' targets", "0: Prometheus cannot scrape this gateway.", [('up{job="sekisho", @i}', "{{instance}}")],
          runbooks=("down", "absent")),
]

RELEASE = [
    Panel("Last reload", "0: refused, the old files are in force. /readyz names file and line.",
          [("sekisho_config_last_reload_successful{@i}", "{{instance}}")], kind="state-timeline", width=12, height=5,
          steps=[("bad", None), ("good", 1)], mappings=words(_0="refused", _1="taken"), runbooks=("reload-failed",)),
    Panel("Reload taken", "How long ago files were last taken. Gateways that differ run different files.",
          [("time() - sekisho_config_last_reload_success_timestamp_seconds{@i}", "{{instance}}")], kind="stat", width=6, height=5, unit="s",
          text="value_and_name"),
    Panel("Version", "One version everywhere, but for a roll-out.", [("count by (version) (sekisho_build_info{@i})", "{{version}}")], kind="stat",
          width=6, height=5, text="value_and_name"),
]

ROWS = [("Is it well, who suffers, since when", NOW), ("Traffic and refusals", TRAFFIC), ("Where the time goes", LATENCY), ("Ledger", LEDGER),
        ("Registry", REGISTRY), ("Journal", JOURNAL), ("Carriers", CARRIERS), ("Callers, connections, TLS", FRONT), ("Reload and version", RELEASE)]
