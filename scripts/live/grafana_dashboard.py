"""Reads a Grafana dashboard's JSON: its panels, and their queries with the variables filled in as Grafana does."""

import json
from pathlib import Path

DASHBOARD = Path(__file__).resolve().parents[2] / "config" / "prometheus" / "grafana-dashboard.json"


class Panel:
    def __init__(self, panel):
        self.title = panel["title"]
        self.kind = panel["type"]  # row, stat, timeseries
        self.place = panel["gridPos"]  # x, y, w, h, of a grid 24 wide
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        self.unit = defaults.get("unit", "short")
        self.thresholds = defaults.get("thresholds", {}).get("steps", [])
        self._targets = panel.get("targets", [])

    def queries(self, scrape_interval_seconds):
        """Pairs of a query, for all jobs and instances, and the form of its legend."""
        # Grafana's $__rate_interval: four scrapes, so that one that is late does no harm.
        filled_in = {"$__rate_interval": f"{4 * scrape_interval_seconds}s", "$job": ".*", "$instance": ".*"}
        for target in self._targets:
            expression = target["expr"]
            for variable, value in filled_in.items():
                expression = expression.replace(variable, value)
            assert "$" not in expression, f"a variable that nobody knows: {expression}"
            yield expression, target.get("legendFormat", "")


def panels(path=DASHBOARD):
    return [Panel(panel) for panel in json.loads(Path(path).read_text())["panels"]]
