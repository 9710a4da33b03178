#!/usr/bin/env python3
"""Prints the Grafana dashboard, sekisho.json: `deploy/grafana/dashboard.py > deploy/grafana/sekisho.json`.

The table of panels in panels.py is the source; here is what every panel has in common, in the words of Grafana 9
and 10. A test holds sekisho.json against what this prints, and runs every query against a real Prometheus.
"""
import json

from panels import ROWS

WIDTH = 24  # of Grafana's grid
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLOURS = {"good": "green", "soon": "yellow", "bad": "red"}


def thresholds(steps):
    """[("good", None), ("bad", 1)]: green, and red from 1 on."""
    return {"mode": "absolute", "steps": [{"color": COLOURS.get(colour, colour), "value": value} for colour, value in steps]}


def query(number, expression, legend, kind):
    return {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": expression, "legendFormat": legend,
            "range": kind not in ("stat", "table"), "instant": kind in ("stat", "table"),
            **({"format": "table"} if kind == "table" else {})}


def drawing(panel):
    """What is special about a kind of panel: (custom field settings, options)."""
    tooltip = {"mode": "multi", "sort": "desc"}
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
    if panel.kind == "timeseries":
        stacked = {"group": "A", "mode": "normal" if panel.stacked else "none"}
        lines = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if panel.stacked else 5, "showPoints": "never",
                 "spanNulls": False, "stacking": stacked, "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"}}
        return lines, {"legend": legend, "tooltip": tooltip}
    if panel.kind == "stat":
        return {}, {"colorMode": "background", "graphMode": "none", "justifyMode": "center", "textMode": panel.text,
                    "orientation": "auto", "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    if panel.kind == "state-timeline":
        return ({"fillOpacity": 80, "lineWidth": 0},
                {"mergeValues": True, "showValue": "never", "rowHeight": 0.8, "alignValue": "left",
                 "legend": {**legend, "showLegend": False}, "tooltip": {"mode": "single", "sort": "none"}})
    assert panel.kind == "table", panel.kind
    return {"align": "auto", "filterable": False}, {"showHeader": True, "cellHeight": "sm"}


def drawn(number, panel, x, y):
    custom, options = drawing(panel)
    defaults = {"unit": panel.unit, "color": {"mode": "thresholds" if panel.kind != "timeseries" else "palette-classic"},
                "thresholds": thresholds(panel.steps or [("good", None)]), "mappings": panel.mappings, "custom": custom}
    if panel.kind == "timeseries":
        defaults["min"] = 0
    return {"id": number, "type": panel.kind, "title": panel.title, "description": panel.says, "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
            "targets": [query(n, expression, legend, panel.kind) for n, (expression, legend) in enumerate(panel.queries)],
            "fieldConfig": {"defaults": defaults, "overrides": panel.overrides}, "options": options,
            "transformations": panel.transformations,
            "links": [{"title": f"Runbook: {page}", "url": f"${{docs}}/runbooks/{page}.md", "targetBlank": True}
                      for page in panel.runbooks]}


def all_panels():
    """Rows from top to bottom, panels from left to right as wide as they say."""
    out, number, y = [], 0, 0
    for title, panels in ROWS:
        number += 1
        out.append({"id": number, "type": "row", "title": title, "collapsed": False, "panels": [],
                    "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        x, y, height = 0, y + 1, 0
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            number += 1
            out.append(drawn(number, panel, x, y))
            x, height = x + panel.width, max(height, panel.height)
        y += height
    return out


def choice(name, label, labels_of, of):
    """A variable with the values of a label; all of them to begin with."""
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "definition": f"label_values({labels_of}, {of})",
            "query": {"query": f"label_values({labels_of}, {of})", "refId": name}, "refresh": 2, "sort": 1, "multi": True,
            "includeAll": True, "allValue": ".*", "hide": 0, "regex": "", "options": [],
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


def variables():
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1, "hide": 0,
         "multi": False, "includeAll": False, "regex": "", "options": [], "current": {}},
        choice("instance", "Gateway", "sekisho_build_info", "instance"),
        choice("carrier", "Carrier", 'sekisho_carrier_over_delivery_total{instance=~"$instance"}', "carrier"),
        {"name": "docs", "label": "Documentation at", "type": "textbox", "query": "https://docs.example/sekisho", "hide": 0,
         "options": [], "current": {"text": "https://docs.example/sekisho", "value": "https://docs.example/sekisho"}}]


def dashboard():
    reloads = {"name": "Reloads taken", "datasource": SOURCE, "enable": True, "iconColor": "blue",
               "expr": 'changes(sekisho_config_last_reload_success_timestamp_seconds{instance=~"$instance"}[$__rate_interval]) > 0',
               "titleFormat": "Reload", "textFormat": "{{instance}}"}
    return {"uid": "sekisho", "title": "Sekisho", "tags": ["sekisho"], "timezone": "browser", "editable": False,
            "schemaVersion": 37, "version": 1, "refresh": "30s", "time": {"from": "now-3h", "to": "now"},
            "graphTooltip": 1, "fiscalYearStartMonth": 3, "liveNow": False, "style": "dark", "weekStart": "",
            "annotations": {"list": [reloads]}, "templating": {"list": variables()},
            "links": [{"title": "Runbooks", "type": "link", "icon": "doc", "targetBlank": True, "url": "${docs}/runbooks/README.md",
                       "asDropdown": False, "includeVars": False, "keepTime": False, "tags": [], "tooltip": ""}],
            "panels": all_panels()}


def printed(value, indent=""):
    """JSON with what is short on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= 140 or not isinstance(value, (dict, list)):
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        inner = [f"{deeper}{json.dumps(key)}: {printed(one, deeper)}" for key, one in value.items()]
        return "{\n" + ",\n".join(inner) + "\n" + indent + "}"
    return "[\n" + ",\n".join(deeper + printed(one, deeper) for one in value) + "\n" + indent + "]"


if __name__ == "__main__":
    print(printed(dashboard()))
