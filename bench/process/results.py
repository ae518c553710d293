"""What was measured, as a file and as a table."""

import json
import os
import platform
import statistics
from datetime import date

from . import ROOT
from .figures import BY_NAME, FIGURES

FILE = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "performance.md"


def read():
    """What the last commit measured; empty where nothing was."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def merged(earlier, measured):
    figures = dict(earlier.get("figures", {}))
    for name, values in measured.items():
        figures[name] = {"min": min(values), "median": statistics.median(values), "max": max(values), "runs": len(values)}
    return {**earlier, "machine": machine(), "date": str(date.today()), "figures": figures}


def write(results):
    FILE.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")


def write_page(results):
    """The committed figures, as the table of docs/performance.md."""
    begin, end = "<!-- figures: make bench ARGS=--keep -->\n", "<!-- end of the figures -->"
    before, _, rest = PAGE.read_text().partition(begin)
    _, _, after = rest.partition(end)
    lines = head(results["machine"], results["date"])
    for figure in FIGURES:
        if values := results["figures"].get(figure.name):
            lines.append(row(figure, values["min"], values["median"], values["max"]))
    PAGE.write_text("\n".join([before + begin, *lines, "", end]) + after)


def machine():
    model = next(
        (line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores of {model}, Linux {platform.release()}"


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def head(machine, day):
    return [f"{machine}, {day}", "", "| | goal | min | median | max | |", "|---|---|---|---|---|---|"]


def row(figure, least, median, most):
    goal = "" if figure.goal is None else f"{number(figure.goal)} {figure.unit}"
    said = {None: "", True: "reached", False: "**missed**"}[figure.reached(median)]
    cells = " | ".join(number(value) for value in (least, median, most))
    return f"| {figure.title} | {goal} | {cells} {figure.unit} | {said} |"


def table(measured, earlier):
    """Markdown: today's figures beside the goals, and what fell behind the last committed run."""
    lines = head(machine(), date.today())
    behind = []
    for figure in FIGURES:
        values = measured.get(figure.name)
        if not values:
            continue
        median = statistics.median(values)
        lines.append(row(figure, min(values), median, max(values)))
        before = earlier.get("figures", {}).get(figure.name)
        if before and figure.fell_behind(median, before["median"]):
            behind.append(f"{figure.title}: {number(median)} {figure.unit}, was {number(before['median'])}")
    if behind:
        lines += ["", "FELL BEHIND the last committed run by more than a third:"]
        lines += [f"  {line}" for line in behind]
    return "\n".join(lines)


def print_growth(growth):
    for name, points in growth.items():
        print(f"{BY_NAME[name].title}, by load:")
        for load, value in points:
            print(f"  {load:>10,}: {number(value)} {BY_NAME[name].unit}")

