"""Reads a Grafana dashboard's JSON: its panels, and their queries with the variables filled in as Grafana does."""

import json
from pathlib import Path

from .waiting import wait_until

MONITORING = Path(__file__).resolve().parents[2] / "charts" / "ray-history-server" / "monitoring"
DASHBOARD = MONITORING / "grafana-dashboard.json"


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


def every_query(shown, prometheus):
    """Of each of these panels its title, with each of its queries."""
    return {(panel.title, query) for panel in shown for query, _ in panel.queries(prometheus.interval_seconds)}


def wait_for_answers(wanted, prometheus, stir):
    """Until each of `every_query` has had an answer. `stir` makes something happen, before each look."""
    left = set(wanted)

    def are_all_answered():
        """Of a quantile NaN is no value either: nothing was counted in the last seconds."""
        stir()
        left.intersection_update(
            {
                (title, query)
                for title, query in left
                if all(sample["value"][1] == "NaN" for sample in prometheus.query(query))
            }
        )
        return not left

    try:
        wait_until(are_all_answered, "every query to have an answer", 40)
    except TimeoutError:
        raise AssertionError(f"nothing to see in {sorted(left)}") from None
